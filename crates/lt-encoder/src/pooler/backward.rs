//! From the gradient of one vector for each sequence to those of its tokens.

use std::ops::Range;

use lt_core::{Backward, Module, Ragged, Result, Scratch, Train, Trainable, check_shape, dims};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, s};

use super::{Pooler, Sequences, first_tokens};

/// What the backward pass of a [`Pooler`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct PoolerCache {
    /// What it gave, `[b, d]`: the derivative of tanh follows from it.
    pooled: Array2<f32>,
}

impl Trainable for Pooler {
    type Cache = PoolerCache;
}

impl<'a> Backward<Sequences<'a>> for Pooler {
    type InputGrad = Array2<f32>;

    fn forward_cached(
        &self,
        input: Sequences<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, PoolerCache)> {
        let pooled = self.forward_in(input, &mut train.scratch)?;
        Ok((pooled.clone(), PoolerCache { pooled }))
    }

    fn backward(
        &self,
        input: Sequences<'a>,
        cache: &PoolerCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        const AT: &str = "Pooler::backward";
        check_shape(AT, dims![input.sequences.len(), self.dense.outputs()], d_output.shape())?;
        // forward: p = tanh(a)  ⇒  backward: da = dp·(1 − p²)
        let mut d_dense = d_output.clone(); // [b, d]
        d_dense.zip_mut_with(&cache.pooled, |d, p| *d *= 1.0 - p * p);
        // forward: a = W·h₁ + b, h₁ the first token  ⇒  backward: that of the linear layer, and
        // nothing for the other tokens
        let first = first_tokens(AT, input, scratch)?; // [b, d]
        let d_first =
            self.dense.backward(first.view(), &(), &d_dense, &mut grads.dense, scratch)?;
        scratch.give(first);
        first_tokens_backward(AT, input.sequences, d_first.view(), scratch)
    }
}

/// The gradient of what [`tokens_at`](super::tokens_at) was given, `[tokens, d]`, from that of what
/// it gave, `[b, d]`: forward: vᵢ = h at one place  ⇒  backward: dh = dvᵢ there, and 0 elsewhere.
///
/// # Errors
/// [`Error::Shape`](lt_core::Error::Shape) if there is not a gradient for each sequence.
///
/// # Panics
/// If a sequence has no such token.
///
/// ```
/// use lt_encoder::{lt_core::{Ragged, Scratch}, tokens_at_backward};
/// let (batch, d) = (Ragged::from_lengths([2, 1]), ndarray::array![[3.0], [5.0]]);
/// let last = |rows: std::ops::Range<usize>| rows.len() - 1;
/// let d_hidden = tokens_at_backward("an example", &batch, last, d.view(), &mut Scratch::new())?;
/// assert_eq!(d_hidden, ndarray::array![[0.0], [3.0], [5.0]]);
/// # Ok::<(), lt_encoder::lt_core::Error>(())
/// ```
pub fn tokens_at_backward(
    at: &'static str,
    sequences: &Ragged,
    place: impl Fn(Range<usize>) -> usize,
    d_vectors: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    to_each(at, sequences, d_vectors, scratch, |range, mut tokens, d| {
        tokens.row_mut(place(range)).assign(&d);
    })
}

/// The same for [`first_tokens`].
///
/// # Errors
/// As for [`tokens_at_backward`].
pub fn first_tokens_backward(
    at: &'static str,
    sequences: &Ragged,
    d_vectors: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    to_each(at, sequences, d_vectors, scratch, |_, mut tokens, d| tokens.row_mut(0).assign(&d))
}

/// The gradient of what [`mean_tokens`](super::mean_tokens) was given: forward: v = Σ hⱼ/t
/// ⇒  backward: dhⱼ = dv/t for each of the t tokens.
///
/// # Errors
/// As for [`tokens_at_backward`].
///
/// ```
/// use lt_encoder::{lt_core::{Ragged, Scratch}, mean_tokens_backward};
/// let (batch, d) = (Ragged::from_lengths([2, 1]), ndarray::array![[3.0], [5.0]]);
/// let d_hidden = mean_tokens_backward("an example", &batch, d.view(), &mut Scratch::new())?;
/// assert_eq!(d_hidden, ndarray::array![[1.5], [1.5], [5.0]]);
/// # Ok::<(), lt_encoder::lt_core::Error>(())
/// ```
pub fn mean_tokens_backward(
    at: &'static str,
    sequences: &Ragged,
    d_vectors: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    to_each(at, sequences, d_vectors, scratch, |_, mut tokens, d| {
        let count = tokens.nrows() as f32;
        tokens
            .rows_mut()
            .into_iter()
            .for_each(|mut row| row.zip_mut_with(&d, |to, d| *to = d / count));
    })
}

/// The gradients of all tokens, zero at first, those of each sequence made from that of its vector.
fn to_each(
    at: &'static str,
    sequences: &Ragged,
    d_vectors: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
    mut make: impl FnMut(Range<usize>, ArrayViewMut2<'_, f32>, ArrayView1<'_, f32>),
) -> Result<Array2<f32>> {
    check_shape(at, dims![sequences.len(), "d"], d_vectors.shape())?;
    let mut d_hidden = scratch.take(sequences.tokens(), d_vectors.ncols());
    for (range, d) in sequences.ranges().zip(d_vectors.rows()) {
        if !range.is_empty() {
            let tokens = d_hidden.slice_mut(s![range.clone(), ..]);
            make(range, tokens, d);
        }
    }
    Ok(d_hidden)
}
