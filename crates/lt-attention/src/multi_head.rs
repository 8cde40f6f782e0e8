//! Multi-head attention, self and cross.

#[cfg(feature = "train")]
pub(crate) mod backward;

use std::borrow::Cow;

use lt_core::{Error, Mask, Module, Result, Scratch, check_shape, dims, params};
use lt_embedding::Rotary;
use lt_kernels::Heads;
use lt_layers::{Dropout, Linear, RmsNorm};
use ndarray::{Array2, Array3, ArrayView2};

use crate::projected::Projected;
use crate::window::Window;
use crate::{CacheShape, CrossAttentionInput, HiddenStates, ScaledDotProduct};

/// What a multi-head attention layer is told beyond its weights.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AttentionConfig {
    /// How many heads, h.
    pub heads: usize,
    /// How many heads keys and values have, g: h, or a divisor of it.
    pub key_heads: usize,
    /// What scores are multiplied by; `None` is 1/√k.
    pub scale: Option<f32>,
    /// What scaled scores are bent towards; `None`: nothing.
    pub cap: Option<f32>,
    /// What training drops from the attention weights.
    pub dropout: Dropout,
    /// How many positions back, and as many ahead, a token may look; `None` is all of them.
    pub window: Option<usize>,
}

impl AttentionConfig {
    /// So many heads, without a window, and training drops nothing.
    #[must_use]
    pub fn new(heads: usize) -> Self {
        let (scale, cap, dropout, window) = (None, None, Dropout::default(), None);
        Self { heads, key_heads: heads, scale, cap, dropout, window }
    }

    /// With fewer heads of keys and values than of queries: groups of h/g query heads share one
    /// (GQA), or all of them (MQA). What is kept of a text is smaller by as much.
    ///
    /// [Ainslie et al. 2023](https://arxiv.org/abs/2305.13245), section 2.2;
    /// [Shazeer 2019](https://arxiv.org/abs/1911.02150), section 3. PyTorch: transformers'
    /// `num_key_value_heads`.
    #[must_use]
    pub fn key_heads(self, key_heads: usize) -> Self {
        Self { key_heads, ..self }
    }

    /// With scores that are multiplied by this in place of 1/√k.
    #[must_use]
    pub fn scale(self, scale: f32) -> Self {
        Self { scale: Some(scale), ..self }
    }

    /// With scaled scores that are bent towards a cap c, c·tanh(score / c).
    #[must_use]
    pub fn cap(self, cap: f32) -> Self {
        Self { cap: Some(cap), ..self }
    }

    /// With weights that training drops.
    #[must_use]
    pub fn dropout(self, dropout: Dropout) -> Self {
        Self { dropout, ..self }
    }

    /// With a sliding window: a token may look at most so many positions back, and as many ahead,
    /// as far as the mask of the input lets it.
    ///
    /// [Beltagy, Peters & Cohan 2020](https://arxiv.org/abs/2004.05150), section 3.1. ModernBERT's
    /// `local_attention` is the whole window, twice this number: 128 is `window(64)`.
    ///
    /// ```
    /// use lt_attention::{AttentionConfig, HiddenStates, MultiHeadAttention, lt_core::Ragged};
    /// // Zeros score all keys alike.
    /// let layer = MultiHeadAttention::zeros(1, AttentionConfig::new(1).window(1))?;
    /// let (x, three) = (ndarray::array![[7.0], [8.0], [9.0]], Ragged::single(3));
    /// let weights = layer.weights(HiddenStates::new(x.view(), &three))?;
    /// let third = 1.0 / 3.0;
    /// assert_eq!(weights[0], ndarray::array![[[0.5, 0.5, 0.0], [third, third, third], [0.0, 0.5, 0.5]]]);
    /// # Ok::<(), lt_attention::lt_core::Error>(())
    /// ```
    #[must_use]
    pub fn window(self, reach: usize) -> Self {
        Self { window: Some(reach), ..self }
    }
}

/// The four linear layers of multi-head attention.
#[derive(Debug, Clone, PartialEq)]
pub struct Projections {
    /// To queries, `[h·k, d]`.
    pub query: Linear,
    /// To keys, `[g·k, d of the memory]`.
    pub key: Linear,
    /// To values, `[g·v, d of the memory]`.
    pub value: Linear,
    /// From the heads laid side by side back to rows, `[d, h·v]`: W^O.
    pub output: Linear,
}

/// Concat(head₁, …, headₕ)·Wᴼ with headᵢ = Attention(x·Wᵢ^Q, m·Wᵢ^K, m·Wᵢ^V).
///
/// In self-attention ([`HiddenStates`]) the memory m is x itself, in cross-attention
/// ([`CrossAttentionInput`]) it is another text.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 3.2.2. PyTorch:
/// `torch.nn.MultiheadAttention`; `BertSelfAttention` and the dense layer of `BertSelfOutput`.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiHeadAttention {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) output: Linear,
    pub(crate) heads: ScaledDotProduct,
    pub(crate) config: AttentionConfig,
    pub(crate) query_norm: Option<RmsNorm>,
    pub(crate) key_norm: Option<RmsNorm>,
    pub(crate) rotary: Option<Rotary>,
    window: Option<Window>,
}

params!(MultiHeadAttention { query, key, value, output, query_norm, key_norm });

impl MultiHeadAttention {
    /// A layer of these projections.
    ///
    /// # Errors
    /// If a projection does not fit the others, or its outputs cannot be divided among the heads.
    pub fn new(projections: Projections, config: AttentionConfig) -> Result<Self> {
        const AT: &str = "MultiHeadAttention::new";
        let Projections { query, key, value, output } = projections;
        let heads = Heads { query: config.heads, key: config.key_heads };
        let dot_product = ScaledDotProduct::new(heads)?.scale(config.scale).cap(config.cap);
        for (columns, heads) in [(query.outputs(), heads.query), (value.outputs(), heads.key)] {
            if columns % heads != 0 {
                return Err(Error::Config {
                    at: AT,
                    field: "heads",
                    got: heads.to_string(),
                    expected: format!("a divisor of the width {columns}"),
                });
            }
        }
        let (k, v) = (query.outputs() / heads.query, value.outputs() / heads.key);
        check_shape(AT, dims![heads.key * k, "in"], key.weight().shape())?;
        check_shape(AT, dims!["out", key.inputs()], value.weight().shape())?;
        check_shape(AT, dims!["d", heads.query * v], output.weight().shape())?;
        let window = config.window.map(Window::new);
        Ok(Self {
            query,
            key,
            value,
            output,
            heads: dot_product,
            config,
            query_norm: None,
            key_norm: None,
            rotary: None,
            window,
        })
    }

    /// With queries and keys that are turned by their positions once they are projected. Layers
    /// that turn alike should be given clones of one [`Rotary`], which share its angles.
    ///
    /// # Errors
    /// [`Error::Config`] if it is not made for heads of this width.
    ///
    /// ```
    /// use lt_attention::lt_core::{Ragged, Weight};
    /// use lt_attention::{AttentionConfig, HiddenStates, MultiHeadAttention, Projections};
    /// use lt_embedding::{Rotary, RotaryLayout};
    /// use lt_layers::Linear;
    /// let same = || Linear::new(Weight::new(&[2, 2], vec![1.0, 0.0, 0.0, 1.0])?, None);
    /// let projections = Projections { query: same()?, key: same()?, value: same()?, output: same()? };
    /// let layer = MultiHeadAttention::new(projections, AttentionConfig::new(1))?
    ///     .with_rotary(Rotary::new(2, 10_000.0, RotaryLayout::Halves)?)?;
    /// // Two tokens that are alike. To itself the first is (1, 0), the other is (cos 1, sin 1).
    /// let (x, two) = (ndarray::array![[1.0, 0.0], [1.0, 0.0]], Ragged::single(2));
    /// let weights = &layer.weights(HiddenStates::new(x.view(), &two))?[0];
    /// let score_ahead = (weights[[0, 0, 0]] / weights[[0, 0, 1]]).ln() * 2.0_f32.sqrt();
    /// assert!((score_ahead - (1.0 - 1.0_f32.cos())).abs() < 1e-6);
    /// # Ok::<(), lt_attention::lt_core::Error>(())
    /// ```
    pub fn with_rotary(self, rotary: Rotary) -> Result<Self> {
        let k = self.key_width();
        if rotary.width() == k {
            return Ok(Self { rotary: Some(rotary), ..self });
        }
        Err(Error::Config {
            at: "MultiHeadAttention::with_rotary",
            field: "rotary.width",
            got: rotary.width().to_string(),
            expected: format!("{k}, the width of a head"),
        })
    }

    /// With queries and keys that are normalised, each head by itself, before they are turned.
    ///
    /// # Errors
    /// [`Error::Config`] if a norm is not made for heads of this width.
    ///
    /// [Henry et al. 2020](https://arxiv.org/abs/2010.04245), section 3. PyTorch: `q_norm` and
    /// `k_norm` of transformers' `Qwen3Attention`.
    pub fn with_norms(self, query: RmsNorm, key: RmsNorm) -> Result<Self> {
        let k = self.key_width();
        for (field, norm) in [("query.width", &query), ("key.width", &key)] {
            if norm.width() != k {
                let (at, got) = ("MultiHeadAttention::with_norms", norm.width().to_string());
                let expected = format!("{k}, the width of a head");
                return Err(Error::Config { at, field, got, expected });
            }
        }
        Ok(Self { query_norm: Some(query), key_norm: Some(key), ..self })
    }

    /// The norms of queries and of keys, if they are normalised.
    #[must_use]
    pub fn norms(&self) -> Option<(&RmsNorm, &RmsNorm)> {
        self.query_norm.as_ref().zip(self.key_norm.as_ref())
    }

    /// Self-attention over rows of width `d`, all of whose numbers are zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn zeros(d: usize, config: AttentionConfig) -> Result<Self> {
        let linear = || Linear::zeros(d, d);
        let (query, key, value, output) = (linear()?, linear()?, linear()?, linear()?);
        Self::new(Projections { query, key, value, output }, config)
    }

    /// How many heads there are, how far they look, and what training drops.
    #[must_use]
    pub fn config(&self) -> AttentionConfig {
        self.config
    }

    /// The width of a key, k.
    pub(crate) fn key_width(&self) -> usize {
        self.query.outputs() / self.config.heads
    }

    /// What it keeps of a text in a cache.
    #[must_use]
    pub fn cache_shape(&self) -> CacheShape {
        let heads = self.config.key_heads;
        CacheShape { heads, key: self.key_width(), value: self.value.outputs() / heads }
    }

    /// What turns queries and keys by their positions, if anything does.
    #[must_use]
    pub fn rotary(&self) -> Option<&Rotary> {
        self.rotary.as_ref()
    }

    /// The width of the rows that come in, d.
    #[must_use]
    pub fn width(&self) -> usize {
        self.query.inputs()
    }

    /// The width of the rows that go out; for a residual sum it must be that of those that come in.
    #[must_use]
    pub fn output_width(&self) -> usize {
        self.output.outputs()
    }

    /// The weights of self-attention: for each sequence `[h, t, t]`.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn weights(&self, input: HiddenStates<'_>) -> Result<Vec<Array3<f32>>> {
        self.cross_weights(input.into())
    }

    /// The weights of cross-attention: for each sequence `[h, t, s]`.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn cross_weights(&self, input: CrossAttentionInput<'_>) -> Result<Vec<Array3<f32>>> {
        let projected = self.project(&input, &mut Scratch::new())?;
        self.heads.weights(&projected.input(&input, &self.within_reach(input.mask)))
    }

    /// The output of self-attention plus a residual, in one pass over the output.
    ///
    /// # Errors
    /// As for [`Module::forward`], and if the residual has not the shape of the output.
    pub fn forward_added(
        &self,
        input: HiddenStates<'_>,
        residual: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let projected = self.project_self(&input, &[], scratch)?;
        let context = self.context(projected, &input.into(), scratch)?;
        let output = self.output.forward_added(context.view(), residual, scratch)?; // [tokens, d]
        scratch.give(context);
        Ok(output)
    }

    /// What the mask of an input allows, as far as the window reaches.
    pub(crate) fn within_reach<'m>(&'m self, mask: &'m Mask) -> Cow<'m, Mask> {
        self.window.as_ref().map_or(Cow::Borrowed(mask), |window| window.and(mask))
    }

    /// The heads laid side by side, `[tokens, h·v]`.
    fn context(
        &self,
        projected: Projected,
        input: &CrossAttentionInput<'_>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let mask = self.within_reach(input.mask);
        let context = self.heads.forward_in(projected.input(input, &mask), scratch)?;
        projected.give_back(scratch);
        Ok(context)
    }
}

impl<'a> Module<CrossAttentionInput<'a>> for MultiHeadAttention {
    type Output = Array2<f32>;

    fn forward(&self, input: CrossAttentionInput<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(
        &self,
        input: CrossAttentionInput<'a>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        // formula: multi-head
        let projected = self.project(&input, scratch)?;
        let context = self.context(projected, &input, scratch)?; // [tokens, h·v]
        let output = self.output.forward_in(context.view(), scratch)?; // [tokens, d]
        scratch.give(context);
        Ok(output)
    }
}

impl<'a> Module<HiddenStates<'a>> for MultiHeadAttention {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let projected = self.project_self(&input, &[], scratch)?;
        let context = self.context(projected, &input.into(), scratch)?; // [tokens, h·v]
        let output = self.output.forward_in(context.view(), scratch)?; // [tokens, d]
        scratch.give(context);
        Ok(output)
    }
}
