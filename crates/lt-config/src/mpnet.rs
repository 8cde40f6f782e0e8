//! `MPNet`'s configuration.

use std::path::Path;

use crate::count::{encoder_layer, norm, product, sum, times};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::variants::refuse_others;
use crate::{ConfigError, Labels, Origin};

/// The configuration of an `MPNet`: a BERT without segments, whose attention adds to each score a
/// number for how far apart the two tokens are.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent; the published checkpoints have 514 positions:
///
/// ```
/// use lt_config::MpnetConfig;
/// let base = MpnetConfig { max_position_embeddings: 514, ..MpnetConfig::default() };
/// assert_eq!(base.longest_sequence(), 512); // positions 2 to 513
/// ```
///
/// Source: [Song et al. 2020](https://arxiv.org/abs/2004.09297), section 2; the buckets of
/// distances are those of [Raffel et al. 2019](https://arxiv.org/abs/1910.10683), section 2.1.
/// PyTorch: `transformers.MPNetConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct MpnetConfig {
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
    /// How many rows the position table has. The first two are no position of a token.
    pub max_position_embeddings: usize,
    /// How many rows the table of distances has. Only the first [`BUCKETS`](Self::BUCKETS) are
    /// used.
    pub relative_attention_num_buckets: usize,
    /// ε under the root of layer normalisation.
    pub layer_norm_eps: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// The probability with which training drops a number of a hidden vector.
    pub hidden_dropout_prob: f32,
    /// The probability with which training drops an attention weight.
    pub attention_probs_dropout_prob: f32,
    /// The id of the padding token. Positions do not follow from it: see
    /// [`POSITION_PADDING`](Self::POSITION_PADDING).
    pub pad_token_id: usize,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The labels of a head that classifies.
    pub labels: Labels,
    /// The classes of transformers it was saved from, as in `["MPNetForMaskedLM"]`.
    pub architectures: Vec<String>,
}

impl Default for MpnetConfig {
    fn default() -> Self {
        Self {
            vocab_size: 30527,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: "gelu".to_owned(),
            max_position_embeddings: 512,
            relative_attention_num_buckets: 32,
            layer_norm_eps: 1e-12,
            initializer_range: 0.02,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            pad_token_id: 1,
            tie_word_embeddings: true,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl MpnetConfig {
    /// Into how many buckets distances fall, half of them for either direction: no setting.
    /// transformers uses this number whatever `relative_attention_num_buckets` says.
    pub const BUCKETS: usize = 32;
    /// From this distance on all are in the last bucket: no setting.
    pub const MAX_DISTANCE: usize = 128;
    /// Positions are counted from the number after this id; a token that has it is not counted,
    /// and has the row of this number. transformers takes 1 whatever `pad_token_id` says.
    pub const POSITION_PADDING: usize = 1;

    /// Reads `config.json` in the directory of an `MPNet`.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::Mpnet, &["mpnet"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_others(fields)?;
        let default = Self::default();
        let config = read!(fields, default {
            size: [
                vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
                max_position_embeddings, relative_attention_num_buckets, pad_token_id,
            ],
            name: [hidden_act],
            number: [initializer_range, layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob],
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

    /// The row of the position table that the first token of a sequence has.
    #[must_use]
    pub fn first_position(&self) -> usize {
        Self::POSITION_PADDING + 1
    }

    /// The longest sequence there are position vectors for.
    #[must_use]
    pub fn longest_sequence(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position())
    }

    /// How many numbers the embeddings and the layers hold, without a pooler or another head.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let d = self.hidden_size;
        sum(&[
            product(self.vocab_size, d),
            product(self.max_position_embeddings, d),
            norm(d),
            product(self.relative_attention_num_buckets, self.num_attention_heads),
            times(self.num_hidden_layers, encoder_layer(d, self.intermediate_size)),
        ])
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks.sizes(named!(self:
            vocab_size, hidden_size, num_attention_heads, intermediate_size,
            max_position_embeddings, relative_attention_num_buckets,
        ))?;
        checks.layers("num_hidden_layers", self.num_hidden_layers)?;
        checks.heads(
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
        )?;
        checks.epsilon("layer_norm_eps", self.layer_norm_eps)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        checks.probabilities(named!(self: hidden_dropout_prob, attention_probs_dropout_prob))?;
        checks.padding(self.pad_token_id, self.vocab_size)?;
        for (field, size, least) in [
            ("vocab_size", self.vocab_size, Self::POSITION_PADDING + 1),
            ("max_position_embeddings", self.max_position_embeddings, self.first_position() + 1),
            ("relative_attention_num_buckets", self.relative_attention_num_buckets, Self::BUCKETS),
        ] {
            if size < least {
                return checks.refuse(field, size, format!("at least {least}"));
            }
        }
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
