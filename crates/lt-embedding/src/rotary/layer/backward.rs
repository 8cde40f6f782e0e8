//! The way back of a rotation.

use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use ndarray::Array2;

use super::RotaryInput;
use crate::Rotary;
use crate::rotary::Places;

impl Trainable for Rotary {
    /// The positions are all that is needed.
    type Cache = ();
}

impl<'a> Backward<RotaryInput<'a>> for Rotary {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        input: RotaryInput<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, ())> {
        Ok((self.forward_in(input, &mut train.scratch)?, ()))
    }

    fn backward(
        &self,
        input: RotaryInput<'a>,
        (): &(),
        d_output: &Array2<f32>,
        _grads: &mut Self,
        _scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let (tokens, columns) = input.rows.dim();
        check_shape("Rotary::backward", dims![tokens, columns], d_output.shape())?;
        // forward: y = R·x, R a rotation (and a length)  ⇒  backward: dx = Rᵀ·dy
        let mut d_x = d_output.clone();
        let places = Places { sequences: input.sequences, before: input.before };
        self.turn_back(d_x.view_mut(), places)?;
        Ok(d_x)
    }
}
