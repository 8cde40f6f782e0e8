//! A feed-forward layer of either kind.

#[cfg(feature = "train")]
pub(crate) mod backward;

use lt_core::{Module, Params, Path, Result, Scratch, Weight};
use ndarray::{Array2, ArrayView2};

use crate::{FeedForward, GatedFeedForward};

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
