//! ModernBERT's configuration.

use std::path::Path;

use crate::count::{product, sum, times};
use crate::family::{Family, read_only};
use crate::fields::Fields;
use crate::limits::{Checks, MAX_SIZE};
use crate::read::{named, read};
use crate::rope::Thetas;
use crate::variants::refuse_others;
use crate::{ConfigError, Labels, LayerType, Origin, Pooling};

/// The configuration of a ModernBERT: norms before the layers, gated feed-forward layers, rotary
/// positions, and a window in most layers.
///
/// Read with [`ModelConfig`](crate::ModelConfig). The [`Default`] is what transformers takes for
/// a key that is absent, ModernBERT-base:
///
/// ```
/// use lt_config::{LayerType, ModernBertConfig};
/// let base = ModernBertConfig::default();
/// assert_eq!(base.num_hidden_layers(), 22);
/// assert_eq!(base.reach(), 64); // a token sees 64 others on either side
///
/// let two = ModernBertConfig { layer_types: LayerType::alternating(2, 3), ..base };
/// assert_eq!(two.layer_types, [LayerType::Full, LayerType::Sliding]);
/// ```
///
/// Of `reference_compile`, `deterministic_flash_attn`, `sparse_prediction` and
/// `sparse_pred_ignore_index` no result depends outside training; they are not read.
///
/// Source: [Warner et al. 2024](https://arxiv.org/abs/2412.13663), section 2.1.
/// PyTorch: `transformers.ModernBertConfig`.
#[derive(Debug, Clone, PartialEq)]
pub struct ModernBertConfig {
    /// v: how many tokens the vocabulary (词表) has.
    pub vocab_size: usize,
    /// d: the width of the vector of a token.
    pub hidden_size: usize,
    /// What each layer sees, the first layer first.
    pub layer_types: Vec<LayerType>,
    /// h: into how many heads attention divides the width.
    pub num_attention_heads: usize,
    /// f: the inner width of the feed-forward layers. Their first matrix makes 2f columns: what
    /// goes through the activation, and then what that is multiplied with.
    pub intermediate_size: usize,
    /// The activation of the feed-forward layers, by the name the checkpoint gives it.
    pub hidden_activation: String,
    /// The longest sequence it was trained on. There is no table of positions.
    pub max_position_embeddings: usize,
    /// How wide the window of [`LayerType::Sliding`] is: half of it, rounded down, on either side.
    pub local_attention: usize,
    /// θ of the rotary positions in layers of [`LayerType::Full`].
    pub global_rope_theta: f32,
    /// θ of the rotary positions in layers of [`LayerType::Sliding`].
    pub local_rope_theta: f32,
    /// ε under the root of layer normalisation.
    pub norm_eps: f32,
    /// The standard deviation of the numbers that a new model's matrices begin with.
    pub initializer_range: f32,
    /// Beyond so many standard deviations none is drawn.
    pub initializer_cutoff_factor: f32,
    /// Whether norms have a bias.
    pub norm_bias: bool,
    /// Whether the matrices of attention have a bias.
    pub attention_bias: bool,
    /// Whether the matrices of the feed-forward layers have a bias.
    pub mlp_bias: bool,
    /// Whether the output matrix of the language-model head has a bias.
    pub decoder_bias: bool,
    /// How a classifier of sequences makes one vector of many: [`Pooling::Cls`] or
    /// [`Pooling::Mean`].
    pub classifier_pooling: Pooling,
    /// The activation of the layer that heads begin with, that of the language model too.
    pub classifier_activation: String,
    /// Whether the matrix of that layer has a bias.
    pub classifier_bias: bool,
    /// The probability with which training drops a number of an embedding.
    pub embedding_dropout: f32,
    /// The probability with which training drops an attention weight, and a number of what
    /// attention returns.
    pub attention_dropout: f32,
    /// The same for the inside of the feed-forward layers.
    pub mlp_dropout: f32,
    /// The same for what a classifier sees.
    pub classifier_dropout: f32,
    /// The id of the padding token, if there is one. Nothing is computed with it.
    pub pad_token_id: Option<usize>,
    /// Whether the output matrix of the language-model head is the token embedding.
    pub tie_word_embeddings: bool,
    /// The labels of a head that classifies.
    pub labels: Labels,
    /// The classes of transformers it was saved from, as in `["ModernBertForMaskedLM"]`.
    pub architectures: Vec<String>,
}

impl Default for ModernBertConfig {
    fn default() -> Self {
        Self {
            vocab_size: 50368,
            hidden_size: 768,
            layer_types: LayerType::alternating(22, 3),
            num_attention_heads: 12,
            intermediate_size: 1152,
            hidden_activation: "gelu".to_owned(),
            max_position_embeddings: 8192,
            local_attention: 128,
            global_rope_theta: 160_000.0,
            local_rope_theta: 10_000.0,
            norm_eps: 1e-5,
            initializer_range: 0.02,
            initializer_cutoff_factor: 2.0,
            norm_bias: false,
            attention_bias: false,
            mlp_bias: false,
            decoder_bias: true,
            classifier_pooling: Pooling::Cls,
            classifier_activation: "gelu".to_owned(),
            classifier_bias: false,
            embedding_dropout: 0.0,
            attention_dropout: 0.0,
            mlp_dropout: 0.0,
            classifier_dropout: 0.0,
            pad_token_id: Some(50283),
            tie_word_embeddings: true,
            labels: Labels::default(),
            architectures: Vec::new(),
        }
    }
}

impl ModernBertConfig {
    /// Reads `config.json` in the directory of a ModernBERT.
    ///
    /// # Errors
    /// As for [`ModelConfig::from_dir`](crate::ModelConfig::from_dir), and if the file says that
    /// it is of another family.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read_only(dir.as_ref(), Family::ModernBert, &["modernbert"], Self::from_fields)
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        refuse_others(fields)?;
        let default = Self::default();
        let thetas = Thetas { full: default.global_rope_theta, sliding: default.local_rope_theta };
        let thetas = Thetas::read(fields, thetas)?;
        let layer_types = LayerType::of_all(fields, default.num_hidden_layers())?;
        let classifier_pooling = match fields.text("classifier_pooling")? {
            None => default.classifier_pooling,
            Some(name) => Pooling::from_name(name)
                .ok_or_else(|| fields.invalid("classifier_pooling", POOLINGS))?,
        };
        let pad_token_id = match default.pad_token_id {
            Some(default) if !fields.is_null("pad_token_id") => {
                Some(fields.size("pad_token_id", default)?)
            }
            _ => None,
        };
        let config = read!(fields, default {
            size: [
                vocab_size, hidden_size, num_attention_heads, intermediate_size,
                max_position_embeddings,
            ],
            name: [hidden_activation, classifier_activation],
            number: [initializer_range, initializer_cutoff_factor,
                norm_eps, embedding_dropout, attention_dropout, mlp_dropout, classifier_dropout,
            ],
            flag: [
                norm_bias, attention_bias, mlp_bias, decoder_bias, classifier_bias,
                tie_word_embeddings,
            ],
            ..{
                layer_types: layer_types,
                local_attention: local_attention(fields, default.local_attention)?,
                global_rope_theta: thetas.full,
                local_rope_theta: thetas.sliding,
                classifier_pooling: classifier_pooling,
                pad_token_id: pad_token_id,
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

    /// How many encoder layers follow each other.
    #[must_use]
    pub fn num_hidden_layers(&self) -> usize {
        self.layer_types.len()
    }

    /// How many tokens on either side a token sees in layers of [`LayerType::Sliding`].
    ///
    /// PyTorch: `sliding_window` of `transformers.ModernBertConfig`.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.local_attention / 2
    }

    /// How many numbers the embeddings and the layers hold, with the norm behind them and without
    /// a head.
    #[must_use]
    pub fn parameter_count(&self) -> u64 {
        let (d, f) = (self.hidden_size, self.intermediate_size);
        let bias = |there: bool, outputs: u64| if there { outputs } else { 0 };
        let norm = sum(&[d as u64, bias(self.norm_bias, d as u64)]);
        // Queries, keys and values in one, and the output.
        let attention = sum(&[times(4, product(d, d)), bias(self.attention_bias, product(4, d))]);
        let feed_forward =
            sum(&[times(3, product(d, f)), bias(self.mlp_bias, sum(&[product(2, f), d as u64]))]);
        let layers = times(self.num_hidden_layers(), sum(&[attention, feed_forward]));
        // Two in each layer, but one in the first; one behind the embeddings, one behind the last.
        let norms = self.num_hidden_layers().saturating_mul(2).saturating_add(1);
        sum(&[product(self.vocab_size, d), layers, times(norms, norm)])
    }

    fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        checks.sizes(named!(self:
            vocab_size, hidden_size, num_attention_heads, intermediate_size,
            max_position_embeddings, local_attention,
        ))?;
        checks.layers("num_hidden_layers", self.num_hidden_layers())?;
        let heads = ("num_attention_heads", self.num_attention_heads);
        checks.heads(("hidden_size", self.hidden_size), heads)?;
        // Rotary positions turn the columns of a head in pairs.
        if !(self.hidden_size / self.num_attention_heads).is_multiple_of(2) {
            let expected = format!("an even multiple of num_attention_heads ({})", heads.1);
            return checks.refuse("hidden_size", self.hidden_size, expected);
        }
        checks.epsilon("norm_eps", self.norm_eps)?;
        checks.not_negative("initializer_range", self.initializer_range)?;
        checks.not_negative("initializer_cutoff_factor", self.initializer_cutoff_factor)?;
        for (field, theta) in [
            ("global_rope_theta", self.global_rope_theta),
            ("local_rope_theta", self.local_rope_theta),
        ] {
            if !(theta > 0.0 && theta.is_finite()) {
                return checks.refuse(field, theta, "a number above 0");
            }
        }
        if !matches!(self.classifier_pooling, Pooling::Cls | Pooling::Mean) {
            let got = self.classifier_pooling.name();
            return checks.refuse("classifier_pooling", got, POOLINGS);
        }
        checks.probabilities(named!(self:
            embedding_dropout, attention_dropout, mlp_dropout, classifier_dropout,
        ))?;
        checks.padding(self.pad_token_id.unwrap_or(0), self.vocab_size)?;
        self.labels.check(origin)?;
        checks.parameters(self.parameter_count())
    }
}

const POOLINGS: &str = "cls or mean";

/// The width of the window, or what transformers 5 calls by another name: half of it.
fn local_attention(fields: &Fields, default: usize) -> Result<usize, ConfigError> {
    let local = fields.size("local_attention", default)?;
    if fields.get("sliding_window").is_none() {
        return Ok(local);
    }
    let half = fields.size("sliding_window", 0)?;
    if half > MAX_SIZE / 2 || (fields.get("local_attention").is_some() && half != local / 2) {
        return Err(fields.invalid("sliding_window", "half of local_attention"));
    }
    // A window of 1 also has nothing on either side; one of 0 would not have the token itself.
    Ok((2 * half).max(1))
}
