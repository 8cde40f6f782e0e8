#[cfg(feature = "train")]
pub(super) mod backward;

use ndarray::Array2;

use crate::LayerNorm;

/// Layer normalisation, row by row; see [`layer_norm`](crate::layer_norm).
///
/// # Panics
/// If `gain` or `bias` is shorter than a row.
#[must_use]
pub fn layer_norm(problem: &LayerNorm<'_>) -> Array2<f32> {
    let mut y = problem.x.to_owned();
    let gain = problem.norm.gain.f32();
    for mut row in y.rows_mut() {
        let d = row.len() as f32;
        // (1) the mean of the row
        // formula: layer-norm
        let mean = row.iter().sum::<f32>() / d;
        // (2) its variance, divided by d, not by d − 1
        let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / d;
        // (3) ε inside the root
        let deviation = (variance + problem.norm.epsilon).sqrt();
        // (4) scale and shift
        for (i, x) in row.iter_mut().enumerate() {
            *x = (*x - mean) / deviation * gain[i];
            if let Some(bias) = problem.norm.bias {
                *x += bias.f32()[i];
            }
        }
    }
    y
}
