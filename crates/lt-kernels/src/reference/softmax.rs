#[cfg(feature = "train")]
pub(super) mod backward;

use ndarray::ArrayView1;

use crate::math::exp;

/// Softmax of one row: pᵢ = e^(sᵢ − m) / Σⱼ e^(sⱼ − m), m = maxⱼ sⱼ.
///
/// A score of −∞ becomes 0; a row of nothing else becomes zeros.
///
/// ```
/// let p = lt_kernels::reference::softmax(ndarray::array![0.0, 0.0].view());
/// assert_eq!(p, [0.5, 0.5]);
/// ```
#[must_use]
pub fn softmax(scores: ArrayView1<'_, f32>) -> Vec<f32> {
    // (1) the maximum
    // formula: softmax
    let maximum = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // (2) e^(sᵢ − m); −∞ is selected away, so that −∞ − (−∞) is never computed
    let exponential = |&s: &f32| if s == f32::NEG_INFINITY { 0.0 } else { exp(s - maximum) };
    let powers: Vec<f32> = scores.iter().map(exponential).collect();
    // (3) their sum, and (4) each one's share of it
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| if sum == 0.0 { 0.0 } else { power / sum }).collect()
}
