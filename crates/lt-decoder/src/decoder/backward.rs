//! The derivative of the whole decoder.

use lt_attention::{HiddenGrad, HiddenStates};
use lt_core::{Backward, Error, Module, Result, Scratch, Train, Trainable, check_shape, dims};
use ndarray::Array2;

use super::Decoder;
use crate::layer::DecoderLayerCache;

/// What the backward pass of a [`Decoder`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct DecoderCache {
    layers: Vec<Run>,
    /// What the norm at the end was given, `[tokens, d]`, if there is one.
    last: Option<Array2<f32>>,
}

#[derive(Debug, Clone)]
struct Run {
    /// What the layer was given, `[tokens, d]`.
    hidden: Array2<f32>,
    cache: DecoderLayerCache,
}

impl Trainable for Decoder {
    type Cache = DecoderCache;
}

impl<'a> Backward<HiddenStates<'a>> for Decoder {
    type InputGrad = HiddenGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, DecoderCache)> {
        input.sequences.check("Decoder::forward", input.hidden.nrows())?;
        let mask = self.mask(input.mask);
        let states = self.looking_back(&input, &mask);
        let (mut hidden, mut layers) = (input.hidden.to_owned(), Vec::new());
        for layer in &self.layers {
            let (next, cache) = layer.forward_cached(states.with(hidden.view()), train)?;
            layers.push(Run { hidden: std::mem::replace(&mut hidden, next), cache });
        }
        match &self.norm {
            None => Ok((hidden, DecoderCache { layers, last: None })),
            Some(norm) => {
                let normed = norm.forward_in(hidden.view(), &mut train.scratch)?;
                Ok((normed, DecoderCache { layers, last: Some(hidden) }))
            }
        }
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &DecoderCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        const AT: &str = "Decoder::backward";
        let (tokens, d) = input.hidden.dim();
        check_shape(AT, dims![tokens, d], d_output.shape())?;
        if cache.layers.len() != self.layers.len() || grads.layers.len() != self.layers.len() {
            return Err(Error::Config {
                at: AT,
                field: "cache",
                got: format!("{} layers", cache.layers.len()),
                expected: format!("{}, as this decoder has", self.layers.len()),
            });
        }
        let mask = self.mask(input.mask);
        let states = self.looking_back(&input, &mask);
        // forward: y = norm(h)  ⇒  backward: that of the norm
        let mut d = match (&self.norm, &cache.last, &mut grads.norm) {
            (Some(norm), Some(last), Some(grads)) => {
                HiddenGrad::new(norm.backward(last.view(), &(), d_output, grads, scratch)?)
            }
            _ => HiddenGrad::new(d_output.to_owned()),
        };
        // forward: hₗ = layerₗ(hₗ₋₁)  ⇒  backward: from the last layer to the first
        let layers = self.layers.iter().zip(&mut grads.layers).zip(&cache.layers);
        for ((layer, grads), Run { hidden, cache }) in layers.rev() {
            let states = states.with(hidden.view());
            let d_layer = layer.backward(states, cache, &d.hidden, grads, scratch)?;
            scratch.give(d.followed_by(d_layer));
        }
        Ok(d)
    }
}
