//! The derivative of the decoder layer.

use lt_attention::{CrossAttentionInput, CrossGrad, HiddenGrad, HiddenStates, MultiHeadCache};
use lt_core::{Backward, Error, Ragged, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_layers::AnyFeedForwardCache;
use ndarray::{Array2, ArrayView2};

use super::{DecoderLayer, refused};
use crate::sublayer::SublayerCache;

/// What the backward pass of a [`DecoderLayer`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct DecoderLayerCache {
    attention: SublayerCache<MultiHeadCache>,
    cross_attention: Option<CrossCache>,
    /// What the last sublayer was given, `[tokens, d]`.
    attended: Array2<f32>,
    feed_forward: SublayerCache<AnyFeedForwardCache>,
}

#[derive(Debug, Clone)]
struct CrossCache {
    /// What cross-attention was given, `[tokens, d]`.
    attended: Array2<f32>,
    attention: SublayerCache<MultiHeadCache>,
}

/// The text that is looked at besides, and where its sequences begin.
type Memory<'a> = Option<(ArrayView2<'a, f32>, &'a Ragged)>;

impl Trainable for DecoderLayer {
    type Cache = DecoderLayerCache;
}

impl<'a> Backward<HiddenStates<'a>> for DecoderLayer {
    type InputGrad = HiddenGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, DecoderLayerCache)> {
        self.through_sublayers(input, None, train)
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &DecoderLayerCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        let (d_hidden, _) = self.back(input, (cache, None), d_output, grads, scratch)?;
        Ok(d_hidden)
    }
}

impl<'a> Backward<CrossAttentionInput<'a>> for DecoderLayer {
    type InputGrad = CrossGrad;

    fn forward_cached(
        &self,
        input: CrossAttentionInput<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, DecoderLayerCache)> {
        let own = HiddenStates::new(input.hidden, input.sequences).mask(input.mask);
        self.through_sublayers(own, Some((input.memory, input.memories)), train)
    }

    fn backward(
        &self,
        input: CrossAttentionInput<'a>,
        cache: &DecoderLayerCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<CrossGrad> {
        let own = HiddenStates::new(input.hidden, input.sequences).mask(input.mask);
        let memory = Some((input.memory, input.memories));
        let (d_own, d_memory) = self.back(own, (cache, memory), d_output, grads, scratch)?;
        let Some(memory) = d_memory else {
            return Err(refused("another text", "none: it looks at no other"));
        };
        Ok(CrossGrad::new(d_own.hidden, memory))
    }
}

impl DecoderLayer {
    fn through_sublayers(
        &self,
        input: HiddenStates<'_>,
        memory: Memory<'_>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, DecoderLayerCache)> {
        let (norms, dropout) = (&self.attention_norms, self.dropout);
        let (mut attended, attention) =
            norms.around_cached(input.hidden, dropout, train, |rows, train| {
                self.attention.forward_cached(input.with(rows), train)
            })?;
        let cross_attention = match (&self.cross_attention, memory) {
            (None, None) => None,
            (Some(cross), Some((memory, memories))) => {
                let norms = &self.cross_attention_norms;
                let (y, attention) =
                    norms.around_cached(attended.view(), dropout, train, |rows, train| {
                        let own = HiddenStates::new(rows, input.sequences);
                        cross.forward_cached(own.attending_to(memory, memories), train)
                    })?;
                Some(CrossCache { attended: std::mem::replace(&mut attended, y), attention })
            }
            (None, Some(_)) => return Err(refused("another text", "none: it looks at no other")),
            (Some(_), None) => return Err(refused("no other text", "one to look at")),
        };
        let norms = &self.feed_forward_norms;
        let (y, feed_forward) =
            norms.around_cached(attended.view(), dropout, train, |rows, train| {
                self.feed_forward.forward_cached(rows, train)
            })?;
        Ok((y, DecoderLayerCache { attention, cross_attention, attended, feed_forward }))
    }

    /// From the last sublayer to the first: the gradients of the text, and of the other text.
    fn back(
        &self,
        input: HiddenStates<'_>,
        (cache, memory): (&DecoderLayerCache, Memory<'_>),
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<(HiddenGrad, Option<Array2<f32>>)> {
        const AT: &str = "DecoderLayer::backward";
        check_shape(AT, dims![input.hidden.nrows(), self.width()], d_output.shape())?;
        // forward: y = around(feed_forward, c)
        let inside = (cache.attended.view(), &cache.feed_forward);
        let (layer, grad) = (&self.feed_forward, &mut grads.feed_forward);
        let mut d = self.feed_forward_norms.around_backward(
            inside,
            d_output,
            &mut grads.feed_forward_norms,
            scratch,
            |rows, cache, d_f, scratch| layer.backward(rows, cache, d_f, grad, scratch),
        )?;
        // forward: c = around(cross_attention, a, memory)  ⇒  backward: the memory has a gradient too
        let mut d_memory = None;
        match (&self.cross_attention, &mut grads.cross_attention, &cache.cross_attention, memory) {
            (None, None, None, None) => {}
            (Some(layer), Some(grad), Some(cache), Some((memory, memories))) => {
                let inside = (cache.attended.view(), &cache.attention);
                let d_attended = self.cross_attention_norms.around_backward(
                    inside,
                    &d,
                    &mut grads.cross_attention_norms,
                    scratch,
                    |rows, cache, d_f, scratch| {
                        let own = HiddenStates::new(rows, input.sequences);
                        let states = own.attending_to(memory, memories);
                        let both = layer.backward(states, cache, d_f, grad, scratch)?;
                        d_memory = Some(both.memory);
                        Ok(both.hidden)
                    },
                )?;
                scratch.give(std::mem::replace(&mut d, d_attended));
            }
            _ => {
                return Err(Error::Config {
                    at: AT,
                    field: "cache",
                    got: "that of a layer that looks at other texts than this one".to_owned(),
                    expected: "what forward_cached gave for this input".to_owned(),
                });
            }
        }
        // forward: a = around(attention, x)
        let (layer, grad, mut d_bias) = (&self.attention, &mut grads.attention, None);
        let d_hidden = self.attention_norms.around_backward(
            (input.hidden, &cache.attention),
            &d,
            &mut grads.attention_norms,
            scratch,
            |rows, cache, d_f, scratch| {
                let d_states = layer.backward(input.with(rows), cache, d_f, grad, scratch)?;
                d_bias = d_states.bias;
                Ok(d_states.hidden)
            },
        )?;
        scratch.give(d);
        Ok((HiddenGrad::new(d_hidden).bias(d_bias), d_memory))
    }
}
