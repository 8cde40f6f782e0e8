//! Which family of models a configuration describes.

use std::path::Path;

use crate::fields::Fields;
use crate::file::{parse_json, read_json};
use crate::{
    BertConfig, ConfigError, DistilBertConfig, ElectraConfig, Labels, Origin, RobertaConfig,
};

/// The values of `model_type` that [`ModelConfig`] has a variant for.
const KNOWN: &[&str] = &["bert", "roberta", "xlm-roberta", "camembert", "distilbert", "electra"];

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
    /// RoBERTa, XLM-R, CamemBERT.
    Roberta(RobertaConfig),
    /// DistilBERT.
    DistilBert(DistilBertConfig),
    /// ELECTRA.
    Electra(ElectraConfig),
}

impl From<BertConfig> for ModelConfig {
    fn from(config: BertConfig) -> Self {
        Self::Bert(config)
    }
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
            Family::Bert => BertConfig::from_fields(fields, BertConfig::default()).map(Self::Bert),
            Family::Roberta => RobertaConfig::from_fields(fields).map(Self::Roberta),
            Family::DistilBert => DistilBertConfig::from_fields(fields).map(Self::DistilBert),
            Family::Electra => ElectraConfig::from_fields(fields).map(Self::Electra),
            Family::NotSaid | Family::Unknown => Err(unknown(fields)),
        }
    }

    /// The classes of transformers that the checkpoint is one of, `BertForMaskedLM` for example:
    /// the first is the one it was saved as. There may be none.
    #[must_use]
    pub fn architectures(&self) -> &[String] {
        &self.shared().architectures
    }

    /// What a head of the model tells apart.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.shared().labels
    }

    /// Whether the matrix that scores words is the table of their vectors.
    #[must_use]
    pub fn tie_word_embeddings(&self) -> bool {
        self.shared().tie_word_embeddings
    }

    /// The settings that all families share, by BERT's names.
    #[must_use]
    pub fn shared(&self) -> &BertConfig {
        match self {
            Self::Bert(config) => config,
            Self::Roberta(config) => &config.bert,
            Self::DistilBert(config) => &config.bert,
            Self::Electra(config) => &config.bert,
        }
    }

    /// The family's name, as `model_type` has it.
    #[must_use]
    pub fn family(&self) -> &'static str {
        match self {
            Self::Bert(_) => "bert",
            Self::Roberta(_) => "roberta",
            Self::DistilBert(_) => "distilbert",
            Self::Electra(_) => "electra",
        }
    }
}

impl BertConfig {
    /// Reads `config.json` in the directory of a BERT.
    ///
    /// A file that does not say of which family it is, as the first ones did not, is taken for
    /// BERT's; [`ModelConfig::from_dir`] refuses it.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`], and if the file says that it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let fields = fields_of_dir(dir.as_ref())?;
        match Family::of(&fields)? {
            Family::Bert | Family::NotSaid => Self::from_fields(&fields, Self::default()),
            _ => Err(unknown(&fields)),
        }
    }
}

/// What a configuration says of which family it is.
enum Family {
    Bert,
    Roberta,
    DistilBert,
    Electra,
    /// Neither a `model_type` nor a class.
    NotSaid,
    Unknown,
}

impl Family {
    fn of(fields: &Fields) -> Result<Self, ConfigError> {
        let classes = fields.texts("architectures")?;
        Ok(match fields.text("model_type")? {
            Some("bert") => Self::Bert,
            Some("roberta" | "xlm-roberta" | "camembert") => Self::Roberta,
            Some("distilbert") => Self::DistilBert,
            Some("electra") => Self::Electra,
            // The first checkpoints were published before model_type was.
            None if classes.iter().any(|class| class.starts_with("Bert")) => Self::Bert,
            None if classes.is_empty() => Self::NotSaid,
            _ => Self::Unknown,
        })
    }
}

fn fields_of_dir(dir: &Path) -> Result<Fields, ConfigError> {
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

fn unknown(fields: &Fields) -> ConfigError {
    ConfigError::UnknownFamily {
        origin: fields.origin.clone(),
        model_type: fields.shown("model_type"),
        architectures: match fields.get("architectures") {
            Some(classes) => format!("architectures: {}", shortened(&classes.to_string())),
            None => "no architectures".to_owned(),
        },
        known: KNOWN.join(", "),
        advice: match fields.get("model_type") {
            Some(_) => "",
            None => "; if it is one, add it to the file: \"model_type\": \"bert\"",
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
