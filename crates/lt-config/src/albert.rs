//! ALBERT's configuration.

use std::path::Path;

use crate::count::{encoder_layer, linear, norm, product, sum, times};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::variants::refuse_others;
use crate::{ConfigError, Labels, Origin};

/// The configuration of an ALBERT: a BERT whose layers share their parameters, and whose embeddings
/// are narrow and widened by a matrix.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent, ALBERT-xxlarge:
///
/// ```
/// use lt_config::AlbertConfig;
/// let six = AlbertConfig { num_hidden_layers: 6, num_hidden_groups: 2, ..AlbertConfig::default() };
/// let groups: Vec<usize> = (0..6).map(|layer| six.group_of(layer)).collect();
/// assert_eq!(groups, [0, 0, 0, 1, 1, 1]);
/// ```
///
/// Source: [Lan et al. 2019](https://arxiv.org/abs/1909.11942), section 3.1.
/// PyTorch: `transformers.AlbertConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlbertConfig {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// e: the width of the embeddings.
    pub embedding_size: usize,
    /// d: the width of the vector of a token in the layers.
    pub hidden_size: usize,
    /// How many times a group of layers is applied.
    pub num_hidden_layers: usize,
    /// How many groups with parameters of their own there are.
    pub num_hidden_groups: usize,
    /// How many layers a group has, one after the other.
    pub inner_group_num: usize,
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
    /// The probability with which a classifier's training drops a number of what it sees.
    pub classifier_dropout_prob: f32,
    /// The id of the padding token.
    pub pad_token_id: usize,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The labels of a head that classifies.
    pub labels: Labels,
    /// The classes of transformers it was saved from, as in `["AlbertForMaskedLM"]`.
    pub architectures: Vec<String>,
}

impl Default for AlbertConfig {
    fn default() -> Self {
        Self {
            vocab_size: 30000,
            embedding_size: 128,
            hidden_size: 4096,
            num_hidden_layers: 12,
            num_hidden_groups: 1,
            inner_group_num: 1,
            num_attention_heads: 64,
            intermediate_size: 16384,
            hidden_act: "gelu_new".to_owned(),
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            initializer_range: 0.02,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: 0.0,
            classifier_dropout_prob: 0.1,
            pad_token_id: 0,
            tie_word_embeddings: true,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl AlbertConfig {
    /// Reads `config.json` in the directory of an ALBERT.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::Albert, &["albert"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_others(fields)?;
        let default = Self::default();
        let config = read!(fields, default {
            size: [
                vocab_size, embedding_size, hidden_size, num_hidden_layers, num_hidden_groups,
                inner_group_num, num_attention_heads, intermediate_size, max_position_embeddings,
                type_vocab_size, pad_token_id,
            ],
            name: [hidden_act],
            number: [initializer_range,
                layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob,
                classifier_dropout_prob,
            ],
            flag: [tie_word_embeddings],
            ..{
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

    /// Which group is applied as the layer of this number, counted from 0.
    #[must_use]
    pub fn group_of(&self, layer: usize) -> usize {
        // Divided twice, as transformers does: where the groups do not divide the layers, the
        // rounding decides.
        let layers_in_a_group = self.num_hidden_layers as f64 / self.num_hidden_groups as f64;
        (layer as f64 / layers_in_a_group) as usize
    }

    /// How many numbers the embeddings and the layers hold, without a pooler or another head.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let (e, d) = (self.embedding_size, self.hidden_size);
        let layers = self.num_hidden_groups.saturating_mul(self.inner_group_num);
        sum(&[
            product(self.vocab_size, e),
            product(self.max_position_embeddings, e),
            product(self.type_vocab_size, e),
            norm(e),
            linear(e, d),
            times(layers, encoder_layer(d, self.intermediate_size)),
        ])
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks.sizes(named!(self:
            vocab_size, embedding_size, hidden_size, num_hidden_groups, inner_group_num,
            num_attention_heads, intermediate_size, max_position_embeddings, type_vocab_size,
        ))?;
        checks.layers("num_hidden_layers", self.num_hidden_layers)?;
        checks.heads(
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
        )?;
        checks.epsilon("layer_norm_eps", self.layer_norm_eps)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        if self.num_hidden_groups > self.num_hidden_layers {
            let expected = format!("at most num_hidden_layers ({})", self.num_hidden_layers);
            return checks.refuse("num_hidden_groups", self.num_hidden_groups, expected);
        }
        let applied = self.num_hidden_layers.saturating_mul(self.inner_group_num);
        checks.layers("num_hidden_layers × inner_group_num", applied)?;
        checks.probabilities(named!(self:
            hidden_dropout_prob, attention_probs_dropout_prob, classifier_dropout_prob,
        ))?;
        checks.padding(self.pad_token_id, self.vocab_size)?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
