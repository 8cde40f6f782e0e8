//! Solutions of the chapter on the encoder.

use lt_core::{Backward, Module, Scratch, Train, zeros_like};
use lt_encoder::{EncoderLayer, HiddenStates, NormPlacement};
use lt_laws::Batch;
use ndarray::{Array2, ArrayView2, ArrayView3};

use crate::encoder::Layer;

/// With post-LN x goes through both norms, which make −1 and 1 of any two numbers; with pre-LN it goes
/// past them.
pub(crate) fn layers_of_zeros() -> [[f32; 2]; 2] {
    [[-1.0, 1.0], [300.0, 700.0]]
}

/// Matrices and biases of six linear layers, gain and bias of two norms.
pub(crate) fn numbers_in_a_layer(d: usize, f: usize) -> usize {
    4 * (d * d + d) + (f * d + f) + (d * f + d) + 2 * (d + d)
}

struct LooksBack;

impl<'a> Module<HiddenStates<'a>> for LooksBack {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> lt_core::Result<Array2<f32>> {
        let mut output = input.hidden.to_owned();
        for range in input.sequences.ranges() {
            for row in range.skip(1) {
                let mut sum = output.row_mut(row);
                sum += &input.hidden.row(row - 1); // of the input: the output has changed
            }
        }
        Ok(output)
    }
}

/// A stack of n of them sees n places back: rounds of attention reach farther in the same way.
pub(crate) fn layer_that_looks_back() -> Layer {
    Box::new(LooksBack)
}

/// Padding is left out, not multiplied by 0, which NaN survives; and what is divided by is counted.
pub(crate) fn mean_of_padded(hidden: ArrayView3<'_, f32>, mask: ArrayView2<'_, u8>) -> Array2<f32> {
    let mut means = Array2::zeros((hidden.dim().0, hidden.dim().2));
    for ((rows, mask), mut mean) in hidden.outer_iter().zip(mask.outer_iter()).zip(means.rows_mut())
    {
        let tokens = || rows.outer_iter().zip(mask).filter(|(_, keep)| **keep == 1);
        for (row, _) in tokens() {
            mean += &row;
        }
        mean /= tokens().count() as f32;
    }
    means
}

/// Both are given n, and x itself goes past both.
pub(crate) fn parallel(
    layer: &EncoderLayer,
    input: HiddenStates<'_>,
) -> lt_core::Result<Array2<f32>> {
    let n = layer.feed_forward_norm().forward(input.hidden)?;
    let attended = layer.attention().forward(input.with(n.view()))?;
    Ok(attended + layer.feed_forward().forward(n.view())? + input.hidden)
}

/// A token that may look at nothing is NaN after one layer. After two, all that look at it are.
pub(crate) fn law_that_catches_minus_infinity() -> &'static str {
    lt_laws::encoder::BLIND_TOKENS_STAY_FINITE.name
}

/// Multiplied by its place: that is how positions make order visible, only that they are added as a rule.
pub(crate) fn found_by_order_alone(batch: Batch<'_>) -> lt_core::Result<Array2<f32>> {
    batch.mask.check("an exercise", batch.sequences, batch.sequences)?;
    let mut rows = batch.rows.to_owned();
    for range in batch.sequences.ranges() {
        for (place, row) in range.enumerate() {
            let mut row = rows.row_mut(row);
            row *= place as f32 + 1.0;
        }
    }
    Ok(rows)
}

/// A sum hands its gradient to both sides: what comes back through the sublayer is added to what comes
/// past it.
pub(crate) fn sublayer_backward(
    layer: &EncoderLayer,
    a: ArrayView2<'_, f32>,
    d_y: &Array2<f32>,
) -> lt_core::Result<Array2<f32>> {
    let (norm, feed_forward) = (layer.feed_forward_norm(), layer.feed_forward());
    let (train, scratch) = (&mut Train::default(), &mut Scratch::new());
    let (d_norm, d_feed_forward) = (&mut zeros_like(norm), &mut zeros_like(feed_forward));
    match layer.placement() {
        NormPlacement::Post => {
            let (change, cache) = feed_forward.forward_cached(a, train)?;
            let sum = change + a;
            let d_sum = norm.backward(sum.view(), &(), d_y, d_norm, scratch)?;
            Ok(feed_forward.backward(a, &cache, &d_sum, d_feed_forward, scratch)? + &d_sum)
        }
        NormPlacement::Pre => {
            let n = norm.forward(a)?;
            let (_, cache) = feed_forward.forward_cached(n.view(), train)?;
            let d_n = feed_forward.backward(n.view(), &cache, d_y, d_feed_forward, scratch)?;
            Ok(norm.backward(a, &(), &d_n, d_norm, scratch)? + d_y)
        }
    }
}
