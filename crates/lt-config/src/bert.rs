//! BERT's configuration.

use std::path::Path;

use crate::count::{encoder_layer, norm, product, sum, times};
use crate::family::{Family, fields_of_dir, only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::variants::refuse_others;
use crate::{ConfigError, Labels, Origin};

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
///
/// Source: [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 3.
/// PyTorch: `transformers.BertConfig`.
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
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// The probability with which training drops a number of a hidden vector.
    pub hidden_dropout_prob: f32,
    /// The probability with which training drops an attention weight.
    pub attention_probs_dropout_prob: f32,
    /// The id of the padding token.
    pub pad_token_id: usize,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The probability with which a classifier's training drops a number of what it sees; `None`:
    /// that of the hidden vectors.
    pub classifier_dropout: Option<f32>,
    /// The labels of a head that classifies.
    pub labels: Labels,
    /// The classes of transformers it was saved from, as in `["BertForMaskedLM"]`.
    pub architectures: Vec<String>,
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
            initializer_range: 0.02,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            pad_token_id: 0,
            tie_word_embeddings: true,
            classifier_dropout: None,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl BertConfig {
    /// Reads `config.json` in the directory of a BERT.
    ///
    /// A file that does not say of which family it is, as the first ones did not, is taken for
    /// BERT's; [`ModelConfig::from_dir`](crate::ModelConfig::from_dir) refuses it.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let fields = fields_of_dir(dir.as_ref())?;
        match Family::of(&fields)? {
            Family::Bert | Family::NotSaid => Self::from_fields(&fields),
            _ => Err(only(&["bert"], &fields)),
        }
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_others(fields)?;
        let default = Self::default();
        let config = read!(fields, default {
            size: [
                vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
                max_position_embeddings, type_vocab_size, pad_token_id,
            ],
            name: [hidden_act],
            number: [initializer_range, layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob],
            flag: [tie_word_embeddings],
            ..{
                classifier_dropout: fields.optional_number("classifier_dropout")?,
                labels: Labels::from_fields(fields)?,
                architectures: fields.texts("architectures")?,
            }
        });
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
        let d = self.hidden_size;
        // formula: parameters
        sum(&[
            product(self.vocab_size, d),
            product(self.max_position_embeddings, d),
            product(self.type_vocab_size, d),
            norm(d),
            times(self.num_hidden_layers, encoder_layer(d, self.intermediate_size)),
        ])
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks.sizes(named!(self:
            vocab_size, hidden_size, num_attention_heads, intermediate_size,
            max_position_embeddings, type_vocab_size,
        ))?;
        checks.layers("num_hidden_layers", self.num_hidden_layers)?;
        checks.heads(
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
        )?;
        checks.epsilon("layer_norm_eps", self.layer_norm_eps)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        checks.probabilities(&[
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
            ("classifier_dropout", self.classifier_dropout.unwrap_or(0.0)),
        ])?;
        checks.padding(self.pad_token_id, self.vocab_size)?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
