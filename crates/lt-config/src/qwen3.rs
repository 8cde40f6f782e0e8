//! Qwen 3's configuration.

use std::path::Path;

use crate::count::{product, sum, times};
use crate::decoders::{GroupedHeads, check_window, qwen_layers, refuse_other_decoders};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::{ConfigError, Labels, LayerType, Origin, RopeParameters};

/// The configuration of a Qwen 3: a Llama that normalises each head's queries and keys, and whose upper
/// layers may have a window.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent. `use_sliding_window` and `max_window_layers` are no fields: they say
/// which layers have a window, and whether there is one.
///
/// ```
/// use lt_config::{LayerType, ModelConfig};
/// let json = r#"{"model_type": "qwen3", "num_hidden_layers": 3, "use_sliding_window": true,
///     "sliding_window": 64, "max_window_layers": 1}"#;
/// let ModelConfig::Qwen3(qwen) = ModelConfig::from_json(json)? else { panic!("another family") };
/// assert_eq!(qwen.layer_types, LayerType::sliding_from(1, 3));
/// assert_eq!(qwen.sliding_window, Some(64));
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// Of `use_cache` no result depends; it is not read.
///
/// Source: [Yang et al. 2025](https://arxiv.org/abs/2505.09388), section 2.
/// PyTorch: `transformers.Qwen3Config`.
#[derive(Debug, Clone, PartialEq)]
pub struct Qwen3Config {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// d: the width of the vector of a token.
    pub hidden_size: usize,
    /// f: the inner width of the feed-forward layers. What goes through the activation is multiplied
    /// with another f numbers.
    pub intermediate_size: usize,
    /// What each layer sees, the first layer first.
    pub layer_types: Vec<LayerType>,
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
    /// How many tokens a token sees in layers of [`LayerType::Sliding`](crate::LayerType::Sliding):
    /// itself and those before it.
    pub sliding_window: Option<usize>,
    /// ε under the root of RMS normalisation.
    pub rms_norm_eps: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// How fast the rotary positions turn.
    pub rope_parameters: RopeParameters,
    /// Whether the matrices of attention have a bias.
    pub attention_bias: bool,
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
    /// The classes of transformers it was saved from, as in `["Qwen3ForCausalLM"]`.
    pub architectures: Vec<String>,
}

impl Default for Qwen3Config {
    fn default() -> Self {
        Self {
            vocab_size: 151_936,
            hidden_size: 4096,
            intermediate_size: 22016,
            layer_types: vec![LayerType::Full; 32],
            num_attention_heads: 32,
            num_key_value_heads: 32,
            head_dim: 128,
            hidden_act: "silu".to_owned(),
            max_position_embeddings: 32768,
            sliding_window: None,
            rms_norm_eps: 1e-6,
            initializer_range: 0.02,
            rope_parameters: RopeParameters::default(),
            attention_bias: false,
            attention_dropout: 0.0,
            pad_token_id: None,
            bos_token_id: None,
            eos_token_id: Vec::new(),
            tie_word_embeddings: false,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl Qwen3Config {
    /// Reads `config.json` in the directory of a Qwen 3.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::Qwen3, &["qwen3"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_other_decoders(fields)?;
        let default = Self::default();
        let heads = fields.size("num_attention_heads", default.num_attention_heads)?;
        let shared = if fields.is_null("num_key_value_heads") {
            heads
        } else {
            fields.size("num_key_value_heads", default.num_key_value_heads)?
        };
        let (layer_types, sliding_window) = qwen_layers(fields, default.num_hidden_layers())?;
        let config = read!(fields, default {
            size: [vocab_size, hidden_size, intermediate_size, num_attention_heads, max_position_embeddings, head_dim],
            name: [hidden_act],
            number: [initializer_range, rms_norm_eps, attention_dropout],
            flag: [attention_bias, tie_word_embeddings],
            token: [pad_token_id, bos_token_id],
            tokens: [eos_token_id],
            ..{
                layer_types: layer_types,
                sliding_window: sliding_window,
                num_key_value_heads: shared,
                rope_parameters: RopeParameters::of_all_layers(
                    fields, default.rope_parameters, default.max_position_embeddings,
                )?,
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

    /// How many layers follow each other.
    #[must_use]
    pub fn num_hidden_layers(&self) -> usize {
        self.layer_types.len()
    }

    /// How many numbers the embedding and the layers hold, with the norm behind them and without a
    /// head.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let (d, f, heads) = (self.hidden_size, self.intermediate_size, self.heads());
        let bias = |there: bool, outputs: u64| if there { outputs } else { 0 };
        let layer = sum(&[
            heads.matrices(),
            times(3, product(d, f)),
            bias(self.attention_bias, sum(&[heads.biases(), d as u64])),
            product(2, d),
            product(2, self.head_dim),
        ]);
        sum(&[product(self.vocab_size, d), times(self.num_hidden_layers(), layer), d as u64])
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
        checks.layers("num_hidden_layers", self.num_hidden_layers())?;
        self.heads().check(checks)?;
        check_window(checks, self.sliding_window, &self.layer_types)?;
        self.rope_parameters.check(checks, self.head_dim)?;
        checks.epsilon("rms_norm_eps", self.rms_norm_eps)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        checks.probabilities(named!(self: attention_dropout))?;
        checks.padding(self.pad_token_id.unwrap_or(0), self.vocab_size)?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
