//! GPT-2's configuration.

use std::path::Path;

use crate::count::{encoder_layer, norm, product, sum, times};
use crate::decoders::refuse_other_decoders;
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::Checks;
use crate::read::{named, read};
use crate::{ConfigError, Labels, Origin};

/// The configuration of a GPT-2: a table of positions, norms before the layers.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent, the smallest GPT-2. A file may have BERT's names for `n_positions`,
/// `n_embd`, `n_layer` and `n_head`:
///
/// ```
/// use lt_config::{Gpt2Config, ModelConfig};
/// let json = r#"{"model_type": "gpt2", "hidden_size": 24}"#;
/// let expected = Gpt2Config { n_embd: 24, ..Gpt2Config::default() };
/// assert_eq!(ModelConfig::from_json(json)?, expected.clone().into());
/// assert_eq!(expected.inner(), 4 * 24);
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// Of `reorder_and_upcast_attn` no result in f32 depends but by rounding, of `n_ctx`, `use_cache`
/// and of what begins with `summary_` none of the heads here; they are not read.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3.
/// PyTorch: `transformers.GPT2Config`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpt2Config {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// How many rows the table of positions has: the longest sequence.
    pub n_positions: usize,
    /// d: the width of the vector of a token.
    pub n_embd: usize,
    /// How many layers follow each other.
    pub n_layer: usize,
    /// h: into how many heads attention divides the width.
    pub n_head: usize,
    /// f: the inner width of the feed-forward layers; 4d, if it is not said.
    pub n_inner: Option<usize>,
    /// The activation of the feed-forward layers, by the name the checkpoint gives it.
    pub activation_function: String,
    /// The probability with which training drops a number of what a layer adds.
    pub resid_pdrop: f32,
    /// The same for an embedding.
    pub embd_pdrop: f32,
    /// The probability with which training drops an attention weight.
    pub attn_pdrop: f32,
    /// ε under the root of layer normalisation.
    pub layer_norm_epsilon: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// Whether scores are divided by the root of a head's width.
    pub scale_attn_weights: bool,
    /// Whether scores are divided by the number of their layer, counted from 1.
    pub scale_attn_by_inverse_layer_idx: bool,
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
    /// The classes of transformers it was saved from, as in `["GPT2LMHeadModel"]`.
    pub architectures: Vec<String>,
}

impl Default for Gpt2Config {
    fn default() -> Self {
        Self {
            vocab_size: 50257,
            n_positions: 1024,
            n_embd: 768,
            n_layer: 12,
            n_head: 12,
            n_inner: None,
            activation_function: "gelu_new".to_owned(),
            resid_pdrop: 0.1,
            embd_pdrop: 0.1,
            attn_pdrop: 0.1,
            layer_norm_epsilon: 1e-5,
            initializer_range: 0.02,
            scale_attn_weights: true,
            scale_attn_by_inverse_layer_idx: false,
            pad_token_id: None,
            bos_token_id: Some(50256),
            eos_token_id: vec![50256],
            tie_word_embeddings: true,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl Gpt2Config {
    /// Reads `config.json` in the directory of a GPT-2.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::Gpt2, &["gpt2"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_other_decoders(fields)?;
        let default = Self::default();
        let size = |names, default| fields.size_by_two_names(names, default);
        let config = read!(fields, default {
            size: [vocab_size],
            name: [activation_function],
            number: [initializer_range, resid_pdrop, embd_pdrop, attn_pdrop, layer_norm_epsilon],
            flag: [scale_attn_weights, scale_attn_by_inverse_layer_idx, tie_word_embeddings],
            token: [pad_token_id, bos_token_id],
            tokens: [eos_token_id],
            ..{
                n_positions: size(["n_positions", "max_position_embeddings"], default.n_positions)?,
                n_embd: size(["n_embd", "hidden_size"], default.n_embd)?,
                n_layer: size(["n_layer", "num_hidden_layers"], default.n_layer)?,
                n_head: size(["n_head", "num_attention_heads"], default.n_head)?,
                n_inner: fields.get("n_inner").map(|_| fields.size("n_inner", 0)).transpose()?,
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

    /// f: the inner width of the feed-forward layers.
    #[must_use]
    pub fn inner(&self) -> usize {
        self.n_inner.unwrap_or(self.n_embd.saturating_mul(4))
    }

    /// How many numbers the embeddings and the layers hold, with the norm behind them and without
    /// a head.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let d = self.n_embd;
        sum(&[
            product(self.vocab_size, d),
            product(self.n_positions, d),
            times(self.n_layer, encoder_layer(d, self.inner())),
            norm(d),
        ])
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks.sizes(named!(self: vocab_size, n_positions, n_embd, n_head))?;
        checks.sizes(&[("n_inner", self.inner())])?;
        checks.layers("n_layer", self.n_layer)?;
        checks.heads(("n_embd", self.n_embd), ("n_head", self.n_head))?;
        checks.epsilon("layer_norm_epsilon", self.layer_norm_epsilon)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        checks.probabilities(named!(self: resid_pdrop, embd_pdrop, attn_pdrop))?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}
