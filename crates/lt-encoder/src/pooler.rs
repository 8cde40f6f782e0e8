//! From the first token of each sequence to one vector for it.

use lt_core::{Error, Module, Ragged, Result, Scratch, params};
use lt_layers::{Activation, Linear};
use ndarray::{Array2, ArrayView2};

/// Rows of a batch and where its sequences begin.
#[derive(Debug, Clone, Copy)]
pub struct Sequences<'a> {
    /// One row per token, `[tokens, d]`.
    pub hidden: ArrayView2<'a, f32>,
    /// Where each sequence begins.
    pub sequences: &'a Ragged,
}

/// tanh(W·h + b) of the first token of each sequence, h: BERT's vector for a whole sequence.
///
/// # Shapes
/// `[tokens, d]` to `[b, d]`.
///
/// PyTorch: `BertPooler`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooler {
    dense: Linear,
}

params!(Pooler { dense });

impl Pooler {
    /// A pooler of this linear layer.
    #[must_use]
    pub fn new(dense: Linear) -> Self {
        Self { dense }
    }
}

impl<'a> Module<Sequences<'a>> for Pooler {
    type Output = Array2<f32>;

    fn forward(&self, input: Sequences<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: Sequences<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let first = first_tokens("Pooler::forward", input, scratch)?;
        let pooled = self.dense.forward_activated(first.view(), Activation::Tanh, scratch)?; // [b, d]
        scratch.give(first);
        Ok(pooled)
    }
}

/// The vector of the first token of each sequence, `[b, d]`, for a layer called `at`.
///
/// # Errors
/// [`Error::Empty`] if a sequence has no token.
pub fn first_tokens(
    at: &'static str,
    input: Sequences<'_>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    input.sequences.check(at, input.hidden.nrows())?;
    let mut first = scratch.take(input.sequences.len(), input.hidden.ncols());
    for (sequence, (range, mut row)) in input.sequences.ranges().zip(first.rows_mut()).enumerate() {
        if range.is_empty() {
            return Err(Error::Empty { at, sequence });
        }
        row.assign(&input.hidden.row(range.start));
    }
    Ok(first)
}
