//! How a checkpoint wants to be made to write.

use std::path::Path;

use serde_json::Value;

use crate::fields::Fields;
use crate::file::{parse_json, read_json_if_there};
use crate::limits::Checks;
use crate::token_ids::{MAX_TOKENS, ids};
use crate::{ConfigError, Origin};

/// The file `generation_config.json`: how a checkpoint wants to be made to write.
///
/// Each field is `None` or empty where the file says nothing; what is then done is in the methods.
///
/// ```
/// use lt_config::{EarlyStopping, GenerationConfig};
/// let config = GenerationConfig::from_json(
///     r#"{"do_sample": true, "temperature": 0.6, "eos_token_id": [128001, 128009]}"#,
/// )?;
/// assert_eq!(config.eos_token_id, [128001, 128009]);
/// assert_eq!((config.top_p, config.top_p()), (None, 1.0));
/// assert_eq!((config.top_k, config.top_k()), (None, 50)); // as in transformers: not "all"
/// assert_eq!(config.early_stopping(), EarlyStopping::No);
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// Keys that are not here are not read: of the cache, of assistants, of other ways to decode.
///
/// PyTorch: `transformers.GenerationConfig`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct GenerationConfig {
    /// How many tokens there are at most, the prompt's too.
    pub max_length: Option<usize>,
    /// How many tokens are written at most; it wins over `max_length`.
    pub max_new_tokens: Option<usize>,
    /// How many tokens there are at least, the prompt's too.
    pub min_length: Option<usize>,
    /// How many tokens are written at least; it wins over `min_length`.
    pub min_new_tokens: Option<usize>,
    /// Whether tokens are drawn; the best is taken otherwise.
    pub do_sample: Option<bool>,
    /// How many beams there are; 1 is no beam search.
    pub num_beams: Option<usize>,
    /// How many texts are returned for each prompt.
    pub num_return_sequences: Option<usize>,
    /// When beam search ends.
    pub early_stopping: Option<EarlyStopping>,
    /// A beam's score is divided by its length to the power of this.
    pub length_penalty: Option<f32>,
    /// What scores are divided by before tokens are drawn.
    pub temperature: Option<f32>,
    /// From how many of the best tokens one is drawn; from all, if it is 0.
    pub top_k: Option<usize>,
    /// One is drawn from the fewest tokens that have this probability together.
    pub top_p: Option<f32>,
    /// One is drawn from tokens that have this part of the best one's probability.
    pub min_p: Option<f32>,
    /// What the scores of tokens that are there already are divided by, or multiplied if negative.
    pub repetition_penalty: Option<f32>,
    /// So many tokens in a row come only once; 0 is no such rule.
    pub no_repeat_ngram_size: Option<usize>,
    /// Sequences of tokens that are not written.
    pub bad_words_ids: Vec<Vec<usize>>,
    /// Tokens that are not written.
    pub suppress_tokens: Vec<usize>,
    /// Tokens that are not written first.
    pub begin_suppress_tokens: Vec<usize>,
    /// The token that is written first.
    pub forced_bos_token_id: Option<usize>,
    /// The tokens of which one is written last, where the text would be cut off; all others are
    /// impossible there.
    pub forced_eos_token_id: Vec<usize>,
    /// The id of the token that texts begin with.
    pub bos_token_id: Option<usize>,
    /// The ids of the tokens that end a text.
    pub eos_token_id: Vec<usize>,
    /// The id of the token that texts of different lengths are filled up with.
    pub pad_token_id: Option<usize>,
    /// The id of the token that the decoder of an encoder-decoder begins with.
    pub decoder_start_token_id: Option<usize>,
}

/// When beam search ends.
///
/// PyTorch: `early_stopping` of `transformers.GenerationConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EarlyStopping {
    /// As soon as there are as many ended texts as beams: `true`.
    Yes,
    /// When it is unlikely that a better one comes: `false`.
    No,
    /// When no better one can come: `"never"`.
    Never,
}

impl GenerationConfig {
    /// Reads `generation_config.json` in a model's directory. If there is none, the same keys are
    /// read from `config.json`, where transformers 4 had them; without that, nothing is said.
    ///
    /// # Errors
    /// If a file is no JSON object, or a value cannot be used.
    ///
    /// PyTorch: what `from_pretrained` sets a model's `generation_config` to.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        for name in ["generation_config.json", "config.json"] {
            let path = dir.as_ref().join(name);
            if let Some(value) = read_json_if_there(&path)? {
                return Self::from_fields(&Fields::new(value, Origin::file(&path))?);
            }
        }
        Ok(Self::default())
    }

    /// Reads the text of a `generation_config.json`.
    ///
    /// # Errors
    /// As for [`from_dir`](Self::from_dir).
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let origin = Origin::Memory;
        Self::from_fields(&Fields::new(parse_json(text, &origin)?, origin)?)
    }

    fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        let size = |field| fields.get(field).map(|_| fields.size(field, 0)).transpose();
        let number = |field| fields.optional_number(field);
        let token = |field| fields.token(field, None);
        let tokens = |field| fields.tokens(field, Vec::new());
        let early_stopping = match fields.get("early_stopping") {
            None => None,
            Some(Value::Bool(true)) => Some(EarlyStopping::Yes),
            Some(Value::Bool(false)) => Some(EarlyStopping::No),
            Some(Value::String(word)) if word == "never" => Some(EarlyStopping::Never),
            Some(_) => return Err(fields.invalid("early_stopping", "true, false or \"never\"")),
        };
        let config = Self {
            max_length: size("max_length")?,
            max_new_tokens: size("max_new_tokens")?,
            min_length: size("min_length")?,
            min_new_tokens: size("min_new_tokens")?,
            do_sample: fields
                .get("do_sample")
                .map(|_| fields.flag("do_sample", false))
                .transpose()?,
            num_beams: size("num_beams")?,
            num_return_sequences: size("num_return_sequences")?,
            early_stopping,
            length_penalty: number("length_penalty")?,
            temperature: number("temperature")?,
            top_k: size("top_k")?,
            top_p: number("top_p")?,
            min_p: number("min_p")?,
            repetition_penalty: number("repetition_penalty")?,
            no_repeat_ngram_size: size("no_repeat_ngram_size")?,
            bad_words_ids: bad_words(fields)?,
            suppress_tokens: tokens("suppress_tokens")?,
            begin_suppress_tokens: tokens("begin_suppress_tokens")?,
            forced_bos_token_id: token("forced_bos_token_id")?,
            forced_eos_token_id: tokens("forced_eos_token_id")?,
            bos_token_id: token("bos_token_id")?,
            eos_token_id: tokens("eos_token_id")?,
            pad_token_id: token("pad_token_id")?,
            decoder_start_token_id: token("decoder_start_token_id")?,
        };
        config.check(&fields.origin)?;
        Ok(config)
    }

    /// Refuses what nothing can be written with. What is read has passed; a configuration written
    /// by hand may not.
    ///
    /// # Errors
    /// [`ConfigError::Field`], with the first field that is out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.check(&Origin::Memory)
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        for (field, count) in
            [("num_beams", self.num_beams()), ("num_return_sequences", self.num_return_sequences())]
        {
            if count == 0 {
                return checks.refuse(field, count, "at least 1");
            }
        }
        for (field, number) in
            [("temperature", self.temperature()), ("repetition_penalty", self.repetition_penalty())]
        {
            // A temperature of 0 is the best token of all; some files write it so.
            let low = if field == "temperature" { number < 0.0 } else { number <= 0.0 };
            if low || !number.is_finite() {
                return checks.refuse(field, number, "a number above 0");
            }
        }
        if !self.length_penalty().is_finite() {
            return checks.refuse("length_penalty", self.length_penalty(), "a number");
        }
        for (field, part) in [("top_p", self.top_p()), ("min_p", self.min_p.unwrap_or(0.0))] {
            if !(0.0..=1.0).contains(&part) {
                return checks.refuse(field, part, "0 to 1");
            }
        }
        Ok(())
    }
}

/// What is done where the file says nothing, as in transformers.
macro_rules! absent {
    ($($(#[$doc:meta])* $field:ident: $kind:ty = $default:expr;)*) => {
        impl GenerationConfig {$(
            $(#[$doc])*
            #[must_use]
            pub fn $field(&self) -> $kind {
                self.$field.unwrap_or($default)
            }
        )*}
    };
}

absent! {
    /// [`max_length`](#structfield.max_length), or 20.
    max_length: usize = 20;
    /// [`min_length`](#structfield.min_length), or 0.
    min_length: usize = 0;
    /// [`do_sample`](#structfield.do_sample), or no.
    do_sample: bool = false;
    /// [`num_beams`](#structfield.num_beams), or 1.
    num_beams: usize = 1;
    /// [`num_return_sequences`](#structfield.num_return_sequences), or 1.
    num_return_sequences: usize = 1;
    /// [`early_stopping`](#structfield.early_stopping), or [`EarlyStopping::No`].
    early_stopping: EarlyStopping = EarlyStopping::No;
    /// [`length_penalty`](#structfield.length_penalty), or 1.
    length_penalty: f32 = 1.0;
    /// [`temperature`](#structfield.temperature), or 1.
    temperature: f32 = 1.0;
    /// [`top_k`](#structfield.top_k), or 50.
    top_k: usize = 50;
    /// [`top_p`](#structfield.top_p), or 1.
    top_p: f32 = 1.0;
    /// [`repetition_penalty`](#structfield.repetition_penalty), or 1.
    repetition_penalty: f32 = 1.0;
    /// [`no_repeat_ngram_size`](#structfield.no_repeat_ngram_size), or 0.
    no_repeat_ngram_size: usize = 0;
}

/// Lists of ids, none of them empty.
fn bad_words(fields: &Fields) -> Result<Vec<Vec<usize>>, ConfigError> {
    let field = "bad_words_ids";
    let Some(value) = fields.get(field) else { return Ok(Vec::new()) };
    let wrong = || fields.invalid(field, "a list of lists of ids, none of them empty");
    let lists = value.as_array().filter(|lists| lists.len() <= MAX_TOKENS).ok_or_else(wrong)?;
    let word = |list: &Value| ids(list).filter(|ids| list.is_array() && !ids.is_empty());
    lists.iter().map(word).collect::<Option<_>>().ok_or_else(wrong)
}
