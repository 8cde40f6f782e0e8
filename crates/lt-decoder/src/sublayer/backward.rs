//! The derivative of a sublayer with its norms and its residual.

use lt_core::{Backward, Module, Result, Scratch, Train};
use lt_layers::{AnyNorm, Dropout, Dropped};
use ndarray::{Array2, ArrayView2};

use super::SublayerNorms;

/// What the backward pass of y = after(x + m∘inner(f(before(x)))) needs beyond x, where m is what
/// dropout multiplies with.
#[derive(Debug, Clone)]
pub(crate) struct SublayerCache<C> {
    /// What f remembers.
    sublayer: C,
    /// What f gave, `[tokens, d]`, where that is normalised.
    given: Option<Array2<f32>>,
    dropped: Dropped,
    /// The sum, `[tokens, d]`, where that is normalised.
    sum: Option<Array2<f32>>,
}

impl SublayerNorms {
    /// y, and what to remember, from the sublayer f.
    pub(crate) fn around_cached<C>(
        &self,
        x: ArrayView2<'_, f32>,
        dropout: Dropout,
        train: &mut Train,
        sublayer: impl FnOnce(ArrayView2<'_, f32>, &mut Train) -> Result<(Array2<f32>, C)>,
    ) -> Result<(Array2<f32>, SublayerCache<C>)> {
        let normed = self.enter(x, &mut train.scratch)?;
        let rows = normed.as_ref().map_or(x.reborrow(), |normed| normed.view());
        let (mut y, sublayer) = sublayer(rows, train)?;
        normed.into_iter().for_each(|rows| train.scratch.give(rows));
        let given = keep(&self.inner, &mut y, &mut train.scratch)?;
        let dropped = dropout.apply(&mut y, train);
        y += &x;
        let sum = keep(&self.after, &mut y, &mut train.scratch)?;
        Ok((y, SublayerCache { sublayer, given, dropped, sum }))
    }

    /// The gradient of x from that of y. The sublayer is given its input, what it remembers and the
    /// gradient of its output, and gives that of its input.
    pub(crate) fn around_backward<C>(
        &self,
        (x, cache): (ArrayView2<'_, f32>, &SublayerCache<C>),
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
        sublayer: impl FnOnce(
            ArrayView2<'_, f32>,
            &C,
            &Array2<f32>,
            &mut Scratch,
        ) -> Result<Array2<f32>>,
    ) -> Result<Array2<f32>> {
        // forward: y = after(s)  ⇒  backward: that of the norm
        // formula: sublayer-backward
        let mut d_sum = scratch.take_any(d_output.nrows(), d_output.ncols());
        d_sum.assign(d_output);
        let after = (&self.after, &mut grads.after);
        d_sum = back_through(after, cache.sum.as_ref().map(|rows| rows.view()), d_sum, scratch)?;
        // forward: s = x + m∘i  ⇒  backward: a sum hands its gradient to both, di = m∘ds
        let mut d_inner = scratch.take_any(d_sum.nrows(), d_sum.ncols());
        d_inner.assign(&d_sum);
        cache.dropped.apply(0, d_inner.view_mut());
        // forward: i = inner(f(n)), n = before(x)  ⇒  backward: those of norm, sublayer, norm
        let (inner, given) = ((&self.inner, &mut grads.inner), cache.given.as_ref());
        let d_f = back_through(inner, given.map(|rows| rows.view()), d_inner, scratch)?;
        let normed = self.enter(x, scratch)?;
        let rows = normed.as_ref().map_or(x.reborrow(), |normed| normed.view());
        let d_normed = sublayer(rows, &cache.sublayer, &d_f, scratch)?;
        let before = (&self.before, &mut grads.before);
        let mut d_x = back_through(before, Some(x), d_normed, scratch)?;
        d_x += &d_sum;
        normed.into_iter().chain([d_f, d_sum]).for_each(|rows| scratch.give(rows));
        Ok(d_x)
    }
}

/// Normalises rows, and gives those that were: without a norm, none.
fn keep(
    norm: &Option<AnyNorm>,
    rows: &mut Array2<f32>,
    scratch: &mut Scratch,
) -> Result<Option<Array2<f32>>> {
    let Some(norm) = norm else { return Ok(None) };
    let normed = norm.forward_in(rows.view(), scratch)?;
    Ok(Some(std::mem::replace(rows, normed)))
}

/// The gradient of what a norm was given, from that of what it gave; without a norm they are one.
fn back_through(
    (norm, grads): (&Option<AnyNorm>, &mut Option<AnyNorm>),
    x: Option<ArrayView2<'_, f32>>,
    d_y: Array2<f32>,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    let (Some(norm), Some(grads), Some(x)) = (norm, grads, x) else { return Ok(d_y) };
    let d_x = norm.backward(x, &(), &d_y, grads, scratch)?;
    scratch.give(d_y);
    Ok(d_x)
}
