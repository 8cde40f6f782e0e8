//! A feed-forward layer of either kind.

use lt_core::{Backward, Error, Module, Params, Path, Result, Scratch, Train, Trainable, Weight};
use ndarray::{Array2, ArrayView2};

use crate::{FeedForward, FeedForwardCache, GatedFeedForward, GatedFeedForwardCache};

/// A feed-forward layer, plain or gated: what a layer around it holds, whose family says which.
///
/// Its parameters have the names of the layer inside, as if there were nothing around it.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// PyTorch: `BertIntermediate` with the dense layer of `BertOutput`, or `ModernBertMLP`.
///
/// ```
/// use lt_layers::{Activation, AnyFeedForward, FeedForward, Linear, lt_core::{Module, weights}};
/// let plain = FeedForward::new(Linear::zeros(2, 8)?, Activation::Relu, Linear::zeros(8, 2)?)?;
/// let any = AnyFeedForward::from(plain);
/// assert_eq!((any.inputs(), any.outputs()), (2, 2));
/// assert_eq!(weights(&any)[0].0, "up.weight");
/// assert_eq!(any.forward(ndarray::array![[1.0, 2.0]].view())?, ndarray::array![[0.0, 0.0]]);
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AnyFeedForward {
    /// Two linear layers with an activation between them.
    Plain(FeedForward),
    /// Three, of which one is the gate of another.
    Gated(GatedFeedForward),
}

impl From<FeedForward> for AnyFeedForward {
    fn from(layer: FeedForward) -> Self {
        Self::Plain(layer)
    }
}

impl From<GatedFeedForward> for AnyFeedForward {
    fn from(layer: GatedFeedForward) -> Self {
        Self::Gated(layer)
    }
}

impl AnyFeedForward {
    /// The width of the rows that it takes, d.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match self {
            Self::Plain(layer) => layer.up().inputs(),
            Self::Gated(layer) => layer.up().inputs(),
        }
    }

    /// The width of the rows that it gives.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Plain(layer) => layer.down().outputs(),
            Self::Gated(layer) => layer.down().outputs(),
        }
    }

    /// What [`forward`](Module::forward) computes, plus a residual, added in one pass over the
    /// output.
    ///
    /// # Errors
    /// As for [`Module::forward`], and if the residual has not the shape of the output.
    pub fn forward_added(
        &self,
        x: ArrayView2<'_, f32>,
        residual: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        match self {
            Self::Plain(layer) => layer.forward_added(x, residual, scratch),
            Self::Gated(layer) => layer.forward_added(x, residual, scratch),
        }
    }
}

impl Params for AnyFeedForward {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        match self {
            Self::Plain(layer) => layer.visit(path, visit),
            Self::Gated(layer) => layer.visit(path, visit),
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        match self {
            Self::Plain(layer) => layer.visit_mut(path, visit),
            Self::Gated(layer) => layer.visit_mut(path, visit),
        }
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for AnyFeedForward {
    type Output = Array2<f32>;

    fn forward(&self, x: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(x, &mut Scratch::new())
    }

    fn forward_in(&self, x: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        match self {
            Self::Plain(layer) => layer.forward_in(x, scratch),
            Self::Gated(layer) => layer.forward_in(x, scratch),
        }
    }
}

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
