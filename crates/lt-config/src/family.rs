//! Which family of models a configuration describes.

use std::path::Path;

use crate::fields::Fields;
use crate::file::{parse_json, read_json};
use crate::{
    AlbertConfig, BertConfig, ConfigError, DistilBertConfig, ElectraConfig, Gemma3TextConfig,
    Gpt2Config, Labels, LlamaConfig, MistralConfig, ModernBertConfig, MpnetConfig, Origin,
    Qwen2Config, Qwen3Config, RobertaConfig,
};

/// The values of `model_type` that [`ModelConfig`] has a variant for.
const KNOWN: &[&str] = &[
    "bert",
    "roberta",
    "xlm-roberta",
    "camembert",
    "distilbert",
    "electra",
    "albert",
    "mpnet",
    "modernbert",
    "gpt2",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma3_text",
];

/// A `config.json`, by the family it describes.
///
/// ```
/// use lt_config::ModelConfig;
/// let config = ModelConfig::from_json(r#"{"model_type": "bert", "num_hidden_layers": 6}"#)?;
/// let ModelConfig::Bert(bert) = config else { panic!("another family") };
/// assert_eq!(bert.num_hidden_layers, 6);
/// assert_eq!(bert.hidden_size, 768); // absent: as transformers has it
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// PyTorch: `transformers.AutoConfig`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelConfig {
    /// BERT, and whatever calls itself so: MiniLM, BGE, E5.
    Bert(BertConfig),
    /// RoBERTa, and what differs from it in vocabulary and training only: XLM-RoBERTa, `CamemBERT`.
    Roberta(RobertaConfig),
    /// DistilBERT: half of BERT's layers, no segments.
    DistilBert(DistilBertConfig),
    /// ELECTRA: its embeddings may be narrower than its layers.
    Electra(ElectraConfig),
    /// ALBERT: its layers share their parameters.
    Albert(AlbertConfig),
    /// `MPNet`: attention also sees how far apart two tokens are.
    Mpnet(MpnetConfig),
    /// ModernBERT: rotary positions, a window in most layers.
    ModernBert(ModernBertConfig),
    /// GPT-2: a decoder with a table of positions.
    Gpt2(Gpt2Config),
    /// Llama: rotary positions, norms without mean, gated feed-forward layers, grouped heads.
    Llama(LlamaConfig),
    /// Mistral: a Llama with a window.
    Mistral(MistralConfig),
    /// Qwen 2: a Llama with biases in attention.
    Qwen2(Qwen2Config),
    /// Qwen 3: a Llama with normalised queries and keys.
    Qwen3(Qwen3Config),
    /// Gemma 3, its text part: four norms a layer, a window in most.
    Gemma3Text(Gemma3TextConfig),
}

macro_rules! from_family {
    ($($family:ident: $config:ident),*) => {$(
        impl From<$config> for ModelConfig {
            fn from(config: $config) -> Self {
                Self::$family(config)
            }
        }
    )*};
}

from_family! {
    Bert: BertConfig,
    Roberta: RobertaConfig,
    DistilBert: DistilBertConfig,
    Electra: ElectraConfig,
    Albert: AlbertConfig,
    Mpnet: MpnetConfig,
    ModernBert: ModernBertConfig,
    Gpt2: Gpt2Config,
    Llama: LlamaConfig,
    Mistral: MistralConfig,
    Qwen2: Qwen2Config,
    Qwen3: Qwen3Config,
    Gemma3Text: Gemma3TextConfig
}

impl ModelConfig {
    /// Reads `config.json` in a model's directory.
    ///
    /// # Errors
    /// If there is no such file, it is no JSON object, its family is unknown, or a value cannot
    /// be built from.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::from_fields(&fields_of_dir(dir.as_ref())?)
    }

    /// Reads a file of the kind of `config.json`.
    ///
    /// # Errors
    /// As for [`from_dir`](Self::from_dir).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::from_fields(&fields_of_file(path.as_ref())?)
    }

    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// As for [`from_dir`](Self::from_dir).
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let origin = Origin::Memory;
        Self::from_fields(&Fields::new(parse_json(text, &origin)?, origin)?)
    }

    fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        match Family::of(fields)? {
            Family::Bert => BertConfig::from_fields(fields).map(Self::Bert),
            Family::Roberta => RobertaConfig::from_fields(fields).map(Self::Roberta),
            Family::DistilBert => DistilBertConfig::from_fields(fields).map(Self::DistilBert),
            Family::Electra => ElectraConfig::from_fields(fields).map(Self::Electra),
            Family::Albert => AlbertConfig::from_fields(fields).map(Self::Albert),
            Family::Mpnet => MpnetConfig::from_fields(fields).map(Self::Mpnet),
            Family::ModernBert => ModernBertConfig::from_fields(fields).map(Self::ModernBert),
            Family::Gpt2 => Gpt2Config::from_fields(fields).map(Self::Gpt2),
            Family::Llama => LlamaConfig::from_fields(fields).map(Self::Llama),
            Family::Mistral => MistralConfig::from_fields(fields).map(Self::Mistral),
            Family::Qwen2 => Qwen2Config::from_fields(fields).map(Self::Qwen2),
            Family::Qwen3 => Qwen3Config::from_fields(fields).map(Self::Qwen3),
            Family::Gemma3Text => Gemma3TextConfig::from_fields(fields).map(Self::Gemma3Text),
            Family::NotSaid | Family::Unknown => Err(only(KNOWN, fields)),
        }
    }

    /// The classes of transformers that the checkpoint is one of, `BertForMaskedLM` for example:
    /// the first is the one it was saved as. There may be none.
    #[must_use]
    pub fn architectures(&self) -> &[String] {
        self.shared().architectures
    }

    /// What a head of the model tells apart.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        self.shared().labels
    }

    /// The family's name, as `model_type` has it. XLM-RoBERTa and `CamemBERT` are of the family
    /// `"roberta"`.
    #[must_use]
    pub fn family(&self) -> &'static str {
        match self {
            Self::Bert(_) => "bert",
            Self::Roberta(_) => "roberta",
            Self::DistilBert(_) => "distilbert",
            Self::Electra(_) => "electra",
            Self::Albert(_) => "albert",
            Self::Mpnet(_) => "mpnet",
            Self::ModernBert(_) => "modernbert",
            Self::Gpt2(_) => "gpt2",
            Self::Llama(_) => "llama",
            Self::Mistral(_) => "mistral",
            Self::Qwen2(_) => "qwen2",
            Self::Qwen3(_) => "qwen3",
            Self::Gemma3Text(_) => "gemma3_text",
        }
    }
}

/// What a configuration says of which family it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Bert,
    Roberta,
    DistilBert,
    Electra,
    Albert,
    Mpnet,
    ModernBert,
    Gpt2,
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
    Gemma3Text,
    /// Neither a `model_type` nor a class.
    NotSaid,
    Unknown,
}

impl Family {
    pub(crate) fn of(fields: &Fields) -> Result<Self, ConfigError> {
        let classes = fields.texts("architectures")?;
        Ok(match fields.text("model_type")? {
            Some("bert") => Self::Bert,
            Some("roberta" | "xlm-roberta" | "camembert") => Self::Roberta,
            Some("distilbert") => Self::DistilBert,
            Some("electra") => Self::Electra,
            Some("albert") => Self::Albert,
            Some("mpnet") => Self::Mpnet,
            Some("modernbert") => Self::ModernBert,
            Some("gpt2") => Self::Gpt2,
            Some("llama") => Self::Llama,
            Some("mistral") => Self::Mistral,
            Some("qwen2") => Self::Qwen2,
            Some("qwen3") => Self::Qwen3,
            Some("gemma3_text") => Self::Gemma3Text,
            Some("gemma3") => {
                let why = "it has images too: save its language model alone, as \"gemma3_text\"";
                return Err(fields.unsupported("model_type", why));
            }
            Some(_) => Self::Unknown,
            // The first checkpoints were published before model_type was.
            None if classes.is_empty() => Self::NotSaid,
            None => classes.iter().find_map(|class| Self::of_class(class)).unwrap_or(Self::Unknown),
        })
    }

    /// The family of a class of transformers that is older than `model_type`.
    fn of_class(class: &str) -> Option<Self> {
        // RobertaPreLayerNormModel, say, is of another family.
        let is_of = |prefix: &str| {
            let rest = class.strip_prefix(prefix);
            rest.is_some_and(|rest| CLASS_ENDS.iter().any(|end| rest.starts_with(end)))
        };
        CLASSES.iter().find(|(prefix, _)| is_of(prefix)).map(|&(_, family)| family)
    }
}

/// How the classes begin that are older than `model_type`.
const CLASSES: [(&str, Family); 7] = [
    ("Bert", Family::Bert),
    ("Roberta", Family::Roberta),
    ("XLMRoberta", Family::Roberta),
    ("Camembert", Family::Roberta),
    ("DistilBert", Family::DistilBert),
    ("Albert", Family::Albert),
    ("GPT2", Family::Gpt2),
];
/// How they go on, as in `BertModel`, `BertForMaskedLM`, `BertLMHeadModel`.
const CLASS_ENDS: [&str; 3] = ["Model", "For", "LMHead"];

/// Reads `config.json` in the directory of a model that has to be of this family, which is the
/// one that `model_types` name.
pub(crate) fn read_only<C>(
    dir: &Path,
    family: Family,
    model_types: &[&str],
    read: impl FnOnce(&Fields) -> Result<C, ConfigError>,
) -> Result<C, ConfigError> {
    let fields = fields_of_dir(dir)?;
    if Family::of(&fields)? == family { read(&fields) } else { Err(only(model_types, &fields)) }
}

pub(crate) fn fields_of_dir(dir: &Path) -> Result<Fields, ConfigError> {
    if !dir.exists() {
        let hint = "expected a model directory with config.json in it";
        return Err(ConfigError::Missing { path: dir.to_owned(), hint });
    }
    if !dir.is_dir() {
        return Err(ConfigError::WrongKind { path: dir.to_owned(), expected: "directory" });
    }
    fields_of_file(&dir.join("config.json"))
}

fn fields_of_file(path: &Path) -> Result<Fields, ConfigError> {
    let hint = "a model directory, as Hugging Face publishes it, has a config.json";
    Fields::new(read_json(path, hint)?, Origin::file(path))
}

/// Says that only these families were expected.
pub(crate) fn only(expected: &[&str], fields: &Fields) -> ConfigError {
    ConfigError::UnknownFamily {
        origin: fields.origin.clone(),
        model_type: fields.shown("model_type"),
        architectures: match fields.get("architectures") {
            Some(classes) => format!("architectures: {}", shortened(&classes.to_string())),
            None => "no architectures".to_owned(),
        },
        known: expected.join(", "),
        advice: match fields.get("model_type") {
            Some(_) => "",
            None => "; if it is one of these, add its \"model_type\" to the file",
        },
    }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
