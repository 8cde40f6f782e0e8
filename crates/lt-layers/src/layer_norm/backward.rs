//! The derivative of layer normalisation.

use lt_core::{
    Backward, Module, Result, Scratch, Train, Trainable, check_columns, check_shape, dims,
};
use lt_kernels::reference::layer_norm_backward;
use ndarray::{Array2, ArrayView2};

use crate::LayerNorm;

impl Trainable for LayerNorm {
    /// Nothing: mean and variance are taken again, which is cheaper than to keep them.
    type Cache = ();
}

impl<'a> Backward<ArrayView2<'a, f32>> for LayerNorm {
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
        check_columns("LayerNorm::backward", self.width(), &x)?;
        check_shape("LayerNorm::backward", dims![x.nrows(), self.width()], d_output.shape())?;
        // forward: n = (x − μ)·scale, y = γ·n + β
        //   ⇒  backward: dγ = Σ dy·n, dβ = Σ dy, dx = scale·(dn − mean(dn) − n·mean(dn·n)), dn = dy·γ
        let problem = lt_kernels::LayerNorm::new(x, self.norm());
        let d = layer_norm_backward(&problem, d_output.view());
        grads.gain.add(&d.gain);
        if let (Some(bias), Some(d_bias)) = (&mut grads.bias, &d.bias) {
            bias.add(d_bias);
        }
        Ok(d.input)
    }
}
