//! The derivative of the gated feed-forward layer.

use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_columns};
use lt_kernels::activate;
use lt_kernels::reference::activation_backward;
use ndarray::{Array2, ArrayView2};

use crate::GatedFeedForward;

/// What the backward pass of a [`GatedFeedForward`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct GatedFeedForwardCache {
    /// What the activation was applied to, `[tokens, f]`.
    pub before_activation: Array2<f32>,
    /// What it was multiplied with, `[tokens, f]`.
    pub up: Array2<f32>,
}

impl Trainable for GatedFeedForward {
    type Cache = GatedFeedForwardCache;
}

impl<'a> Backward<ArrayView2<'a, f32>> for GatedFeedForward {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        x: ArrayView2<'a, f32>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, GatedFeedForwardCache)> {
        check_columns("GatedFeedForward::forward", self.gate.inputs(), &x)?;
        let before_activation = self.gate.forward_in(x, &mut train.scratch)?; // [tokens, f]
        let up = self.up.forward_in(x, &mut train.scratch)?; // [tokens, f]
        let mut wide = before_activation.clone();
        activate(self.activation, &mut wide, &mut train.scratch);
        wide *= &up; // [tokens, f]
        let y = self.down.forward_in(wide.view(), &mut train.scratch)?;
        Ok((y, GatedFeedForwardCache { before_activation, up }))
    }

    fn backward(
        &self,
        x: ArrayView2<'a, f32>,
        cache: &GatedFeedForwardCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        // forward: a = x·W₁ᵀ + b₁, u = x·W₂ᵀ + b₂, w = act(a)∘u, y = w·W₃ᵀ + b₃
        //   ⇒  backward: dw from the last layer, da = dw∘u∘act′(a), du = dw∘act(a),
        //      dx what the first two give together
        let GatedFeedForwardCache { before_activation: a, up: u } = cache;
        let mut gate = a.clone();
        activate(self.activation, &mut gate, scratch); // [tokens, f]
        let wide = &gate * u; // [tokens, f]
        let d_wide = self.down.backward(wide.view(), &(), d_output, &mut grads.down, scratch)?;
        let mut d_a = &d_wide * u;
        activation_backward(self.activation, a.view(), &mut d_a);
        let d_u = d_wide * gate;
        let d_x = self.gate.backward(x, &(), &d_a, &mut grads.gate, scratch)?;
        Ok(d_x + self.up.backward(x, &(), &d_u, &mut grads.up, scratch)?) // [tokens, d]
    }
}
