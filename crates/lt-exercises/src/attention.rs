//! Chapter: attention. `cargo xtask grade attention`
//!
//! Fill in one function at a time. In all of them a text is alone: `Q`, `K` and `V` are its rows.

use lt_laws::attention::Inputs;
use ndarray::Array2;

/// ★ A query meets three keys that are all the same. Their values are 1, 2 and 6.
///
/// Return what attention gives, by hand.
pub fn equal_keys() -> f32 {
    todo!()
}

/// ★ Three tokens look at each other under `Mask::causal() & Mask::window(1, 0)`: at themselves,
/// and one place back.
///
/// Return for each query (row) which keys (column) have a weight that is not zero.
pub fn seen_under_both() -> [[bool; 3]; 3] {
    todo!()
}

/// ★★ A model keeps the keys and values of every token, in f32: `layers` layers, `key_heads` heads
/// of keys and as many of values, each of width `width`.
///
/// Return how many tokens fit into `bytes` bytes.
pub fn tokens_that_fit(bytes: usize, layers: usize, key_heads: usize, width: usize) -> usize {
    todo!()
}

/// ★★ The weights of one query: the softmax of its scores. A hidden key has the score −∞.
///
/// Held by the laws of softmax: rows sum to one, large scores survive, a query that may look at
/// nothing gets zeros, and not NaN.
pub fn weights(scores: &[f32]) -> Vec<f32> {
    todo!()
}

/// ★★ `heads` heads of queries share `key_heads` heads of keys, in groups of neighbours.
///
/// Return which head of keys this head of queries reads.
pub fn key_head(head: usize, heads: usize, key_heads: usize) -> usize {
    todo!()
}

/// ★★★ Scaled dot-product attention, equation (1), over the keys that the mask allows.
///
/// `inputs.queries.ranges()` and `inputs.keys.ranges()` say which rows are of one text, and
/// [`lt_core::Mask::allows`] who may look at whom. Refuse a mask of another batch with [`lt_core::Mask::check`].
/// Held by all laws of attention.
///
/// # Errors
/// If the mask does not fit.
pub fn attention(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    todo!()
}

/// ★★ Break it: in the function `attention` of the chapter, the line that asks the mask is left out where the
/// values are added up, so that a hidden key has a weight of 0 and is multiplied by it:
///
/// ```text
/// for (j, v_j) in values.rows().into_iter().enumerate() {
///     output[i] += weights[j] * v_j;      // was: if mask.allows(i, j)
/// }
/// ```
///
/// Return the name of the law that catches it, as in
/// `lt_laws::attention::OUTPUT_FOLLOWS_THE_QUERIES.name`. Why does only that one?
pub fn law_that_catches_zero_times_anything() -> &'static str {
    todo!()
}

/// ★★★ Break it: write an attention that is wrong, and that all laws but one let pass: only "attention agrees with its
/// definition" may find it.
///
/// # Errors
/// If the mask does not fit.
pub fn wrong_by_definition_alone(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    todo!()
}
