//! Softmax over rows.

use ndarray::ArrayViewMut2;

use crate::math::exp;

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
pub fn softmax(mut scores: ArrayViewMut2<'_, f32>) {
    for mut row in scores.rows_mut() {
        let maximum = row.fold(f32::NEG_INFINITY, |maximum, &score| maximum.max(score));
        if maximum == f32::NEG_INFINITY && !row.iter().any(|score| score.is_nan()) {
            row.fill(0.0);
            continue;
        }
        let mut sum = 0.0;
        for score in &mut row {
            *score = exp(*score - maximum);
            sum += *score;
        }
        for probability in &mut row {
            *probability /= sum;
        }
    }
}
