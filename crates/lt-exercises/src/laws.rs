//! Chapter: laws. `cargo xtask grade laws`
//!
//! Fill in one function at a time.

use lt_core::Ragged;
use ndarray::{Array2, ArrayView2};

/// ★ A softmax that does not look at its scores, and gives each the same share:
/// `scores.mapv(|_| 1.0 / scores.ncols() as f32)`.
///
/// Return which laws of softmax it obeys, in the order of [`lt_laws::softmax::LAWS`].
pub fn laws_of_equal_shares() -> [bool; 5] {
    todo!()
}

/// ★ A law says that n·n is less than 1000, and is tried with numbers n from 0 to 999. It is broken,
/// by the first number that is drawn perhaps, 743 say.
///
/// Return the number that the message prints.
pub fn smallest_case() -> u32 {
    todo!()
}

/// ★★ Write a law for functions that reverse a list, with [`lt_laws::Law::hold`]. It panics if `reverse` breaks
/// it, and returns if not.
///
/// "Reversing a list twice gives the list" is true, and lets a wrong function pass. Lists of numbers are
/// drawn by `lt_laws::proptest::collection::vec(0_u8..9, 0..6)`, and a pair of strategies is a strategy of
/// pairs. Graded with a right function, and with wrong ones that your law must find.
pub fn law_of_reversal(reverse: fn(&[u8]) -> Vec<u8>) {
    todo!()
}

/// ★★ The slope of a function at a place, measured with one step to each side. A gradient check does
/// this with each number of a layer.
///
/// Held against the derivatives of activations, within 2·10⁻⁴ with a step of 1/64. To one side alone,
/// (f(x + h) − f(x)) / h, it may be off by 6·10⁻³.
pub fn slope(f: &dyn Fn(f64) -> f64, x: f64, step: f64) -> f64 {
    todo!()
}

/// ★★ Break it: attention that adds 1 to every score obeys all laws. Why? This one adds a tenth of
/// the number of the key:
///
/// ```text
/// let score = query.row(i).dot(&key.row(j)) * scale + 0.1 * place.key as f32;
/// ```
///
/// Return the name of the law of [`lt_laws::attention`] that catches it. "Attention agrees with its definition"
/// does not count: it knows the answer.
pub fn law_that_catches_the_number_of_the_key() -> &'static str {
    todo!()
}

/// ★★ Break it: write rows on which a layer norm that forgets to subtract the mean cannot be told from a
/// right one. A law that is tried with such rows is blind.
///
/// At least two rows of at least two numbers. None is zeros (the mean of its squares is 0.01 or more), and
/// another seed gives other rows: [`lt_laws::sample::rows`] may help. Held against the norms of `lt_kernels`.
pub fn rows_that_hide_it(seed: u64) -> Array2<f32> {
    todo!()
}

/// ★★ Break it: write a softmax that obeys all laws of softmax, and that nobody should use: its bits depend
/// on how many rows there are. Only "a position-wise layer computes each row alone" may find it.
pub fn right_but_for_bits(scores: ArrayView2<'_, f32>) -> Array2<f32> {
    todo!()
}

/// A mean over the tokens of each text: rows `[tokens, d]` to `[b, d]`.
pub type Pool = fn(ArrayView2<'_, f32>, &Ragged) -> Array2<f32>;

/// ★★★ Write laws for a mean over the tokens of each text, as many as you need. Panic if `pool` breaks one of
/// them, and return if not.
///
/// A right one may add its numbers in any order: so compare within a tolerance. The wrong ones that you must
/// find have been seen in the wild, and some of them are right for a text that is alone, or for texts of one
/// length. Batches with rows are drawn by [`lt_laws::strategies::batch_of_rows`]. Can you do without computing a
/// mean?
pub fn laws_of_a_mean(pool: Pool) {
    todo!()
}
