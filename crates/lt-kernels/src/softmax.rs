//! Softmax over rows.

#[cfg(feature = "train")]
mod log_sum;

use ndarray::ArrayViewMut2;

use crate::instructions::{Arithmetic, Instructions, Work};
use crate::layer_norm::sum;
use crate::vector_math::exp;

#[cfg(feature = "train")]
pub use log_sum::softmax_and_log_sum;

/// Turns each row of scores into probabilities, in place: pᵢ = e^(sᵢ − m) / Σⱼ e^(sⱼ − m), where m
/// is the row's maximum.
///
/// A score of −∞ becomes exactly 0. A row of nothing but −∞ (nothing may be looked at) becomes
/// zeros, not NaN.
///
/// # Shapes
/// `scores` is `[rows, s]`.
///
/// PyTorch: `torch.softmax(scores, dim=-1)`, which gives NaN for a row of −∞.
///
/// ```
/// let mut scores = ndarray::array![[1.0, 1.0], [0.0, f32::NEG_INFINITY]];
/// lt_kernels::softmax(scores.view_mut());
/// assert_eq!(scores, ndarray::array![[0.5, 0.5], [1.0, 0.0]]);
/// ```
pub fn softmax(scores: ArrayViewMut2<'_, f32>) {
    softmax_with(Instructions::best(), scores);
}

/// [`softmax`] with these instructions.
pub fn softmax_with(instructions: Instructions, mut scores: ArrayViewMut2<'_, f32>) {
    let mut copy = Vec::new();
    for mut row in scores.rows_mut() {
        match row.as_slice_mut() {
            Some(row) => instructions.run(Row(row)),
            None => {
                copy.clear();
                copy.extend(&row);
                instructions.run(Row(&mut copy));
                row.iter_mut().zip(&copy).for_each(|(score, share)| *score = *share);
            }
        }
    }
}

/// One row of scores, in one piece.
struct Row<'a>(&'a mut [f32]);

impl Work for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self(row) = self;
        let maximum =
            row.iter().fold(
                f32::NEG_INFINITY,
                |maximum, &score| {
                    if score > maximum { score } else { maximum }
                },
            );
        if maximum == f32::NEG_INFINITY && !row.iter().any(|score| score.is_nan()) {
            row.fill(0.0);
            return;
        }
        for score in &mut *row {
            *score = exp::<A>(*score - maximum);
        }
        let sum = sum(row, |power| power);
        for power in row {
            *power /= sum;
        }
    }
}
