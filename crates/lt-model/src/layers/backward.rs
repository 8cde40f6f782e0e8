//! The derivative of the layers of a model.

use lt_attention::{HiddenGrad, HiddenStates};
use lt_core::{Backward, Error, Result, Scratch, Train, Trainable};
use lt_decoder::DecoderCache;
use lt_encoder::EncoderCache;
use ndarray::Array2;

use super::Layers;

/// What the backward pass of [`Layers`] needs beyond its input.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LayersCache {
    /// Of an encoder.
    Encoder(EncoderCache),
    /// Of a decoder.
    Decoder(DecoderCache),
}

impl Trainable for Layers {
    type Cache = LayersCache;
}

impl<'a> Backward<HiddenStates<'a>> for Layers {
    type InputGrad = HiddenGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, LayersCache)> {
        match self {
            Self::Encoder(encoder) => {
                let (hidden, cache) = encoder.forward_cached(input, train)?;
                Ok((hidden, LayersCache::Encoder(cache)))
            }
            Self::Decoder(decoder) => {
                let (hidden, cache) = decoder.forward_cached(input, train)?;
                Ok((hidden, LayersCache::Decoder(cache)))
            }
        }
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &LayersCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        // forward: y = f(x), f the stack inside  ⇒  backward: that of f
        match (self, cache, grads) {
            (Self::Encoder(layers), LayersCache::Encoder(cache), Self::Encoder(grads)) => {
                layers.backward(input, cache, d_output, grads, scratch)
            }
            (Self::Decoder(layers), LayersCache::Decoder(cache), Self::Decoder(grads)) => {
                layers.backward(input, cache, d_output, grads, scratch)
            }
            _ => Err(Error::Config {
                at: "Layers::backward",
                field: "kind",
                got: "a cache or gradients of the other kind".into(),
                expected: "those of these layers, of an encoder or of a decoder".into(),
            }),
        }
    }
}
