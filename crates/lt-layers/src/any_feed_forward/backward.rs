//! The derivative of a feed-forward layer of either kind.

use lt_core::{Backward, Error, Result, Scratch, Train, Trainable};
use ndarray::{Array2, ArrayView2};

use crate::{AnyFeedForward, FeedForwardCache, GatedFeedForwardCache};

/// What the backward pass of an [`AnyFeedForward`] needs beyond its input.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AnyFeedForwardCache {
    /// Of a plain layer.
    Plain(FeedForwardCache),
    /// Of a gated layer.
    Gated(GatedFeedForwardCache),
}

impl Trainable for AnyFeedForward {
    type Cache = AnyFeedForwardCache;
}

impl<'a> Backward<ArrayView2<'a, f32>> for AnyFeedForward {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        x: ArrayView2<'a, f32>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, AnyFeedForwardCache)> {
        match self {
            Self::Plain(layer) => {
                let (y, cache) = layer.forward_cached(x, train)?;
                Ok((y, AnyFeedForwardCache::Plain(cache)))
            }
            Self::Gated(layer) => {
                let (y, cache) = layer.forward_cached(x, train)?;
                Ok((y, AnyFeedForwardCache::Gated(cache)))
            }
        }
    }

    fn backward(
        &self,
        x: ArrayView2<'a, f32>,
        cache: &AnyFeedForwardCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        // forward: y = f(x), f the layer inside  ⇒  backward: that of f
        match (self, cache, grads) {
            (Self::Plain(layer), AnyFeedForwardCache::Plain(cache), Self::Plain(grads)) => {
                layer.backward(x, cache, d_output, grads, scratch)
            }
            (Self::Gated(layer), AnyFeedForwardCache::Gated(cache), Self::Gated(grads)) => {
                layer.backward(x, cache, d_output, grads, scratch)
            }
            _ => Err(Error::Config {
                at: "AnyFeedForward::backward",
                field: "kind",
                got: "a cache or gradients of the other kind".into(),
                expected: "those of this layer, plain or gated".into(),
            }),
        }
    }
}
