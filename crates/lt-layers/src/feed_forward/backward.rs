//! The derivative of the feed-forward layer.

use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_columns};
use lt_kernels::activate;
use lt_kernels::reference::activation_backward;
use ndarray::{Array2, ArrayView2};

use crate::FeedForward;

/// What the backward pass of a [`FeedForward`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct FeedForwardCache {
    /// What the activation was applied to, `[tokens, f]`.
    pub before_activation: Array2<f32>,
}

impl Trainable for FeedForward {
    type Cache = FeedForwardCache;
}

impl<'a> Backward<ArrayView2<'a, f32>> for FeedForward {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        x: ArrayView2<'a, f32>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, FeedForwardCache)> {
        check_columns("FeedForward::forward", self.up.inputs(), &x)?;
        let before_activation = self.up.forward_in(x, &mut train.scratch)?;
        let mut wide = before_activation.clone();
        activate(self.activation, &mut wide, &mut train.scratch); // [tokens, f]
        let y = self.down.forward_in(wide.view(), &mut train.scratch)?;
        Ok((y, FeedForwardCache { before_activation }))
    }

    fn backward(
        &self,
        x: ArrayView2<'a, f32>,
        cache: &FeedForwardCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        // forward: a = x·W₁ᵀ + b₁, w = act(a), y = w·W₂ᵀ + b₂
        //   ⇒  backward: dw from the second layer, da = dw·act′(a), dx from the first
        let a = &cache.before_activation;
        let mut wide = a.clone();
        activate(self.activation, &mut wide, scratch); // [tokens, f]
        let mut d = self.down.backward(wide.view(), &(), d_output, &mut grads.down, scratch)?;
        activation_backward(self.activation, a.view(), &mut d);
        self.up.backward(x, &(), &d, &mut grads.up, scratch)
    }
}
