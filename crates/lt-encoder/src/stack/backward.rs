//! The derivative of layers one after another.

use lt_attention::{HiddenGrad, HiddenStates};
use lt_core::{
    Backward, Error, Params, Result, Scratch, Train, Trainable, add_gradients, zeros_like,
};
use ndarray::Array2;

use super::Stack;

/// What the backward pass of a [`Stack`] needs beyond its input: for each layer that ran, what it
/// was given and what it remembers.
#[derive(Debug, Clone)]
pub struct StackCache<C> {
    runs: Vec<Run<C>>,
}

#[derive(Debug, Clone)]
struct Run<C> {
    /// `[tokens, d]`.
    hidden: Array2<f32>,
    cache: C,
}

impl<L: Trainable> Trainable for Stack<L> {
    type Cache = StackCache<L::Cache>;
}

impl<'a, L> Backward<HiddenStates<'a>> for Stack<L>
where
    L: for<'b> Backward<HiddenStates<'b>, Output = Array2<f32>, InputGrad = HiddenGrad>,
{
    type InputGrad = HiddenGrad;

    fn forward_cached(
        &self,
        input: HiddenStates<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, StackCache<L::Cache>)> {
        input.sequences.check("Stack::forward", input.hidden.nrows())?;
        let (mut hidden, mut runs) = (input.hidden.to_owned(), Vec::new());
        for layer in self.running() {
            let (next, cache) = layer.forward_cached(input.with(hidden.view()), train)?;
            runs.push(Run { hidden: std::mem::replace(&mut hidden, next), cache });
        }
        Ok((hidden, StackCache { runs }))
    }

    fn backward(
        &self,
        input: HiddenStates<'a>,
        cache: &StackCache<L::Cache>,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<HiddenGrad> {
        let order: Vec<usize> = self.order().collect();
        if cache.runs.len() != order.len() || grads.layers.len() != self.layers.len() {
            return Err(Error::Config {
                at: "Stack::backward",
                field: "cache",
                got: format!("{} layers that ran", cache.runs.len()),
                expected: format!("{}, as this stack runs", order.len()),
            });
        }
        // forward: hₗ = layerₗ(hₗ₋₁)  ⇒  backward: from the last layer to the first
        let mut d = HiddenGrad::new(d_output.to_owned());
        let mut found = Found::new(self);
        for (&number, Run { hidden, cache }) in order.iter().zip(&cache.runs).rev() {
            let states = input.with(hidden.view());
            let (layer, grads) = (&self.layers[number], found.of(number, &mut grads.layers));
            let d_layer = layer.backward(states, cache, &d.hidden, grads, scratch)?;
            scratch.give(d.followed_by(d_layer));
        }
        found.add_to(&mut grads.layers);
        Ok(d)
    }
}

/// The gradients of layers that run more than once: forward: a layer is used several times
/// ⇒  backward: its gradients of all times add up. They do so from zero, and are added once, as for
/// every other layer.
struct Found<L>(Option<Vec<L>>);

impl<L: Params + Clone> Found<L> {
    fn new(stack: &Stack<L>) -> Self {
        Self(stack.sharing.as_ref().map(|_| stack.layers.iter().map(zeros_like).collect()))
    }

    /// Where a layer's gradient is added to.
    fn of<'a>(&'a mut self, number: usize, grads: &'a mut [L]) -> &'a mut L {
        match &mut self.0 {
            Some(found) => &mut found[number],
            None => &mut grads[number],
        }
    }

    fn add_to(&self, grads: &mut [L]) {
        for (sum, found) in grads.iter_mut().zip(self.0.iter().flatten()) {
            add_gradients(sum, found);
        }
    }
}
