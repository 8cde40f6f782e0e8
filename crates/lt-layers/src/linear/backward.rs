//! The derivative of the linear layer.

use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_kernels::{matmul, product_d_input, sum_of_rows};
use ndarray::{Array2, ArrayView2};

use crate::Linear;

impl Trainable for Linear {
    /// The input is all that is needed.
    type Cache = ();
}

impl<'a> Backward<ArrayView2<'a, f32>> for Linear {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        x: ArrayView2<'a, f32>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, ())> {
        Ok((self.forward_in(x, &mut train.scratch)?, ()))
    }

    fn backward(
        &self,
        x: ArrayView2<'a, f32>,
        (): &(),
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        check_shape("Linear::backward", dims![x.nrows(), self.outputs()], d_output.shape())?;
        // forward: y = x·Wᵀ + b  ⇒  backward: dW = dyᵀ·x, db = Σ dy over the rows, dx = dy·W
        // formula: linear-backward
        let d_weight = matmul(d_output.t(), x, scratch); // [out, in]
        grads.weight.add(d_weight.as_slice().unwrap_or_default());
        scratch.give(d_weight);
        if let Some(bias) = &mut grads.bias {
            bias.add(&sum_of_rows(d_output.view())); // [out]
        }
        Ok(product_d_input(d_output.view(), &self.weight, scratch)) // [tokens, in]
    }
}
