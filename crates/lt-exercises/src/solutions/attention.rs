//! Solutions of the chapter on attention.

use lt_core::Place;
use lt_laws::attention::Inputs;
use ndarray::Array2;

/// Equal scores, equal weights: the mean of the values.
pub(crate) fn equal_keys() -> f32 {
    (1.0 + 2.0 + 6.0) / 3.0
}

/// Causal hides what is ahead, the window what is more than one place back.
pub(crate) fn seen_under_both() -> [[bool; 3]; 3] {
    [[true, false, false], [true, true, false], [false, true, true]]
}

/// A token costs a key and a value in each layer, four bytes a number.
pub(crate) fn tokens_that_fit(
    bytes: usize,
    layers: usize,
    key_heads: usize,
    width: usize,
) -> usize {
    bytes / (layers * 2 * key_heads * width * 4)
}

/// The largest score is taken off first: exp of the others is then at most 1.
pub(crate) fn weights(scores: &[f32]) -> Vec<f32> {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if top == f32::NEG_INFINITY {
        return vec![0.0; scores.len()]; // nothing to look at
    }
    let powers: Vec<f32> = scores.iter().map(|score| (score - top).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// Neighbours: with 4 and 2, heads 0 and 1 read the first.
pub(crate) fn key_head(head: usize, heads: usize, key_heads: usize) -> usize {
    head / (heads / key_heads)
}

/// The formula, a query at a time.
pub(crate) fn attention(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    weighted(inputs, (inputs.query.ncols() as f32).sqrt().recip())
}

/// Only that law puts NaN into a hidden value, and 0·NaN is NaN.
pub(crate) fn law_that_catches_zero_times_anything() -> &'static str {
    lt_laws::attention::A_HIDDEN_KEY_MAY_HOLD_ANYTHING.name
}

/// With another scale the weights are others, and still weights: without the root.
pub(crate) fn wrong_by_definition_alone(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    weighted(inputs, 1.0)
}

fn weighted(inputs: Inputs<'_>, scale: f32) -> lt_core::Result<Array2<f32>> {
    let Inputs { query, key, value, queries, keys, mask } = inputs;
    mask.check("attention", queries, keys)?;
    let mut output = Array2::zeros((query.nrows(), value.ncols())); // [t, v]
    for (sequence, (rows, columns)) in queries.ranges().zip(keys.ranges()).enumerate() {
        for (place, i) in rows.enumerate() {
            let allowed =
                |j: usize| mask.allows(Place { sequence, query: place, key: j - columns.start });
            let score = |j: usize| {
                if allowed(j) { query.row(i).dot(&key.row(j)) * scale } else { f32::NEG_INFINITY }
            };
            let scores: Vec<f32> = columns.clone().map(score).collect(); // [s]
            for (j, weight) in columns.clone().zip(weights(&scores)) {
                if allowed(j) {
                    output.row_mut(i).scaled_add(weight, &value.row(j));
                }
            }
        }
    }
    Ok(output)
}
