//! The derivative of RMS norm.

use lt_core::{
    Backward, Module, Result, Scratch, Train, Trainable, check_columns, check_shape, dims,
};
use lt_kernels::reference::rms_norm_backward;
use ndarray::{Array2, ArrayView2};

use crate::RmsNorm;

impl Trainable for RmsNorm {
    /// Nothing: the mean of the squares is taken again, which is cheaper than to keep it.
    type Cache = ();
}

impl<'a> Backward<ArrayView2<'a, f32>> for RmsNorm {
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
        check_columns("RmsNorm::backward", self.width(), &x)?;
        check_shape("RmsNorm::backward", dims![x.nrows(), self.width()], d_output.shape())?;
        // forward: n = x·scale, y = γ·n
        //   ⇒  backward: dγ = Σ dy·n, dx = scale·(dn − n·mean(dn·n)), dn = dy·γ; what is added to
        //      the weight to make γ of it is constant, so that the weight's gradient is γ's
        let problem = lt_kernels::RmsNorm::new(x, self.norm());
        let d = rms_norm_backward(&problem, d_output.view());
        grads.weight.add(&d.gain);
        Ok(d.input)
    }
}

impl RmsNorm {
    /// The derivative of [`forward_heads_in_place`](Self::forward_heads_in_place) over all columns:
    /// the gradient of what went in, in the place of that of what came out.
    ///
    /// # Shapes
    /// `x` and `d` are `[tokens, any]`, a whole number of heads each as wide as this layer; `x` is
    /// what went in.
    ///
    /// # Errors
    /// If the shapes are others.
    pub fn backward_heads(
        &self,
        x: ArrayView2<'_, f32>,
        d: &mut Array2<f32>,
        grads: &mut Self,
    ) -> Result<()> {
        const AT: &str = "RmsNorm::backward_heads";
        let heads = x.ncols() / self.width();
        check_shape(AT, dims!["tokens", heads * self.width()], x.shape())?;
        check_shape(AT, dims![x.nrows(), x.ncols()], d.shape())?;
        let problem = lt_kernels::RmsNorm::new(x, self.norm());
        let found = rms_norm_backward(&problem, d.view());
        grads.weight.add(&found.gain);
        *d = found.input;
        Ok(())
    }
}
