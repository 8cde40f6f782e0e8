//! From the first token of each sequence to one vector for it.

#[cfg(feature = "train")]
mod backward;

use std::ops::Range;

use lt_core::{Error, Module, Ragged, Result, Scratch, params};
use lt_layers::{Activation, Linear};
use ndarray::{Array2, ArrayView2, ArrayViewMut1, s};

#[cfg(feature = "train")]
pub use backward::{PoolerCache, first_tokens_backward, mean_tokens_backward, tokens_at_backward};

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
        // formula: pooler
        let first = first_tokens("Pooler::forward", input, scratch)?;
        let pooled = self.dense.forward_activated(first.view(), Activation::Tanh, scratch)?; // [b, d]
        scratch.give(first);
        Ok(pooled)
    }
}

/// The vector of one token of each sequence, `[b, d]`, for a layer called `at`: which one is said
/// for the rows of the sequence, counted from the first of them.
///
/// # Errors
/// [`Error::Empty`] if a sequence has no token.
///
/// # Panics
/// If a sequence has no such token.
///
/// ```
/// use lt_encoder::{Sequences, lt_core::{Ragged, Scratch}, tokens_at};
/// let (hidden, sequences) = (ndarray::array![[1.0], [3.0], [5.0]], Ragged::from_lengths([2, 1]));
/// let input = Sequences { hidden: hidden.view(), sequences: &sequences };
/// let last = tokens_at("an example", input, |rows| rows.len() - 1, &mut Scratch::new())?;
/// assert_eq!(last, ndarray::array![[3.0], [5.0]]);
/// # Ok::<(), lt_encoder::lt_core::Error>(())
/// ```
pub fn tokens_at(
    at: &'static str,
    input: Sequences<'_>,
    place: impl Fn(Range<usize>) -> usize,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    let mut ranges = input.sequences.ranges();
    one_each(at, input, scratch, |tokens, mut row| {
        let place = ranges.next().map_or(0, &place);
        row.assign(&tokens.row(place));
    })
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
    one_each(at, input, scratch, |tokens, mut row| row.assign(&tokens.row(0)))
}

/// The mean of the vectors of each sequence, `[b, d]`, for a layer called `at`.
///
/// # Errors
/// As for [`first_tokens`].
///
/// ```
/// use lt_encoder::{Sequences, lt_core::{Ragged, Scratch}, mean_tokens};
/// let (hidden, sequences) = (ndarray::array![[1.0], [3.0], [5.0]], Ragged::from_lengths([2, 1]));
/// let input = Sequences { hidden: hidden.view(), sequences: &sequences };
/// let means = mean_tokens("an example", input, &mut Scratch::new())?;
/// assert_eq!(means, ndarray::array![[2.0], [5.0]]);
/// # Ok::<(), lt_encoder::lt_core::Error>(())
/// ```
pub fn mean_tokens(
    at: &'static str,
    input: Sequences<'_>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    one_each(at, input, scratch, |tokens, mut row| {
        // One after the other, so that the order of the sum is that of the text.
        tokens.rows().into_iter().for_each(|token| row += &token);
        row /= tokens.nrows() as f32;
    })
}

/// One vector for each sequence, made of the vectors of its tokens, of which there is at least one.
fn one_each(
    at: &'static str,
    input: Sequences<'_>,
    scratch: &mut Scratch,
    mut make: impl FnMut(ArrayView2<'_, f32>, ArrayViewMut1<'_, f32>),
) -> Result<Array2<f32>> {
    input.sequences.check(at, input.hidden.nrows())?;
    let mut vectors = scratch.take(input.sequences.len(), input.hidden.ncols());
    for (sequence, (range, row)) in input.sequences.ranges().zip(vectors.rows_mut()).enumerate() {
        if range.is_empty() {
            return Err(Error::Empty { at, sequence });
        }
        make(input.hidden.slice(s![range, ..]), row);
    }
    Ok(vectors)
}
