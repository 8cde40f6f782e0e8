//! Solutions of the chapter on layers.

use lt_core::Weight;
use lt_layers::{Activation, FeedForward, Gain, Linear, RmsNorm};
use ndarray::{Array2, ArrayView2, Axis, s};

/// Layer norm takes the mean off, nothing is left, and the bias is added. RMS norm divides 7 by 7.
/// Gemma's weight of 0 is a gain of 1; without the 1 it is a gain of 0.
pub(crate) fn norms_of_equal_numbers() -> [f32; 4] {
    [5.0, 3.0, 1.0, 0.0]
}

/// The numbers in the order of the transpose, row after row.
pub(crate) fn from_conv1d(weight: ArrayView2<'_, f32>, bias: &[f32]) -> lt_core::Result<Linear> {
    let transposed = weight.t();
    let numbers = transposed.iter().copied().collect();
    Linear::new(
        Weight::new(transposed.shape(), numbers)?,
        Some(Weight::new(&[bias.len()], bias.to_vec())?),
    )
}

/// b = relu(b) − relu(−b), so that the middle is three wide: relu(a − b), relu(b), relu(−b).
pub(crate) fn larger_of_two() -> lt_core::Result<FeedForward> {
    let up = Weight::new(&[3, 2], vec![1.0, -1.0, 0.0, 1.0, 0.0, -1.0])?;
    let down = Weight::new(&[1, 3], vec![1.0, 1.0, -1.0])?;
    FeedForward::new(Linear::new(up, None)?, Activation::Relu, Linear::new(down, None)?)
}

/// The root of the mean of the squares is |x| / √d.
pub(crate) fn scale_norm(gain: f32, d: usize) -> lt_core::Result<RmsNorm> {
    let weight = gain / (d as f32).sqrt();
    RmsNorm::new(Weight::new(&[d], vec![weight; d])?, Gain::Weight, 0.0)
}

/// The upper half is the gate, and it alone is bent.
pub(crate) fn gated(
    x: ArrayView2<'_, f32>,
    gate_and_up: ArrayView2<'_, f32>,
    down: ArrayView2<'_, f32>,
) -> Array2<f32> {
    let f = gate_and_up.nrows() / 2;
    let gate = x.dot(&gate_and_up.slice(s![..f, ..]).t()); // [tokens, f]
    let up = x.dot(&gate_and_up.slice(s![f.., ..]).t()); // [tokens, f]
    (gate.mapv(|x| Activation::Gelu.apply(x)) * up).dot(&down.t())
}

/// Far from 0 both terms are large and nearly equal, and what f32 has rounded off them is more than
/// their difference. That law moves rows away from 0; the others draw them around it.
pub(crate) fn law_that_catches_one_pass() -> &'static str {
    lt_laws::layer_norm::A_SHIFT_CHANGES_NOTHING.name
}

/// Divided by d − 1: mean, shifts and scales do not notice.
pub(crate) fn found_by_variance_alone(rows: ArrayView2<'_, f32>, epsilon: f32) -> Array2<f32> {
    let mut normalised = rows.to_owned();
    for mut row in normalised.axis_iter_mut(Axis(0)) {
        let d = row.len() as f32;
        let mean = row.sum() / d;
        row -= mean;
        let squares = row.iter().map(|x| x * x).sum::<f32>();
        row /= (squares / (d - 1.0).max(1.0) + epsilon).sqrt();
    }
    normalised
}

/// With n = x / |x|: dg = dy·n, and dx = g / |x| · (dy − n·(dy·n)). A longer x gives the same y, so that
/// along x nothing may come back.
pub(crate) fn scale_norm_backward(x: &[f32], gain: f32, d_y: &[f32]) -> (Vec<f32>, f32) {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let length = dot(x, x).sqrt();
    let direction: Vec<f32> = x.iter().map(|x| x / length).collect();
    let d_gain = dot(d_y, &direction);
    let d_x = direction.iter().zip(d_y).map(|(n, d)| gain / length * (d - n * d_gain));
    (d_x.collect(), d_gain)
}
