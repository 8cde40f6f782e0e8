//! Mistakes of the chapter on the encoder.

use lt_core::{Backward, Module, Scratch, Train, zeros_like};
use lt_encoder::{EncoderLayer, HiddenStates, NormPlacement};
use lt_laws::Batch;
use ndarray::{Array2, ArrayView2, ArrayView3, Axis};

use crate::encoder::Layer;

/// With post-LN nothing goes past the norms.
pub(crate) fn layers_of_zeros() -> [[f32; 2]; 2] {
    [[300.0, 700.0], [300.0, 700.0]]
}

/// The matrices alone.
pub(crate) fn numbers_in_a_layer(d: usize, f: usize) -> usize {
    4 * d * d + 2 * d * f
}

struct LooksBackThroughTheBatch;

impl<'a> Module<HiddenStates<'a>> for LooksBackThroughTheBatch {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> lt_core::Result<Array2<f32>> {
        let mut output = input.hidden.to_owned();
        for row in 1..output.nrows() {
            let mut sum = output.row_mut(row);
            sum += &input.hidden.row(row - 1);
        }
        Ok(output)
    }
}

/// The first token of a text sees the last of the text before.
pub(crate) fn layer_that_looks_back() -> Layer {
    Box::new(LooksBackThroughTheBatch)
}

/// The mask is not looked at: padding makes the mean smaller.
pub(crate) fn mean_of_padded(
    hidden: ArrayView3<'_, f32>,
    _mask: ArrayView2<'_, u8>,
) -> Array2<f32> {
    hidden.sum_axis(Axis(1)) / hidden.dim().1 as f32
}

/// The normalised rows go past the sublayers, in place of x.
pub(crate) fn parallel(
    layer: &EncoderLayer,
    input: HiddenStates<'_>,
) -> lt_core::Result<Array2<f32>> {
    let n = layer.feed_forward_norm().forward(input.hidden)?;
    let attended = layer.attention().forward(input.with(n.view()))?;
    Ok(attended + layer.feed_forward().forward(n.view())? + &n)
}

/// It joins masks, but compares bits, and NaN is NaN in both passes.
pub(crate) fn law_that_catches_minus_infinity() -> &'static str {
    lt_laws::encoder::THE_FUTURE_CHANGES_NOTHING.name
}

/// The place is seen, but a mask of another batch is accepted.
pub(crate) fn found_by_order_alone(batch: Batch<'_>) -> lt_core::Result<Array2<f32>> {
    batch.sequences.check("an exercise", batch.rows.nrows())?;
    let mut rows = batch.rows.to_owned();
    for range in batch.sequences.ranges() {
        for (place, row) in range.enumerate() {
            let mut row = rows.row_mut(row);
            row *= place as f32 + 1.0;
        }
    }
    Ok(rows)
}

/// What comes past the sublayer is forgotten.
pub(crate) fn sublayer_backward(
    layer: &EncoderLayer,
    a: ArrayView2<'_, f32>,
    d_y: &Array2<f32>,
) -> lt_core::Result<Array2<f32>> {
    let (norm, feed_forward) = (layer.feed_forward_norm(), layer.feed_forward());
    let (train, scratch) = (&mut Train::default(), &mut Scratch::new());
    let (d_norm, d_feed_forward) = (&mut zeros_like(norm), &mut zeros_like(feed_forward));
    if layer.placement() == NormPlacement::Post {
        let (change, cache) = feed_forward.forward_cached(a, train)?;
        let sum = change + a;
        let d_sum = norm.backward(sum.view(), &(), d_y, d_norm, scratch)?;
        return feed_forward.backward(a, &cache, &d_sum, d_feed_forward, scratch);
    }
    let n = norm.forward(a)?;
    let (_, cache) = feed_forward.forward_cached(n.view(), train)?;
    let d_n = feed_forward.backward(n.view(), &cache, d_y, d_feed_forward, scratch)?;
    norm.backward(a, &(), &d_n, d_norm, scratch)
}
