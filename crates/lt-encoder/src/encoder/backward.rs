//! The derivative of the whole encoder.

use lt_attention::{HiddenGrad, HiddenStates};
use lt_core::{Backward, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use ndarray::Array2;

use super::{Encoder, biased};
use crate::layer::EncoderLayerCache;
use crate::stack::StackCache;

/// What the backward pass of an [`Encoder`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct EncoderCache {
    layers: StackCache<EncoderLayerCache>,
    /// What the norm at the end was given, `[tokens, d]`, if there is one.
    last: Option<Array2<f32>>,
}

impl Trainable for Encoder {
    type Cache = EncoderCache;
}

impl<'a> Backward<HiddenStates<'a>> for Encoder {
    type InputGrad = HiddenGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, EncoderCache)> {
        let relative = self.relative.as_ref();
        let numbers = relative.map(|relative| relative.by_distance(&mut train.scratch));
        let states = biased(&input, numbers.as_ref())?;
        let (hidden, layers) = self.layers.forward_cached(states, train)?;
        numbers.into_iter().for_each(|numbers| train.scratch.give(numbers));
        match &self.norm {
            None => Ok((hidden, EncoderCache { layers, last: None })),
            Some(norm) => {
                let normed = norm.forward_in(hidden.view(), &mut train.scratch)?;
                Ok((normed, EncoderCache { layers, last: Some(hidden) }))
            }
        }
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &EncoderCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        let (tokens, d) = input.hidden.dim();
        check_shape("Encoder::backward", dims![tokens, d], d_output.shape())?;
        // forward: y = norm(h)  ⇒  backward: that of the norm
        let d_last = match (&self.norm, &cache.last, &mut grads.norm) {
            (Some(norm), Some(last), Some(grads)) => {
                Some(norm.backward(last.view(), &(), d_output, grads, scratch)?)
            }
            _ => None,
        };
        let d_hidden = d_last.as_ref().unwrap_or(d_output);
        let numbers = self.relative.as_ref().map(|relative| relative.by_distance(scratch));
        let (states, layers) = (biased(&input, numbers.as_ref())?, &mut grads.layers);
        let mut d_input = self.layers.backward(states, &cache.layers, d_hidden, layers, scratch)?;
        numbers.into_iter().chain(d_last).for_each(|rows| scratch.give(rows));
        // forward: every layer adds the table's numbers to its scores  ⇒  backward: the table gets
        // what all layers found together
        if let (Some(relative), Some(grads)) = (&self.relative, &mut grads.relative)
            && let Some(d_bias) = d_input.bias.take()
        {
            relative.backward((), &(), &d_bias, grads, scratch)?;
        }
        Ok(d_input)
    }
}
