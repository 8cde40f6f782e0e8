//! Gemma 3's configuration.

use std::path::Path;

use crate::count::{product, sum, times};
use crate::decoders::{GroupedHeads, check_window, refuse_other_decoders, window};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::{ConfigError, Labels, LayerType, Origin, RopeParameters};

/// The configuration of the text part of a Gemma 3: norms before and behind the layers, each with
/// a gain that is 1 more than is stored, embeddings times the root of d, normalised queries and
/// keys, and a window in most layers, where rotary positions turn faster.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent:
///
/// ```
/// use lt_config::{Gemma3TextConfig, LayerType, RopeParameters};
/// let gemma = Gemma3TextConfig::default();
/// assert_eq!(gemma.layer_types[4..7], [LayerType::Sliding, LayerType::Full, LayerType::Sliding]);
/// assert_eq!(gemma.rope_local_parameters, RopeParameters::plain(10_000.0));
/// ```
///
/// `sliding_window_pattern`, `rope_theta` and `rope_local_base_freq` are older spellings.
/// `attn_logit_softcapping` is not read: Gemma 3 of transformers has the key and applies nothing.
/// Of `use_cache` no result depends. Attention that is not causal,
/// `use_bidirectional_attention`, is refused, and so is `model_type` `gemma3`, with images.
///
/// Source: [Gemma Team 2025](https://arxiv.org/abs/2503.19786), section 2.
/// PyTorch: `transformers.Gemma3TextConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gemma3TextConfig {
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
    pub hidden_activation: String,
    /// The longest sequence it was made for. There is no table of positions.
    pub max_position_embeddings: usize,
    /// How many tokens a token sees in layers of [`LayerType::Sliding`](crate::LayerType::Sliding):
    /// itself and those before it.
    pub sliding_window: Option<usize>,
    /// ε under the root of RMS normalisation.
    pub rms_norm_eps: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// Scores are divided by the root of this.
    pub query_pre_attn_scalar: f32,
    /// A bound c on the scores of words, if there is one: they become c · tanh(score / c).
    pub final_logit_softcapping: Option<f32>,
    /// How fast the rotary positions turn in layers of [`LayerType::Full`]; in files,
    /// `full_attention`.
    pub rope_parameters: RopeParameters,
    /// How fast they turn in layers of [`LayerType::Sliding`]; in files, `sliding_attention`.
    pub rope_local_parameters: RopeParameters,
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
    /// The classes of transformers it was saved from, as in `["Gemma3ForCausalLM"]`.
    pub architectures: Vec<String>,
}

impl Default for Gemma3TextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 262_208,
            hidden_size: 2304,
            intermediate_size: 9216,
            layer_types: LayerType::every(6, 26),
            num_attention_heads: 8,
            num_key_value_heads: 4,
            head_dim: 256,
            hidden_activation: "gelu_pytorch_tanh".to_owned(),
            max_position_embeddings: 131_072,
            sliding_window: Some(4096),
            rms_norm_eps: 1e-6,
            initializer_range: 0.02,
            query_pre_attn_scalar: 256.0,
            final_logit_softcapping: None,
            rope_parameters: RopeParameters::plain(1e6),
            rope_local_parameters: RopeParameters::plain(1e4),
            attention_bias: false,
            attention_dropout: 0.0,
            pad_token_id: Some(0),
            bos_token_id: Some(2),
            eos_token_id: vec![1],
            tie_word_embeddings: true,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl Gemma3TextConfig {
    /// Reads `config.json` in the directory of a Gemma 3.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::Gemma3Text, &["gemma3_text"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_other_decoders(fields)?;
        let default = Self::default();
        if fields.flag("use_bidirectional_attention", false)? {
            let why = "a decoder sees what is before a token";
            return Err(fields.unsupported("use_bidirectional_attention", why));
        }
        let pattern = |layers| match fields.size("sliding_window_pattern", 6)? {
            0 => Err(fields.invalid("sliding_window_pattern", "at least 1")),
            every => Ok(LayerType::every(every, layers)),
        };
        let layer_types = LayerType::named_or(fields, default.num_hidden_layers(), pattern)?;
        let [full, sliding] = RopeParameters::of_each_kind(
            fields,
            [default.rope_parameters, default.rope_local_parameters],
            default.max_position_embeddings,
        )?;
        let config = read!(fields, default {
            size: [vocab_size, hidden_size, intermediate_size, num_attention_heads, max_position_embeddings, num_key_value_heads, head_dim],
            name: [hidden_activation],
            number: [initializer_range, rms_norm_eps, query_pre_attn_scalar, attention_dropout],
            flag: [attention_bias, tie_word_embeddings],
            token: [pad_token_id, bos_token_id],
            tokens: [eos_token_id],
            ..{
                layer_types: layer_types,
                sliding_window: window(fields, default.sliding_window)?,
                final_logit_softcapping: fields.optional_number("final_logit_softcapping")?,
                rope_parameters: full,
                rope_local_parameters: sliding,
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
            product(4, d),
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
        let heads = ("num_attention_heads", self.num_attention_heads);
        checks.heads(("hidden_size", self.hidden_size), heads)?;
        check_window(checks, self.sliding_window, &self.layer_types)?;
        self.rope_parameters.check(checks, self.head_dim)?;
        self.rope_local_parameters.check(checks, self.head_dim)?;
        checks.epsilon("rms_norm_eps", self.rms_norm_eps)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        let cap = self.final_logit_softcapping.unwrap_or(1.0);
        for (field, number) in [
            ("query_pre_attn_scalar", self.query_pre_attn_scalar),
            ("final_logit_softcapping", cap),
        ] {
            if !(number > 0.0 && number.is_finite()) {
                return checks.refuse(field, number, "a number above 0");
            }
        }
        checks.probabilities(named!(self: attention_dropout))?;
        checks.padding(self.pad_token_id.unwrap_or(0), self.vocab_size)?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
