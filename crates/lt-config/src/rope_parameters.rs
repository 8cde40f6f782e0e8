//! How fast rotary positions turn, and how they are stretched for texts longer than in training.

/// How fast the rotary positions (旋转位置编码) of a layer turn.
///
/// In transformers' files this is the object `rope_parameters`, in older ones `rope_theta` and
/// `rope_scaling`; [`ModelConfig`](crate::ModelConfig) reads both.
///
/// ```
/// use lt_config::{ModelConfig, RopeParameters, RopeScaling};
/// let old = r#"{"model_type": "llama", "rope_theta": 5e5,
///     "rope_scaling": {"type": "linear", "factor": 4.0}}"#;
/// let ModelConfig::Llama(llama) = ModelConfig::from_json(old)? else { panic!("another family") };
/// let scaling = RopeScaling::Linear { factor: 4.0 };
/// assert_eq!(llama.rope_parameters, RopeParameters { rope_theta: 5e5, scaling });
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// `partial_rotary_factor` is no field: the families that have a `RopeParameters` turn whole heads.
/// transformers passes over the key where nothing is stretched, and so is it here; where something
/// is, transformers' classes fail with it, and it is refused.
///
/// Source: [Su et al. 2021](https://arxiv.org/abs/2104.09864), section 3.
/// PyTorch: `RopeParameters` of `transformers.modeling_rope_utils`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RopeParameters {
    /// θ: pair i of k columns turns by θ^(−2i / k) from one token to the next.
    pub rope_theta: f64,
    /// How the positions are stretched.
    pub scaling: RopeScaling,
}

/// How rotary positions are stretched for texts longer than those of training.
///
/// PyTorch: `rope_type` of transformers, and the keys it is followed by.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RopeScaling {
    /// Not at all: `"default"`.
    Default,
    /// Every pair turns `factor` times slower: `"linear"`.
    ///
    /// Source: [Chen et al. 2023](https://arxiv.org/abs/2306.15595), section 2.3.
    Linear {
        /// How much slower.
        factor: f64,
    },
    /// θ grows with a text that is longer than `max_position_embeddings`: `"dynamic"`.
    Dynamic {
        /// How strongly.
        factor: f64,
    },
    /// Slow pairs turn `factor` times slower, fast ones do not, and between them it is mixed:
    /// `"llama3"`.
    Llama3 {
        /// How much slower.
        factor: f64,
        /// Pairs that turn less often than this in the longest text of training are slow.
        low_freq_factor: f64,
        /// Pairs that turn more often than this in it are fast.
        high_freq_factor: f64,
        /// The longest text of training.
        original_max_position_embeddings: usize,
    },
    /// The same with a straight line between slow and fast pairs, and with scores that grow:
    /// `"yarn"`.
    Yarn(YarnScaling),
}

/// The settings of [`RopeScaling::Yarn`].
///
/// Source: [Peng et al. 2023](https://arxiv.org/abs/2309.00071), section 3.
/// PyTorch: `_compute_yarn_parameters` of `transformers.modeling_rope_utils`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YarnScaling {
    /// How much slower slow pairs turn.
    pub factor: f64,
    /// What sines and cosines are multiplied by, if the file says.
    pub attention_factor: Option<f64>,
    /// Pairs that turn more often than this in the longest text of training are fast.
    pub beta_fast: f64,
    /// Pairs that turn less often than this in it are slow.
    pub beta_slow: f64,
    /// Where both are there and not 0, [`attention_factor`](RopeParameters::attention_factor) is
    /// worked out with them.
    pub mscale: Option<f64>,
    /// See [`mscale`](Self::mscale).
    pub mscale_all_dim: Option<f64>,
    /// Whether the numbers of the pairs where the line begins and ends are rounded to whole ones.
    pub truncate: bool,
    /// The longest text of training.
    pub original_max_position_embeddings: usize,
}

impl Default for RopeParameters {
    fn default() -> Self {
        Self::plain(10_000.0)
    }
}

impl RopeParameters {
    /// This θ, and nothing stretched.
    ///
    /// ```
    /// use lt_config::RopeParameters;
    /// assert_eq!(RopeParameters::plain(1e4), RopeParameters::default());
    /// ```
    #[must_use]
    pub fn plain(rope_theta: f64) -> Self {
        Self { rope_theta, scaling: RopeScaling::Default }
    }

    /// What sines and cosines are multiplied by: 1, but with yarn.
    ///
    /// ```
    /// use lt_config::{RopeParameters, RopeScaling, YarnScaling};
    /// let yarn = |factor| RopeScaling::Yarn(YarnScaling { factor, ..YarnScaling::default() });
    /// let factor = |scaling| RopeParameters { rope_theta: 1e4, scaling }.attention_factor();
    /// assert_eq!(factor(RopeScaling::Linear { factor: 4.0 }), 1.0);
    /// assert_eq!(factor(yarn(10.0)), 0.1 * 10_f64.ln() + 1.0);
    /// assert_eq!(factor(yarn(0.5)), 1.0); // nothing is stretched
    /// ```
    ///
    /// Source: [Peng et al. 2023](https://arxiv.org/abs/2309.00071), equation 22.
    #[must_use]
    pub fn attention_factor(&self) -> f64 {
        let RopeScaling::Yarn(yarn) = self.scaling else { return 1.0 };
        let of = |scale: f64| {
            if yarn.factor <= 1.0 { 1.0 } else { 0.1 * scale * yarn.factor.ln() + 1.0 }
        };
        let said = |scale: Option<f64>| scale.filter(|&scale| scale != 0.0);
        match (yarn.attention_factor, said(yarn.mscale), said(yarn.mscale_all_dim)) {
            (Some(factor), ..) => factor,
            (None, Some(mscale), Some(all)) => of(mscale) / of(all),
            _ => of(1.0),
        }
    }
}

impl RopeScaling {
    /// The name that transformers has for it.
    ///
    /// ```
    /// use lt_config::RopeScaling;
    /// assert_eq!(RopeScaling::Linear { factor: 2.0 }.name(), "linear");
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Linear { .. } => "linear",
            Self::Dynamic { .. } => "dynamic",
            Self::Llama3 { .. } => "llama3",
            Self::Yarn(_) => "yarn",
        }
    }
}

impl Default for YarnScaling {
    /// A factor of 1, and for the others what transformers takes for a key that is absent.
    fn default() -> Self {
        Self {
            factor: 1.0,
            attention_factor: None,
            beta_fast: 32.0,
            beta_slow: 1.0,
            mscale: None,
            mscale_all_dim: None,
            truncate: true,
            original_max_position_embeddings: 2048,
        }
    }
}
