//! The derivative of the linear layer.

use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_kernels::reference::{matmul, sum_of_rows};
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
        _scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        check_shape("Linear::backward", dims![x.nrows(), self.outputs()], d_output.shape())?;
        // forward: y = x·Wᵀ + b  ⇒  backward: dW = dyᵀ·x, db = Σ dy over the rows, dx = dy·W
        let d_weight = matmul(d_output.t(), x); // [out, in]
        grads.weight.add(d_weight.as_slice().unwrap_or_default());
        if let Some(bias) = &mut grads.bias {
            bias.add(&sum_of_rows(d_output.view())); // [out]
        }
        Ok(matmul(d_output.view(), self.weight.matrix())) // [tokens, in]
    }
}
