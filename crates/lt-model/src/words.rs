//! The matrix that turns vectors into scores of words, and its derivative.

use std::mem::replace;

use lt_core::{Backward, Params, Path, Result, Scratch, Weight};
use lt_layers::Linear;
use ndarray::{Array2, ArrayView2};

/// What the backward pass finds for logits = t·Eᵀ + c.
pub(crate) struct WordsGrad {
    /// To t, `[rows, e]`.
    pub(crate) d_rows: Array2<f32>,
    /// To E, `[v, e]`.
    pub(crate) words: Weight,
    /// To c, `[v]`, where there is one.
    pub(crate) bias: Option<Weight>,
}

impl WordsGrad {
    /// The gradients that follow from that of the logits, `[rows, v]`.
    pub(crate) fn find(
        (words, bias): (&Weight, Option<&Weight>),
        rows: ArrayView2<'_, f32>,
        d_logits: &Array2<f32>,
        scratch: &mut Scratch,
    ) -> Result<Self> {
        // It is a linear layer, wherever its matrix is kept; a clone shares the numbers.
        let layer = Linear::new(words.clone(), bias.cloned())?;
        let mut grads = lt_core::zeros_like(&layer);
        let d_rows = layer.backward(rows, &(), d_logits, &mut grads, scratch)?;
        let (mut words, mut bias) = (Weight::zeros(words.shape()), None);
        grads.visit_mut(&mut Path::new(), &mut |name, found| {
            let found = replace(found, Weight::zeros(&[]));
            if name == "weight" { words = found } else { bias = Some(found) }
        });
        Ok(Self { d_rows, words, bias })
    }
}
