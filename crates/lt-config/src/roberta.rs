//! RoBERTa's configuration, and that of its kin in other languages.

use std::path::Path;

use crate::count::{encoder_layer, norm, product, sum, times};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::variants::refuse_others;
use crate::{ConfigError, Labels, Origin};

/// The configuration of a RoBERTa, an XLM-RoBERTa or a `CamemBERT`: a BERT that counts positions from
/// behind the padding token's id.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent; the published checkpoints have 514 positions and one segment:
///
/// ```
/// use lt_config::RobertaConfig;
/// let base = RobertaConfig {
///     max_position_embeddings: 514, type_vocab_size: 1, ..RobertaConfig::default()
/// };
/// assert_eq!(base.first_position(), 2);
/// assert_eq!(base.longest_sequence(), 512); // positions 2 to 513
/// ```
///
/// Source: [Liu et al. 2019](https://arxiv.org/abs/1907.11692), section 2.2,
/// [Conneau et al. 2019](https://arxiv.org/abs/1911.02116) and
/// [Martin et al. 2019](https://arxiv.org/abs/1911.03894).
/// PyTorch: `transformers.RobertaConfig`, `XLMRobertaConfig`, `CamembertConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct RobertaConfig {
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
    /// How many rows the position table has. The first ones, up to that of the padding token's id,
    /// are no position of a token.
    pub max_position_embeddings: usize,
    /// How many segments there are vectors for: 1 where segments mean nothing, as usual.
    pub type_vocab_size: usize,
    /// ε under the root of layer normalisation.
    pub layer_norm_eps: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// The probability with which training drops a number of a hidden vector.
    pub hidden_dropout_prob: f32,
    /// The probability with which training drops an attention weight.
    pub attention_probs_dropout_prob: f32,
    /// The id of the padding token. Positions are counted from the number after it; a token that
    /// has it is not counted, and has the row of this number.
    pub pad_token_id: usize,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The probability with which a classifier's training drops a number of what it sees; `None`:
    /// that of the hidden vectors.
    pub classifier_dropout: Option<f32>,
    /// The labels of a head that classifies.
    pub labels: Labels,
    /// The classes of transformers it was saved from, as in `["RobertaForMaskedLM"]`.
    pub architectures: Vec<String>,
}

impl Default for RobertaConfig {
    fn default() -> Self {
        Self {
            vocab_size: 50265,
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
            pad_token_id: 1,
            tie_word_embeddings: true,
            classifier_dropout: None,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl RobertaConfig {
    /// Reads `config.json` in the directory of a RoBERTa, an XLM-RoBERTa or a `CamemBERT`.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(
            dir.as_ref(),
            Family::Roberta,
            &["roberta", "xlm-roberta", "camembert"],
            Self::from_fields,
        )
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_others(fields)?;
        let default = Self::default();
        // Where nothing is said, transformers has another vocabulary for each of the names.
        let vocab_size = match fields.text("model_type")? {
            Some("xlm-roberta" | "camembert") => 30522,
            _ => default.vocab_size,
        };
        let config = read!(fields, default {
            size: [
                hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
                max_position_embeddings, type_vocab_size, pad_token_id,
            ],
            name: [hidden_act],
            number: [initializer_range, layer_norm_eps, hidden_dropout_prob, attention_probs_dropout_prob],
            flag: [tie_word_embeddings],
            ..{
                vocab_size: fields.size("vocab_size", vocab_size)?,
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

    /// The row of the position table that the first token of a sequence has.
    #[must_use]
    pub fn first_position(&self) -> usize {
        self.pad_token_id.saturating_add(1)
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
        if self.longest_sequence() == 0 {
            let expected = format!("more than pad_token_id + 1 ({})", self.first_position());
            return checks.refuse(
                "max_position_embeddings",
                self.max_position_embeddings,
                expected,
            );
        }
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
