//! ELECTRA's configuration.

use std::path::Path;

use crate::count::{encoder_layer, linear, norm, product, sum, times};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::variants::refuse_others;
use crate::{ConfigError, Labels, Origin};

/// The configuration of an ELECTRA, discriminator or generator: a BERT whose embeddings may be
/// narrower than its layers; then a matrix widens them.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent, ELECTRA-small:
///
/// ```
/// use lt_config::ElectraConfig;
/// let small = ElectraConfig::default();
/// assert_eq!((small.embedding_size, small.hidden_size), (128, 256));
/// ```
///
/// The keys `summary_…` are not read: of transformers' heads only that for multiple choice uses
/// them. The classifier has two matrices with `gelu` between, whatever `summary_activation` says.
///
/// Source: [Clark et al. 2020](https://arxiv.org/abs/2003.10555), section 3.2.
/// PyTorch: `transformers.ElectraConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct ElectraConfig {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// e: the width of the embeddings.
    pub embedding_size: usize,
    /// d: the width of the vector of a token in the layers.
    pub hidden_size: usize,
    /// How many encoder layers follow each other.
    pub num_hidden_layers: usize,
    /// h: into how many heads attention divides the width.
    pub num_attention_heads: usize,
    /// f: the inner width of the feed-forward layers.
    pub intermediate_size: usize,
    /// The activation between the two feed-forward matrices, by the name the checkpoint gives it.
    pub hidden_act: String,
    /// How many vectors of positions there are: the longest sequence.
    pub max_position_embeddings: usize,
    /// How many segments there are vectors for.
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
    /// The classes of transformers it was saved from, as in `["ElectraForMaskedLM"]`.
    pub architectures: Vec<String>,
}

impl Default for ElectraConfig {
    fn default() -> Self {
        Self {
            vocab_size: 30522,
            embedding_size: 128,
            hidden_size: 256,
            num_hidden_layers: 12,
            num_attention_heads: 4,
            intermediate_size: 1024,
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

impl ElectraConfig {
    /// Reads `config.json` in the directory of an ELECTRA.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::Electra, &["electra"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_others(fields)?;
        let default = Self::default();
        let config = read!(fields, default {
            size: [
                vocab_size, embedding_size, hidden_size, num_hidden_layers, num_attention_heads,
                intermediate_size, max_position_embeddings, type_vocab_size, pad_token_id,
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
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let (e, d) = (self.embedding_size, self.hidden_size);
        // Embeddings that are as wide as the layers go through no matrix.
        let widening = if e == d { 0 } else { linear(e, d) };
        sum(&[
            product(self.vocab_size, e),
            product(self.max_position_embeddings, e),
            product(self.type_vocab_size, e),
            norm(e),
            widening,
            times(self.num_hidden_layers, encoder_layer(d, self.intermediate_size)),
        ])
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks.sizes(named!(self:
            vocab_size, embedding_size, hidden_size, num_attention_heads, intermediate_size,
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
