//! Mistral's configuration.

use std::path::Path;

use crate::count::{product, sum, times};
use crate::decoders::{GroupedHeads, head_dim, refuse_other_decoders, window};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::{ConfigError, Labels, LayerType, Origin, RopeParameters};

/// The configuration of a Mistral: a Llama all of whose layers may have a window.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent, Mistral 7B; `"sliding_window": null` is no window, not the default:
///
/// ```
/// use lt_config::{LayerType, MistralConfig, ModelConfig};
/// let windows = MistralConfig { num_hidden_layers: 2, ..MistralConfig::default() };
/// assert_eq!(windows.layer_types(), [LayerType::Sliding; 2]);
///
/// let json = r#"{"model_type": "mistral", "sliding_window": null}"#;
/// let config = ModelConfig::from_json(json)?;
/// let ModelConfig::Mistral(mistral) = config else { panic!("another family") };
/// assert_eq!(mistral.layer_types(), [LayerType::Full; 32]);
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// Of `use_cache` no result depends; it is not read.
///
/// Source: [Jiang et al. 2023](https://arxiv.org/abs/2310.06825), section 2.
/// PyTorch: `transformers.MistralConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct MistralConfig {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// d: the width of the vector of a token.
    pub hidden_size: usize,
    /// f: the inner width of the feed-forward layers. What goes through the activation is multiplied
    /// with another f numbers.
    pub intermediate_size: usize,
    /// How many layers follow each other.
    pub num_hidden_layers: usize,
    /// h: how many heads the queries of attention have.
    pub num_attention_heads: usize,
    /// How many heads keys and values have; h is a multiple of it. Each serves as many heads of
    /// queries (分组查询注意力).
    pub num_key_value_heads: usize,
    /// k: how wide a head is. h · k need not be d.
    pub head_dim: usize,
    /// The activation of the feed-forward layers, by the name the checkpoint gives it.
    pub hidden_act: String,
    /// The longest sequence it was made for. There is no table of positions.
    pub max_position_embeddings: usize,
    /// How many tokens a token sees, itself and those before it; all before it, if there is no
    /// window.
    pub sliding_window: Option<usize>,
    /// ε under the root of RMS normalisation.
    pub rms_norm_eps: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// How fast the rotary positions turn.
    pub rope_parameters: RopeParameters,
    /// The probability with which training drops an attention weight.
    pub attention_dropout: f32,
    /// The id of the padding token, if there is one. A classifier of sequences looks at the token
    /// before the padding.
    pub pad_token_id: Option<usize>,
    /// The id of the token that texts begin with, if there is one.
    pub bos_token_id: Option<usize>,
    /// The ids of the tokens that end a text; there may be none.
    pub eos_token_id: Vec<usize>,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The labels of a head that classifies.
    pub labels: Labels,
    /// The classes of transformers it was saved from, as in `["MistralForCausalLM"]`.
    pub architectures: Vec<String>,
}

impl Default for MistralConfig {
    fn default() -> Self {
        Self {
            vocab_size: 32000,
            hidden_size: 4096,
            intermediate_size: 14336,
            num_hidden_layers: 32,
            num_attention_heads: 32,
            num_key_value_heads: 8,
            head_dim: 128,
            hidden_act: "silu".to_owned(),
            max_position_embeddings: 131_072,
            sliding_window: Some(4096),
            rms_norm_eps: 1e-6,
            initializer_range: 0.02,
            rope_parameters: RopeParameters::default(),
            attention_dropout: 0.0,
            pad_token_id: None,
            bos_token_id: Some(1),
            eos_token_id: vec![2],
            tie_word_embeddings: false,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl MistralConfig {
    /// Reads `config.json` in the directory of a Mistral.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::Mistral, &["mistral"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_other_decoders(fields)?;
        let default = Self::default();
        let heads = fields.size("num_attention_heads", default.num_attention_heads)?;
        let width = fields.size("hidden_size", default.hidden_size)?;
        let shared = if fields.is_null("num_key_value_heads") {
            heads
        } else {
            fields.size("num_key_value_heads", default.num_key_value_heads)?
        };
        let config = read!(fields, default {
            size: [vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, max_position_embeddings],
            name: [hidden_act],
            number: [initializer_range, rms_norm_eps, attention_dropout],
            flag: [tie_word_embeddings],
            token: [pad_token_id, bos_token_id],
            tokens: [eos_token_id],
            ..{
                num_key_value_heads: shared,
                head_dim: head_dim(fields, width, heads)?,
                sliding_window: window(fields, default.sliding_window)?,
                rope_parameters: RopeParameters::of_all_layers(
                    fields, default.rope_parameters, default.max_position_embeddings,
                )?,
                labels: Labels::from_fields(fields)?,
                architectures: fields.texts("architectures")?,
            }
        });
        config.check(&fields.origin)?;
        // Ministral's files have this key; transformers' Mistral only warns of it.
        let named =
            LayerType::named_or(fields, config.num_hidden_layers, |_| Ok(config.layer_types()))?;
        if named != config.layer_types() {
            let expected = "what sliding_window says: the same for all layers";
            return Err(fields.invalid("layer_types", expected));
        }
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

    /// What each layer sees: the same for all.
    #[must_use]
    pub fn layer_types(&self) -> Vec<LayerType> {
        let kind = if self.sliding_window.is_some() { LayerType::Sliding } else { LayerType::Full };
        vec![kind; self.num_hidden_layers]
    }

    /// How many numbers the embedding and the layers hold, with the norm behind them and without a
    /// head.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let (d, f, heads) = (self.hidden_size, self.intermediate_size, self.heads());
        let layer = sum(&[heads.matrices(), times(3, product(d, f)), product(2, d)]);
        sum(&[product(self.vocab_size, d), times(self.num_hidden_layers, layer), d as u64])
    }

    fn heads(&self) -> GroupedHeads {
        GroupedHeads {
            hidden_size: self.hidden_size,
            num_attention_heads: self.num_attention_heads,
            num_key_value_heads: self.num_key_value_heads,
            head_dim: self.head_dim,
        }
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks.sizes(named!(self: vocab_size, intermediate_size, max_position_embeddings))?;
        checks.layers("num_hidden_layers", self.num_hidden_layers)?;
        self.heads().check(checks)?;
        if let Some(window) = self.sliding_window {
            checks.sizes(&[("sliding_window", window)])?;
        }
        self.rope_parameters.check(checks, self.head_dim)?;
        checks.epsilon("rms_norm_eps", self.rms_norm_eps)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        checks.probabilities(named!(self: attention_dropout))?;
        checks.padding(self.pad_token_id.unwrap_or(0), self.vocab_size)?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
