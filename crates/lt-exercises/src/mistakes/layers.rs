//! Mistakes of the chapter on layers.

use lt_core::Weight;
use lt_layers::{Activation, FeedForward, Gain, Linear, RmsNorm};
use ndarray::{Array2, ArrayView2, s};

/// As if layer norm made ones of equal numbers, as RMS norm does.
pub(crate) fn norms_of_equal_numbers() -> [f32; 4] {
    [8.0, 3.0, 1.0, 0.0]
}

/// The shape is turned, the numbers are not.
pub(crate) fn from_conv1d(weight: ArrayView2<'_, f32>, bias: &[f32]) -> lt_core::Result<Linear> {
    let numbers = weight.iter().copied().collect();
    Linear::new(
        Weight::new(&[weight.ncols(), weight.nrows()], numbers)?,
        Some(Weight::new(&[bias.len()], bias.to_vec())?),
    )
}

/// relu(b) for b: right until b is negative.
pub(crate) fn larger_of_two() -> lt_core::Result<FeedForward> {
    let up = Weight::new(&[2, 2], vec![1.0, -1.0, 0.0, 1.0])?;
    let down = Weight::new(&[1, 2], vec![1.0, 1.0])?;
    FeedForward::new(Linear::new(up, None)?, Activation::Relu, Linear::new(down, None)?)
}

/// The root of the mean is taken for the length.
pub(crate) fn scale_norm(gain: f32, d: usize) -> lt_core::Result<RmsNorm> {
    RmsNorm::new(Weight::new(&[d], vec![gain; d])?, Gain::Weight, 0.0)
}

/// The halves in the other order.
pub(crate) fn gated(
    x: ArrayView2<'_, f32>,
    gate_and_up: ArrayView2<'_, f32>,
    down: ArrayView2<'_, f32>,
) -> Array2<f32> {
    let f = gate_and_up.nrows() / 2;
    let up = x.dot(&gate_and_up.slice(s![..f, ..]).t());
    let gate = x.dot(&gate_and_up.slice(s![f.., ..]).t());
    (gate.mapv(|x| Activation::Gelu.apply(x)) * up).dot(&down.t())
}

/// The mean is taken off as before.
pub(crate) fn law_that_catches_one_pass() -> &'static str {
    lt_laws::layer_norm::MEAN_IS_ZERO.name
}

/// RMS norm: the mean stays, and three laws find it.
pub(crate) fn found_by_variance_alone(rows: ArrayView2<'_, f32>, epsilon: f32) -> Array2<f32> {
    let mut normalised = rows.to_owned();
    for mut row in normalised.rows_mut() {
        let squares = row.iter().map(|x| x * x).sum::<f32>() / row.len() as f32;
        row /= (squares + epsilon).sqrt();
    }
    normalised
}

/// As if the length were a constant.
pub(crate) fn scale_norm_backward(x: &[f32], gain: f32, d_y: &[f32]) -> (Vec<f32>, f32) {
    let length = x.iter().map(|x| x * x).sum::<f32>().sqrt();
    let d_gain = x.iter().zip(d_y).map(|(x, d)| x / length * d).sum();
    (d_y.iter().map(|d| gain / length * d).collect(), d_gain)
}
