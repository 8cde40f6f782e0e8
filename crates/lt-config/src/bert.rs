//! BERT's configuration.

use serde_json::Value;

use crate::fields::Fields;
use crate::{ConfigError, Labels, Origin};

/// No table of a real model is larger, nor any layer wider.
const MAX_SIZE: usize = 1 << 24;
const MAX_LAYERS: usize = 1000;
const MAX_PARAMETERS: u64 = 1 << 40;

/// The configuration of a BERT: the numbers its shapes follow from.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent, BERT-base:
///
/// ```
/// use lt_config::BertConfig;
/// let base = BertConfig::default();
/// assert_eq!((base.num_hidden_layers, base.hidden_size), (12, 768));
///
/// let tiny = BertConfig { hidden_size: 10, num_attention_heads: 3, ..base };
/// assert_eq!(
///     tiny.validate().unwrap_err().to_string(),
///     "the configuration: hidden_size is 10, expected a multiple of num_attention_heads (3)"
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BertConfig {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// d: the width of the vector of a token.
    pub hidden_size: usize,
    /// How many encoder layers follow each other.
    pub num_hidden_layers: usize,
    /// h: into how many heads attention divides the width.
    pub num_attention_heads: usize,
    /// f: the inner width of the feed-forward layers.
    pub intermediate_size: usize,
    /// The activation between the two feed-forward matrices, by the name the checkpoint gives it.
    pub hidden_act: String,
    /// The longest sequence there are position vectors for.
    pub max_position_embeddings: usize,
    /// How many segments there are vectors for: 2, first and second sentence.
    pub type_vocab_size: usize,
    /// ε under the root of layer normalisation.
    pub layer_norm_eps: f32,
    /// The probability with which training drops a number of a hidden vector.
    pub hidden_dropout_prob: f32,
    /// The probability with which training drops an attention weight.
    pub attention_probs_dropout_prob: f32,
    /// The id of the padding token.
    pub pad_token_id: usize,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The classes of transformers it was saved from, as in `["BertForMaskedLM"]`.
    pub architectures: Vec<String>,
    /// What a head on it tells apart.
    pub labels: Labels,
}

impl Default for BertConfig {
    fn default() -> Self {
        Self {
            vocab_size: 30522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: "gelu".to_owned(),
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            pad_token_id: 0,
            tie_word_embeddings: true,
            architectures: Vec::new(),
            labels: Labels::default(),
        }
    }
}

impl BertConfig {
    /// What the file says; what it does not say is as in `default`.
    pub(crate) fn from_fields(fields: &Fields, default: Self) -> Result<Self, ConfigError> {
        refuse_variants(fields)?;
        let config = Self {
            vocab_size: fields.size("vocab_size", default.vocab_size)?,
            hidden_size: fields.size("hidden_size", default.hidden_size)?,
            num_hidden_layers: fields.size("num_hidden_layers", default.num_hidden_layers)?,
            num_attention_heads: fields.size("num_attention_heads", default.num_attention_heads)?,
            intermediate_size: fields.size("intermediate_size", default.intermediate_size)?,
            hidden_act: fields.text("hidden_act")?.map_or(default.hidden_act, str::to_owned),
            max_position_embeddings: fields
                .size("max_position_embeddings", default.max_position_embeddings)?,
            type_vocab_size: fields.size("type_vocab_size", default.type_vocab_size)?,
            layer_norm_eps: fields.number("layer_norm_eps", default.layer_norm_eps)?,
            hidden_dropout_prob: fields
                .number("hidden_dropout_prob", default.hidden_dropout_prob)?,
            attention_probs_dropout_prob: fields
                .number("attention_probs_dropout_prob", default.attention_probs_dropout_prob)?,
            pad_token_id: fields.size("pad_token_id", default.pad_token_id)?,
            tie_word_embeddings: fields.flag("tie_word_embeddings", default.tie_word_embeddings)?,
            architectures: fields.texts("architectures")?,
            labels: Labels::from_fields(fields)?,
        };
        config.check(&fields.origin)?;
        Ok(config)
    }

    /// Refuses what no model can be built from. What [`ModelConfig`](crate::ModelConfig) reads has
    /// passed; a configuration written by hand may not.
    ///
    /// # Errors
    /// [`ConfigError::Field`], with the first field that is out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.check(&Origin::Memory)
    }

    /// How many numbers the embeddings and the layers hold, without a pooler or another head.
    ///
    /// ```
    /// assert_eq!(lt_config::BertConfig::default().parameter_count(), 108_891_648);
    /// ```
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let product = |a: usize, b: usize| (a as u64).saturating_mul(b as u64);
        let sum = |terms: &[u64]| terms.iter().fold(0_u64, |sum, &n| sum.saturating_add(n));
        let (d, f) = (self.hidden_size, self.intermediate_size);

        let norm = product(2, d);
        let embeddings = sum(&[
            product(self.vocab_size, d),
            product(self.max_position_embeddings, d),
            product(self.type_vocab_size, d),
            norm,
        ]);
        // Query, key, value and output.
        let attention = sum(&[product(d, d), d as u64]).saturating_mul(4);
        let feed_forward = sum(&[product(d, f), f as u64, product(f, d), d as u64]);
        let layer = sum(&[attention, norm, feed_forward, norm]);
        sum(&[embeddings, layer.saturating_mul(self.num_hidden_layers as u64)])
    }

    pub(crate) fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let refuse = |field: &str, got: String, expected: String| {
            Err(ConfigError::Field {
                origin: origin.clone(),
                field: field.to_owned(),
                got,
                expected,
            })
        };
        for (field, size, limit) in [
            ("vocab_size", self.vocab_size, MAX_SIZE),
            ("hidden_size", self.hidden_size, MAX_SIZE),
            ("num_hidden_layers", self.num_hidden_layers, MAX_LAYERS),
            ("num_attention_heads", self.num_attention_heads, MAX_SIZE),
            ("intermediate_size", self.intermediate_size, MAX_SIZE),
            ("max_position_embeddings", self.max_position_embeddings, MAX_SIZE),
            ("type_vocab_size", self.type_vocab_size, MAX_SIZE),
        ] {
            if size == 0 || size > limit {
                return refuse(field, size.to_string(), format!("1 to {limit}"));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let expected =
                format!("a multiple of num_attention_heads ({})", self.num_attention_heads);
            return refuse("hidden_size", self.hidden_size.to_string(), expected);
        }
        if !(self.layer_norm_eps >= 0.0 && self.layer_norm_eps.is_finite()) {
            let got = self.layer_norm_eps.to_string();
            return refuse("layer_norm_eps", got, "a small number, not negative".to_owned());
        }
        for (field, probability) in [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
        ] {
            if !(0.0..1.0).contains(&probability) {
                let expected = "a probability, at least 0 and below 1".to_owned();
                return refuse(field, probability.to_string(), expected);
            }
        }
        if self.pad_token_id >= self.vocab_size {
            let expected = format!("less than vocab_size ({})", self.vocab_size);
            return refuse("pad_token_id", self.pad_token_id.to_string(), expected);
        }
        let parameters = self.parameter_count();
        if parameters > MAX_PARAMETERS {
            let expected = format!("at most {MAX_PARAMETERS}");
            return refuse("the number of parameters", parameters.to_string(), expected);
        }
        Ok(())
    }
}

/// BERT's class in transformers can be told to be other models; those are not this one.
fn refuse_variants(fields: &Fields) -> Result<(), ConfigError> {
    if fields.get("position_embedding_type").is_some_and(|kind| kind != "absolute") {
        return Err(fields.unsupported("position_embedding_type", "only \"absolute\" is"));
    }
    for field in ["is_decoder", "add_cross_attention"] {
        if fields.get(field).is_some_and(|value| value != &Value::Bool(false)) {
            return Err(fields.unsupported(field, "it is read as an encoder"));
        }
    }
    Ok(())
}
