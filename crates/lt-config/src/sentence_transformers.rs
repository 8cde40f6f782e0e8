//! A sentence-transformers directory: what comes before and after the encoder.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::fields::Fields;
use crate::file::{read_json, read_json_if_there};
use crate::modules::Chain;
use crate::pooling::PoolingConfig;
use crate::{ConfigError, Origin, Pooling};

/// Where the settings of the Transformer module are: the first of these that is there, as
/// sentence-transformers looks for them.
const TRANSFORMER_SETTINGS: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// A maximum length beyond this means none: tokenizers without one write 10³⁰.
const NO_LIMIT: f64 = 16_777_216.0;

/// What a sentence-transformers directory says: how a text becomes a vector.
///
/// ```no_run
/// use lt_config::{Pooling, SentenceTransformers};
/// let settings = SentenceTransformers::from_dir("all-MiniLM-L6-v2")?.expect("has modules.json");
/// assert_eq!(settings.pooling, [Pooling::Mean]);
/// assert_eq!(settings.max_seq_length, Some(256));
/// assert!(settings.normalize);
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentenceTransformers {
    /// The directory with `config.json`, the weights and the tokenizer: the directory itself, or
    /// one in it.
    pub transformer_dir: PathBuf,
    /// The most tokens a text may have, special ones included; a longer one is cut. `None`: as
    /// many as the model has positions.
    pub max_seq_length: Option<usize>,
    /// What is done to a text before the tokenizer sees it.
    pub preparation: Preparation,
    /// How the vectors of the tokens become one. Of several, the results are concatenated in this
    /// order.
    pub pooling: Vec<Pooling>,
    /// The width of the vectors that are pooled: the model's `hidden_size`, if the files agree.
    pub token_width: usize,
    /// Whether the vector is scaled to length 1 at the end.
    pub normalize: bool,
}

impl SentenceTransformers {
    /// Reads `modules.json` and the files it names. `None` if there is no `modules.json`: then
    /// the directory is a plain model.
    ///
    /// # Errors
    /// If a file that is named is missing or no JSON, a module is of a kind that is not
    /// supported or lies outside the directory, or a value is out of range.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Option<Self>, ConfigError> {
        let path = dir.as_ref().join("modules.json");
        let Some(modules) = read_json_if_there(&path)? else { return Ok(None) };
        let chain = Chain::read(&modules, &path)?;

        let transformer = TransformerSettings::read(&chain.transformer)?;
        let prompt = default_prompt(dir.as_ref())?;
        let pooling = config_of(&chain.pooling)?;
        if !prompt.is_empty() && !pooling.flag("include_prompt", true)? {
            let why = "with a default prompt only true is";
            return Err(pooling.unsupported("include_prompt", why));
        }
        let pooling = PoolingConfig::from_fields(&pooling)?;
        for dir in &chain.normalize {
            check_normalize(dir)?;
        }
        Ok(Some(Self {
            transformer_dir: chain.transformer,
            preparation: Preparation { prompt, lower_case: transformer.lower_case },
            max_seq_length: transformer.max_seq_length,
            pooling: pooling.modes,
            token_width: pooling.width,
            normalize: !chain.normalize.is_empty(),
        }))
    }
}

/// It stands in front of each text, and no real one has a tenth of this.
const LONGEST_PROMPT: usize = 1 << 16;

/// The prompt that `config_sentence_transformers.json` names as the default one.
fn default_prompt(dir: &Path) -> Result<String, ConfigError> {
    let path = dir.join("config_sentence_transformers.json");
    let Some(fields) = fields_if_there(&path)? else { return Ok(String::new()) };
    let Some(name) = fields.text("default_prompt_name")? else { return Ok(String::new()) };
    match fields.get("prompts").and_then(|prompts| prompts.get(name)?.as_str()) {
        Some(prompt) if prompt.len() > LONGEST_PROMPT => {
            let expected = format!("that of a prompt of at most {LONGEST_PROMPT} bytes");
            Err(fields.invalid("default_prompt_name", expected))
        }
        Some(prompt) => Ok(prompt.to_owned()),
        None => Err(fields.invalid("default_prompt_name", "the name of one of `prompts`")),
    }
}

/// What is done to a text before the tokenizer sees it: nothing, unless a field says otherwise.
///
/// ```
/// use lt_config::Preparation;
/// let query = Preparation { prompt: "query: ".to_owned(), lower_case: true };
/// assert_eq!(query.prepare("Paris"), "query: paris");
/// assert_eq!(Preparation::default().prepare("Paris"), "Paris");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preparation {
    /// What is put in front of each text (`"query: "`, say); empty if nothing is.
    pub prompt: String,
    /// Whether the text, prompt and all, is put into lower case.
    pub lower_case: bool,
}

impl Preparation {
    /// A text as the tokenizer gets it.
    #[must_use]
    pub fn prepare<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        if !self.prompt.is_empty() {
            text = format!("{}{text}", self.prompt).into();
        }
        if self.lower_case {
            text = text.to_lowercase().into();
        }
        text
    }
}

struct TransformerSettings {
    max_seq_length: Option<usize>,
    lower_case: bool,
}

impl TransformerSettings {
    fn read(dir: &Path) -> Result<Self, ConfigError> {
        let mut settings = Self { max_seq_length: None, lower_case: false };
        for name in TRANSFORMER_SETTINGS {
            if let Some(fields) = fields_if_there(&dir.join(name))? {
                let task = fields.text("transformer_task")?;
                if task.is_some_and(|task| task != "feature-extraction") {
                    let why = "only \"feature-extraction\" is";
                    return Err(fields.unsupported("transformer_task", why));
                }
                settings.max_seq_length = length(&fields, "max_seq_length")?;
                settings.lower_case = fields.flag("do_lower_case", false)?;
                break;
            }
        }
        // Recent versions leave the length to the tokenizer.
        if settings.max_seq_length.is_none()
            && let Some(fields) = fields_if_there(&dir.join("tokenizer_config.json"))?
        {
            settings.max_seq_length = length(&fields, "model_max_length")?;
        }
        Ok(settings)
    }
}

fn length(fields: &Fields, field: &str) -> Result<Option<usize>, ConfigError> {
    let Some(value) = fields.get(field) else { return Ok(None) };
    if value.as_f64().is_some_and(|length| length > NO_LIMIT) {
        return Ok(None);
    }
    match fields.size(field, 0)? {
        0 => Err(fields.invalid(field, "at least 1, or null for no limit")),
        length => Ok(Some(length)),
    }
}

/// Normalisation scales the sentence's vector, unless it is told to scale the tokens'.
fn check_normalize(dir: &Path) -> Result<(), ConfigError> {
    // Without a path of its own its directory is the model's, whose config.json is another.
    let Some(fields) = fields_if_there(&dir.join("config.json"))? else { return Ok(()) };
    for field in ["module_input_name", "module_output_name"] {
        if fields.text(field)?.is_some_and(|name| name != "sentence_embedding") {
            return Err(fields.unsupported(field, "only \"sentence_embedding\" is"));
        }
    }
    Ok(())
}

fn config_of(dir: &Path) -> Result<Fields, ConfigError> {
    let path = dir.join("config.json");
    let value = read_json(&path, "modules.json names this module, and its settings are here")?;
    Fields::new(value, Origin::File(path))
}

fn fields_if_there(path: &Path) -> Result<Option<Fields>, ConfigError> {
    let Some(value) = read_json_if_there(path)? else { return Ok(None) };
    Fields::new(value, Origin::file(path)).map(Some)
}
