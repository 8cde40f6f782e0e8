//! The encoder layer.

#[cfg(feature = "train")]
mod backward;

use lt_attention::{HiddenStates, MultiHeadAttention};
use lt_core::{Error, Module, Result, Scratch, params};
use lt_layers::{AnyFeedForward, Dropout, LayerNorm};
use ndarray::{Array2, Array3};

#[cfg(feature = "train")]
pub use backward::EncoderLayerCache;

/// Where the layer norms stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormPlacement {
    /// After each residual sum, as in the Transformer paper and BERT: x ← norm(x + f(x)).
    Post,
    /// Before each sublayer, as most decoders since GPT-2, and ModernBERT: x ← x + f(norm(x)).
    Pre,
}

/// The two norms of an encoder layer, and where they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Norms {
    /// Of the attention sublayer. `None` leaves the rows as they are: ModernBERT's first layer,
    /// whose rows come normalised from the embedding.
    pub attention: Option<LayerNorm>,
    /// Of the feed-forward sublayer.
    pub feed_forward: LayerNorm,
    /// Where both stand.
    pub placement: NormPlacement,
}

/// What training drops from what each sublayer gives, before it is added; nothing at first.
///
/// PyTorch: the `dropout` of `BertSelfOutput` and that of `BertOutput`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SublayerDropout {
    /// From what attention gives.
    pub attention: Dropout,
    /// From what the feed-forward layer gives.
    pub feed_forward: Dropout,
}

/// The same from both.
impl From<Dropout> for SublayerDropout {
    fn from(dropout: Dropout) -> Self {
        Self { attention: dropout, feed_forward: dropout }
    }
}

/// Attention, in which tokens look at each other, then a feed-forward layer for each token alone;
/// each is added to what came in, and normalised. The feed-forward layer may be plain or gated.
///
/// ```text
/// post-LN:  a = norm₁(x + attention(x))    y = norm₂(a + feed_forward(a))
/// pre-LN:   a = x + attention(norm₁(x))    y = a + feed_forward(norm₂(a))
/// ```
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 3.1 (post-LN);
/// [Xiong et al. 2020](https://arxiv.org/abs/2002.04745), figure 1 (both). PyTorch: `BertLayer`;
/// `torch.nn.TransformerEncoderLayer(norm_first=…)`; `ModernBertEncoderLayer` (pre-LN, gated).
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderLayer {
    attention: MultiHeadAttention,
    attention_norm: Option<LayerNorm>,
    feed_forward: AnyFeedForward,
    feed_forward_norm: LayerNorm,
    placement: NormPlacement,
    dropout: SublayerDropout,
}

params!(EncoderLayer { attention, attention_norm, feed_forward, feed_forward_norm });

impl EncoderLayer {
    /// A layer of these parts; the feed-forward layer is a [`FeedForward`](lt_layers::FeedForward)
    /// or a [`GatedFeedForward`](lt_layers::GatedFeedForward).
    ///
    /// # Errors
    /// [`Error::Config`] if they are not of one width.
    ///
    /// ```
    /// use lt_attention::{AttentionConfig, MultiHeadAttention};
    /// use lt_encoder::lt_core::{Module, Ragged};
    /// use lt_encoder::{EncoderLayer, HiddenStates, NormPlacement, Norms};
    /// use lt_layers::{Activation, GatedFeedForward, LayerNorm, Linear};
    /// let linear = |inputs, outputs| Linear::zeros(inputs, outputs);
    /// // As the first layer of ModernBERT: no norm before attention.
    /// let layer = EncoderLayer::new(
    ///     MultiHeadAttention::zeros(2, AttentionConfig::new(1))?,
    ///     GatedFeedForward::new(linear(2, 3)?, Activation::Gelu, linear(2, 3)?, linear(3, 2)?)?,
    ///     Norms {
    ///         attention: None,
    ///         feed_forward: LayerNorm::zeros(2, 1e-5)?,
    ///         placement: NormPlacement::Pre,
    ///     },
    /// )?;
    /// let (x, two) = (ndarray::array![[1.0, 2.0], [3.0, 4.0]], Ragged::single(2));
    /// assert_eq!(layer.forward(HiddenStates::new(x.view(), &two))?, x); // zeros change nothing
    /// # Ok::<(), lt_encoder::lt_core::Error>(())
    /// ```
    pub fn new(
        attention: MultiHeadAttention,
        feed_forward: impl Into<AnyFeedForward>,
        norms: Norms,
    ) -> Result<Self> {
        const AT: &str = "EncoderLayer::new";
        let (d, feed_forward) = (attention.width(), feed_forward.into());
        let norm_of_attention = norms.attention.as_ref().map_or(d, LayerNorm::width);
        for (part, width) in [
            ("the width that attention gives", attention.output_width()),
            ("the width that feed_forward takes", feed_forward.inputs()),
            ("the width that feed_forward gives", feed_forward.outputs()),
            ("the width of the norm of attention", norm_of_attention),
            ("the width of the norm of feed_forward", norms.feed_forward.width()),
        ] {
            if width != d {
                let expected = format!("{d}, the width that attention takes");
                return Err(Error::Config {
                    at: AT,
                    field: part,
                    got: width.to_string(),
                    expected,
                });
            }
        }
        let dropout = SublayerDropout::default();
        let Norms { attention: attention_norm, feed_forward: feed_forward_norm, placement } = norms;
        Ok(Self { attention, attention_norm, feed_forward, feed_forward_norm, placement, dropout })
    }

    /// With numbers that training drops from what each sublayer gives, before it is added.
    #[must_use]
    pub fn with_dropout(self, dropout: impl Into<SublayerDropout>) -> Self {
        Self { dropout: dropout.into(), ..self }
    }

    /// The attention sublayer.
    #[must_use]
    pub fn attention(&self) -> &MultiHeadAttention {
        &self.attention
    }

    /// The norm of the attention sublayer, if it has one.
    #[must_use]
    pub fn attention_norm(&self) -> Option<&LayerNorm> {
        self.attention_norm.as_ref()
    }

    /// The feed-forward sublayer, plain or gated.
    #[must_use]
    pub fn feed_forward(&self) -> &AnyFeedForward {
        &self.feed_forward
    }

    /// The norm of the feed-forward sublayer.
    #[must_use]
    pub fn feed_forward_norm(&self) -> &LayerNorm {
        &self.feed_forward_norm
    }

    /// What training drops from what each sublayer gives.
    #[must_use]
    pub fn dropout(&self) -> SublayerDropout {
        self.dropout
    }

    /// Where the norms stand.
    #[must_use]
    pub fn placement(&self) -> NormPlacement {
        self.placement
    }

    /// The attention weights of this layer: for each sequence `[h, t, t]`.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn attention_weights(&self, input: HiddenStates<'_>) -> Result<Vec<Array3<f32>>> {
        match (self.placement, &self.attention_norm) {
            (NormPlacement::Pre, Some(norm)) => {
                let normed = norm.forward(input.hidden)?;
                self.attention.weights(input.with(normed.view()))
            }
            (NormPlacement::Pre, None) | (NormPlacement::Post, _) => self.attention.weights(input),
        }
    }

    fn forward_post(&self, input: HiddenStates<'_>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        // a = norm₁(x + attention(x))
        // formula: post-ln
        let mut a = self.attention.forward_added(input, input.hidden, scratch)?;
        if let Some(norm) = &self.attention_norm {
            norm.forward_in_place(&mut a, scratch)?;
        }
        // y = norm₂(a + feed_forward(a))
        let mut y = self.feed_forward.forward_added(a.view(), a.view(), scratch)?;
        self.feed_forward_norm.forward_in_place(&mut y, scratch)?;
        scratch.give(a);
        Ok(y)
    }

    fn forward_pre(&self, input: HiddenStates<'_>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        // a = x + attention(norm₁(x))
        // formula: pre-ln
        let norm = self.attention_norm.as_ref();
        let normed = norm.map(|norm| norm.forward_in(input.hidden, scratch)).transpose()?;
        let rows = normed.as_ref().map_or(input.hidden.view(), |normed| normed.view());
        let a = self.attention.forward_added(input.with(rows), input.hidden, scratch)?;
        normed.into_iter().for_each(|rows| scratch.give(rows));
        // y = a + feed_forward(norm₂(a))
        let normed = self.feed_forward_norm.forward_in(a.view(), scratch)?;
        let y = self.feed_forward.forward_added(normed.view(), a.view(), scratch)?;
        scratch.give(normed);
        scratch.give(a);
        Ok(y)
    }
}

impl<'a> Module<HiddenStates<'a>> for EncoderLayer {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        match self.placement {
            NormPlacement::Post => self.forward_post(input, scratch),
            NormPlacement::Pre => self.forward_pre(input, scratch),
        }
    }
}
