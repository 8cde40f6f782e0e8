//! DistilBERT's configuration.

use std::path::Path;

use crate::count::{encoder_layer, norm, product, sum, times};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::variants::refuse_others;
use crate::{ConfigError, Labels, Origin};

/// The configuration of a DistilBERT: a BERT with half the layers, without segments and pooler.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent, DistilBERT-base. `hidden_size`, `num_attention_heads` and
/// `num_hidden_layers` are read as other names of `dim`, `n_heads` and `n_layers`:
///
/// ```
/// use lt_config::{DistilBertConfig, ModelConfig};
/// let config = ModelConfig::from_json(r#"{"model_type": "distilbert", "hidden_size": 384}"#)?;
/// let narrow = DistilBertConfig { dim: 384, ..DistilBertConfig::default() };
/// assert_eq!(config, ModelConfig::DistilBert(narrow));
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// Source: [Sanh et al. 2019](https://arxiv.org/abs/1910.01108), section 3.
/// PyTorch: `transformers.DistilBertConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct DistilBertConfig {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// d: the width of the vector of a token.
    pub dim: usize,
    /// How many encoder layers follow each other.
    pub n_layers: usize,
    /// h: into how many heads attention divides the width.
    pub n_heads: usize,
    /// f: the inner width of the feed-forward layers.
    pub hidden_dim: usize,
    /// The activation between the two feed-forward matrices, by the name the checkpoint gives it.
    pub activation: String,
    /// How many vectors of positions there are: the longest sequence.
    pub max_position_embeddings: usize,
    /// Whether the position vectors are sines and cosines that training leaves alone. The checkpoint
    /// holds them in either case.
    pub sinusoidal_pos_embds: bool,
    /// The probability with which training drops a number of a hidden vector.
    pub dropout: f32,
    /// The probability with which training drops an attention weight.
    pub attention_dropout: f32,
    /// The probability with which the training of a classifier of sequences drops a number of what
    /// it sees.
    pub seq_classif_dropout: f32,
    /// The same for the head that finds answers.
    pub qa_dropout: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// The id of the padding token.
    pub pad_token_id: usize,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The labels of a head that classifies.
    pub labels: Labels,
    /// The classes of transformers it was saved from, as in `["DistilBertForMaskedLM"]`.
    pub architectures: Vec<String>,
}

impl Default for DistilBertConfig {
    fn default() -> Self {
        Self {
            vocab_size: 30522,
            dim: 768,
            n_layers: 6,
            n_heads: 12,
            hidden_dim: 3072,
            activation: "gelu".to_owned(),
            max_position_embeddings: 512,
            sinusoidal_pos_embds: false,
            dropout: 0.1,
            attention_dropout: 0.1,
            seq_classif_dropout: 0.2,
            qa_dropout: 0.1,
            initializer_range: 0.02,
            pad_token_id: 0,
            tie_word_embeddings: true,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl DistilBertConfig {
    /// ε under the root of layer normalisation: no setting, but part of the model.
    pub const LAYER_NORM_EPS: f32 = 1e-12;

    /// Reads `config.json` in the directory of a DistilBERT.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::DistilBert, &["distilbert"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_others(fields)?;
        let default = Self::default();
        let config = read!(fields, default {
            size: [vocab_size, hidden_dim, max_position_embeddings, pad_token_id],
            name: [activation],
            flag: [sinusoidal_pos_embds, tie_word_embeddings],
            number: [initializer_range, dropout, attention_dropout, seq_classif_dropout, qa_dropout],
            ..{
                dim: fields.size_by_two_names(["dim", "hidden_size"], default.dim)?,
                n_layers: fields.size_by_two_names(["n_layers", "num_hidden_layers"], default.n_layers)?,
                n_heads: fields.size_by_two_names(["n_heads", "num_attention_heads"], default.n_heads)?,
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
        let d = self.dim;
        sum(&[
            product(self.vocab_size, d),
            product(self.max_position_embeddings, d),
            norm(d),
            times(self.n_layers, encoder_layer(d, self.hidden_dim)),
        ])
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks
            .sizes(named!(self: vocab_size, dim, n_heads, hidden_dim, max_position_embeddings))?;
        checks.layers("n_layers", self.n_layers)?;
        checks.heads(("dim", self.dim), ("n_heads", self.n_heads))?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        checks.probabilities(named!(self:
            dropout, attention_dropout, seq_classif_dropout, qa_dropout,
        ))?;
        checks.padding(self.pad_token_id, self.vocab_size)?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
