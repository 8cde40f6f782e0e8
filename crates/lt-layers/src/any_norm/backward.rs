//! The derivative of a norm of either kind.

use lt_core::{Backward, Error, Module, Result, Scratch, Train, Trainable};
use ndarray::{Array2, ArrayView2};

use crate::AnyNorm;

impl Trainable for AnyNorm {
    /// Nothing, as for either norm.
    type Cache = ();
}

impl<'a> Backward<ArrayView2<'a, f32>> for AnyNorm {
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
        cache: &(),
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        // forward: y = f(x), f the norm inside  ⇒  backward: that of f
        match (self, grads) {
            (Self::Layer(norm), Self::Layer(grads)) => {
                norm.backward(x, cache, d_output, grads, scratch)
            }
            (Self::Rms(norm), Self::Rms(grads)) => {
                norm.backward(x, cache, d_output, grads, scratch)
            }
            _ => Err(Error::Config {
                at: "AnyNorm::backward",
                field: "kind",
                got: "gradients of the other kind".into(),
                expected: "those of this norm".into(),
            }),
        }
    }
}
