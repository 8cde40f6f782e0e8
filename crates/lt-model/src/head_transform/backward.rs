//! The derivative of the first layer of a head.

use lt_core::{Backward, Result, Scratch, Train, Trainable, check_columns, check_shape, dims};
use lt_kernels::activate;
use lt_kernels::reference::activation_backward;
use ndarray::{Array2, ArrayView2};

use super::HeadTransform;

/// What the backward pass of a [`HeadTransform`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct HeadTransformCache {
    /// What the activation was applied to, `[n, e]`.
    before_activation: Array2<f32>,
}

impl Trainable for HeadTransform {
    type Cache = HeadTransformCache;
}

impl<'a> Backward<ArrayView2<'a, f32>> for HeadTransform {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        rows: ArrayView2<'a, f32>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, HeadTransformCache)> {
        check_columns("HeadTransform::forward", self.inputs(), &rows)?;
        let (before_activation, ()) = self.dense.forward_cached(rows, train)?; // [n, e]
        let mut y = before_activation.clone();
        activate(self.activation, &mut y, &mut train.scratch);
        if let Some(norm) = &self.norm {
            norm.forward_in_place(&mut y, &mut train.scratch)?;
        }
        Ok((y, HeadTransformCache { before_activation }))
    }

    fn backward(
        &self,
        rows: ArrayView2<'a, f32>,
        cache: &HeadTransformCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        const AT: &str = "HeadTransform::backward";
        check_shape(AT, dims![rows.nrows(), self.outputs()], d_output.shape())?;
        // forward: a = W·h + b, w = act(a), y = norm(w)
        //   ⇒  backward: dw from the norm, da = dw∘act′(a), dh from the linear layer
        let a = &cache.before_activation;
        let mut d_a = match (&self.norm, &mut grads.norm) {
            (Some(norm), Some(grads)) => {
                let mut w = a.clone();
                activate(self.activation, &mut w, scratch); // [n, e]
                norm.backward(w.view(), &(), d_output, grads, scratch)?
            }
            _ => d_output.clone(),
        };
        activation_backward(self.activation, a.view(), &mut d_a);
        self.dense.backward(rows, &(), &d_a, &mut grads.dense, scratch)
    }
}
