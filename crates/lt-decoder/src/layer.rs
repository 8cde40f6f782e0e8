//! The decoder layer.

#[cfg(feature = "train")]
mod backward;

use lt_attention::{
    CacheShape, CrossAttentionInput, HiddenStates, LayerCache, MultiHeadAttention, WithCache,
};
use lt_core::{Error, Module, Ragged, Result, Scratch, params};
use lt_layers::{AnyFeedForward, Dropout};
use ndarray::{Array2, Array3, ArrayView2};

use crate::SublayerNorms;
use crate::sublayer::Add;

#[cfg(feature = "train")]
pub use backward::DecoderLayerCache;

/// Attention to what stands before, perhaps attention to another text, then a feed-forward layer
/// for each token alone; each is added to what came in, with norms around it ([`SublayerNorms`]).
///
/// That no token looks ahead is the mask's matter, which [`Decoder`](crate::Decoder) brings.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 3.1;
/// [Radford et al. 2019](https://d4mucfpksywv.cloudfront.net/better-language-models/language-models.pdf),
/// section 2.3 (without another text, norms before). PyTorch: transformers' `GPT2Block`,
/// `LlamaDecoderLayer`; `torch.nn.TransformerDecoderLayer`.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderLayer {
    attention: MultiHeadAttention,
    attention_norms: SublayerNorms,
    cross_attention: Option<MultiHeadAttention>,
    cross_attention_norms: SublayerNorms,
    feed_forward: AnyFeedForward,
    feed_forward_norms: SublayerNorms,
    dropout: Dropout,
}

params!(DecoderLayer {
    attention,
    attention_norms,
    cross_attention,
    cross_attention_norms,
    feed_forward,
    feed_forward_norms
});

impl DecoderLayer {
    /// A layer of these parts, each with its norms, that looks at no other text.
    ///
    /// # Errors
    /// [`Error::Config`] if they are not of one width.
    ///
    /// ```
    /// use lt_attention::{AttentionConfig, MultiHeadAttention};
    /// use lt_decoder::lt_core::{Module, Ragged};
    /// use lt_decoder::{DecoderLayer, HiddenStates, SublayerNorms};
    /// use lt_layers::{Activation, FeedForward, LayerNorm, Linear};
    /// let norms = || Ok::<_, lt_decoder::lt_core::Error>(SublayerNorms::pre(LayerNorm::zeros(2, 1e-5)?));
    /// let layer = DecoderLayer::new(
    ///     (MultiHeadAttention::zeros(2, AttentionConfig::new(1))?, norms()?),
    ///     (FeedForward::new(Linear::zeros(2, 8)?, Activation::Gelu, Linear::zeros(8, 2)?)?, norms()?),
    /// )?;
    /// let (x, two) = (ndarray::array![[1.0, 2.0], [3.0, 4.0]], Ragged::single(2));
    /// assert_eq!(layer.forward(HiddenStates::new(x.view(), &two))?, x); // zeros change nothing
    /// # Ok::<(), lt_decoder::lt_core::Error>(())
    /// ```
    pub fn new(
        (attention, attention_norms): (MultiHeadAttention, SublayerNorms),
        (feed_forward, feed_forward_norms): (impl Into<AnyFeedForward>, SublayerNorms),
    ) -> Result<Self> {
        let (d, feed_forward) = (attention.width(), feed_forward.into());
        check_widths(d, attention.output_width(), &attention_norms, "attention")?;
        check_widths(d, feed_forward.inputs(), &SublayerNorms::default(), "feed_forward")?;
        check_widths(d, feed_forward.outputs(), &feed_forward_norms, "feed_forward")?;
        Ok(Self {
            attention,
            attention_norms,
            cross_attention: None,
            cross_attention_norms: SublayerNorms::default(),
            feed_forward,
            feed_forward_norms,
            dropout: Dropout::default(),
        })
    }

    /// With attention to another text, between the two.
    ///
    /// # Errors
    /// [`Error::Config`] if it is not of the layer's width.
    pub fn with_cross_attention(
        self,
        attention: MultiHeadAttention,
        norms: SublayerNorms,
    ) -> Result<Self> {
        let d = self.width();
        check_widths(d, attention.width(), &norms, "cross_attention")?;
        check_widths(d, attention.output_width(), &norms, "cross_attention")?;
        Ok(Self { cross_attention: Some(attention), cross_attention_norms: norms, ..self })
    }

    /// With numbers that training drops from what each sublayer gives, before it is added.
    #[must_use]
    pub fn with_dropout(self, dropout: Dropout) -> Self {
        Self { dropout, ..self }
    }

    /// The width of a row, d.
    #[must_use]
    pub fn width(&self) -> usize {
        self.attention.width()
    }

    /// The attention to what stands before.
    #[must_use]
    pub fn attention(&self) -> &MultiHeadAttention {
        &self.attention
    }

    /// The norms of attention.
    #[must_use]
    pub fn attention_norms(&self) -> &SublayerNorms {
        &self.attention_norms
    }

    /// The attention to another text, if there is one.
    #[must_use]
    pub fn cross_attention(&self) -> Option<&MultiHeadAttention> {
        self.cross_attention.as_ref()
    }

    /// The feed-forward sublayer, plain or gated.
    #[must_use]
    pub fn feed_forward(&self) -> &AnyFeedForward {
        &self.feed_forward
    }

    /// The norms of the feed-forward sublayer.
    #[must_use]
    pub fn feed_forward_norms(&self) -> &SublayerNorms {
        &self.feed_forward_norms
    }

    /// What training drops from what each sublayer gives.
    #[must_use]
    pub fn dropout(&self) -> Dropout {
        self.dropout
    }

    /// What it keeps of a text in a cache.
    #[must_use]
    pub fn cache_shape(&self) -> CacheShape {
        self.attention.cache_shape()
    }

    /// The weights of self-attention: for each sequence `[h, t, t]`.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn attention_weights(&self, input: HiddenStates<'_>) -> Result<Vec<Array3<f32>>> {
        let normed = self.attention_norms.enter(input.hidden, &mut Scratch::new())?;
        let rows = normed.as_ref().map_or(input.hidden.reborrow(), |normed| normed.view());
        self.attention.weights(input.with(rows))
    }

    /// What stands behind self-attention.
    fn finish(
        &self,
        a: Array2<f32>,
        sequences: &Ragged,
        memory: Option<(ArrayView2<'_, f32>, &Ragged)>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let a = match (&self.cross_attention, memory) {
            (None, None) => a,
            (Some(attention), Some((memory, memories))) => {
                let norms = &self.cross_attention_norms;
                // formula: layer
                let c = norms.around(a.view(), scratch, |rows, add, scratch| {
                    let input = HiddenStates::new(rows, sequences).attending_to(memory, memories);
                    let mut y = attention.forward_in(input, scratch)?;
                    if let Add::Residual(x) = add {
                        y += &x;
                    }
                    Ok(y)
                })?;
                scratch.give(a);
                c
            }
            (None, Some(_)) => return Err(refused("another text", "none: it looks at no other")),
            (Some(_), None) => return Err(refused("no other text", "one to look at")),
        };
        // formula: layer
        let y =
            self.feed_forward_norms.around(a.view(), scratch, |rows, add, scratch| match add {
                Add::Residual(x) => self.feed_forward.forward_added(rows, x, scratch),
                Add::Nothing => self.feed_forward.forward_in(rows, scratch),
            })?;
        scratch.give(a);
        Ok(y)
    }

    /// The output of self-attention with its residual and norms.
    fn attend(&self, input: HiddenStates<'_>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        // formula: layer
        self.attention_norms.around(input.hidden, scratch, |rows, add, scratch| match add {
            Add::Residual(x) => self.attention.forward_added(input.with(rows), x, scratch),
            Add::Nothing => self.attention.forward_in(input.with(rows), scratch),
        })
    }
}

fn refused(got: &str, expected: &str) -> Error {
    let (at, field) = ("DecoderLayer::forward", "the input");
    Error::Config { at, field, got: got.to_owned(), expected: expected.to_owned() }
}

/// Refuses a sublayer that is not d wide.
fn check_widths(d: usize, width: usize, norms: &SublayerNorms, field: &'static str) -> Result<()> {
    let mut widths = std::iter::once(width).chain(norms.iter().map(lt_layers::AnyNorm::width));
    widths.find(|&width| width != d).map_or(Ok(()), |width| {
        let expected = format!("a width of {d}, as attention takes");
        let got = format!("{width} wide, or has a norm that is");
        Err(Error::Config { at: "DecoderLayer::new", field, got, expected })
    })
}

impl<'a> Module<HiddenStates<'a>> for DecoderLayer {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let a = self.attend(input, scratch)?;
        self.finish(a, input.sequences, None, scratch)
    }
}

/// The mask is that of self-attention; of the other text each token may look at all.
impl<'a> Module<CrossAttentionInput<'a>> for DecoderLayer {
    type Output = Array2<f32>;

    fn forward(&self, input: CrossAttentionInput<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(
        &self,
        input: CrossAttentionInput<'a>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let own = HiddenStates::new(input.hidden, input.sequences).mask(input.mask);
        let a = self.attend(own, scratch)?;
        self.finish(a, input.sequences, Some((input.memory, input.memories)), scratch)
    }
}

impl<'a> Module<WithCache<'a, LayerCache>> for DecoderLayer {
    type Output = Array2<f32>;

    fn forward(&self, input: WithCache<'a, LayerCache>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(
        &self,
        WithCache { states, cache, .. }: WithCache<'a, LayerCache>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let a = self.attention_norms.around(states.hidden, scratch, |rows, add, scratch| {
            let input = states.with(rows).with_cache(cache);
            match add {
                Add::Residual(x) => self.attention.forward_with_cache_added(input, x, scratch),
                Add::Nothing => self.attention.forward_in(input, scratch),
            }
        })?;
        self.finish(a, states.sequences, None, scratch)
    }
}
