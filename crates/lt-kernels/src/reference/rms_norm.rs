#[cfg(feature = "train")]
pub(super) mod backward;

use ndarray::Array2;

use crate::{Gain, RmsNorm};

/// Division by the root mean square, head by head; see [`rms_norm`](crate::rms_norm).
///
/// # Panics
/// If a row is not cut into whole heads as wide as the weight.
#[must_use]
pub fn rms_norm(problem: &RmsNorm<'_>) -> Array2<f32> {
    let mut y = problem.x.as_standard_layout().into_owned();
    let weight = problem.norm.weight.f32();
    for mut row in y.rows_mut() {
        for mut head in row.exact_chunks_mut(weight.len()) {
            // (1) the mean of the squares: nothing is subtracted first
            // formula: rms-norm
            let squares = head.iter().map(|x| x * x).sum::<f32>() / weight.len() as f32;
            // (2) ε inside the root
            let scale = 1.0 / (squares + problem.norm.epsilon).sqrt();
            // (3) the gain: what is stored, or one more
            for (x, weight) in head.iter_mut().zip(weight) {
                let gain = match problem.norm.gain {
                    Gain::Weight => *weight,
                    Gain::OnePlusWeight => 1.0 + weight,
                };
                *x = *x * scale * gain;
            }
        }
    }
    y
}
