//! Mistakes of the chapter on attention.

use lt_laws::attention::Inputs;
use ndarray::Array2;

/// The sum, as if each had a weight of one.
pub(crate) fn equal_keys() -> f32 {
    1.0 + 2.0 + 6.0
}

/// One mask in place of the other.
pub(crate) fn seen_under_both() -> [[bool; 3]; 3] {
    [[true, false, false], [true, true, false], [true, true, true]]
}

/// Keys without values.
pub(crate) fn tokens_that_fit(
    bytes: usize,
    layers: usize,
    key_heads: usize,
    width: usize,
) -> usize {
    bytes / (layers * key_heads * width * 4)
}

/// exp of a large score is infinite.
pub(crate) fn weights(scores: &[f32]) -> Vec<f32> {
    let powers: Vec<f32> = scores.iter().map(|score| score.exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// Dealt out like cards.
pub(crate) fn key_head(head: usize, heads: usize, key_heads: usize) -> usize {
    head % key_heads
}

/// The mask is not looked at.
pub(crate) fn attention(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    let all = lt_core::Mask::all();
    crate::solutions::attention::attention(Inputs { mask: &all, ..inputs })
}

/// It sounds like it.
pub(crate) fn law_that_catches_zero_times_anything() -> &'static str {
    lt_laws::attention::A_QUERY_WITHOUT_KEYS_GETS_ZEROS.name
}

/// Nothing is broken.
pub(crate) fn wrong_by_definition_alone(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    crate::solutions::attention::attention(inputs)
}
