//! Chapter: layers. `cargo xtask grade layers`
//!
//! Fill in one function at a time. Weights are `[out, in]`, row after row, as [`lt_core::Weight::new`]
//! takes them.

use lt_layers::{FeedForward, Linear, RmsNorm};
use ndarray::{Array2, ArrayView2};

/// ★ The row 7, 7, 7 goes through four norms, each with ε = 0.00001:
///
/// 1. a `LayerNorm` whose gains are all 3, and whose biases are all 5;
/// 2. an `RmsNorm` whose weights are all 3, with `Gain::Weight`;
/// 3. an `RmsNorm` as Gemma's, whose stored weights are all 0, with `Gain::OnePlusWeight`;
/// 4. the same stored weights, read as if they were Llama's, with `Gain::Weight`.
///
/// Return what each of them makes of the first 7, to three digits.
pub fn norms_of_equal_numbers() -> [f32; 4] {
    todo!()
}

/// ★★ GPT-2 stores the weight of a linear layer as `[in, out]`, and computes y = x·W + b with it.
///
/// Return the [`Linear`] that computes the same. It computes x·Wᵀ + b. With the weight `[[1, 2, 3]]`,
/// one input and three outputs, and the bias 0, 0, 0 the row (10) becomes 10, 20, 30. Beware: where the
/// matrix is square, the wrong way round fits as well.
///
/// # Errors
/// If there is not one number of the bias for each output.
pub fn from_conv1d(weight: ArrayView2<'_, f32>, bias: &[f32]) -> lt_core::Result<Linear> {
    todo!()
}

/// ★★ The larger of two numbers, by a feed-forward layer with ReLU: max(a, b) = b + relu(a − b).
///
/// Return the layer: it takes rows (a, b), `[tokens, 2]`, and gives `[tokens, 1]`. How wide does it have
/// to be, if b has to go through a ReLU too, and may be negative?
///
/// # Errors
/// If the shapes of its parts do not fit; yours do.
pub fn larger_of_two() -> lt_core::Result<FeedForward> {
    todo!()
}

/// ★★ `ScaleNorm` divides a row by its length and multiplies it by one learned number g: y = g·x / |x|
/// ([Nguyen & Salazar 2019](https://arxiv.org/abs/1910.05895)). The row (3, 4) and g = 10 give (6, 8).
///
/// Return the [`RmsNorm`] of width `d` that computes just this; its ε is 0.
///
/// # Errors
/// If `d` is 0.
pub fn scale_norm(gain: f32, d: usize) -> lt_core::Result<RmsNorm> {
    todo!()
}

/// ★★ A gated feed-forward layer with GELU, (gelu(x·W₁ᵀ) ⊙ x·W₂ᵀ)·W₃ᵀ, from a checkpoint that stores W₁, the
/// gate, and W₂ below it as one matrix.
///
/// `x` is `[tokens, d]`, `gate_and_up` `[2f, d]`, `down` `[d, f]`. `Activation::Gelu.apply` is the activation
/// of one number. Held by the law "the activation bends the gate alone", and by the library's layer.
pub fn gated(
    x: ArrayView2<'_, f32>,
    gate_and_up: ArrayView2<'_, f32>,
    down: ArrayView2<'_, f32>,
) -> Array2<f32> {
    todo!()
}

/// ★★ Break it: a layer norm is to go through each row once, not twice. The variance is the mean of the
/// squares less the square of the mean, which is the same on paper:
///
/// ```text
/// let mean = row.sum() / d;
/// let variance = row.iter().map(|x| x * x).sum::<f32>() / d - mean * mean;
///                                        // was: the mean of (x - mean) * (x - mean)
/// ```
///
/// Return the name of the law of `lt_laws::layer_norm` that catches it, as in
/// `lt_laws::layer_norm::A_SCALE_CHANGES_NOTHING.name`. For which rows does f32 not hold what paper does?
pub fn law_that_catches_one_pass() -> &'static str {
    todo!()
}

/// ★★ Break it: write a layer norm, with gain 1 and bias 0, that is wrong, and that one law alone finds:
/// "layer norm has variance 1 but for epsilon". Many courses print such a one.
///
/// Rows may have a single column, which is to give no NaN.
pub fn found_by_variance_alone(rows: ArrayView2<'_, f32>, epsilon: f32) -> Array2<f32> {
    todo!()
}

/// ★★★ The derivative of `ScaleNorm`, y = g·x / |x|, for one row. `d_y` is the gradient of the loss with
/// respect to y.
///
/// Return dx and dg. Derive it as the chapter does for RMS norm: |x| depends on every x of the row, hence
/// a term that is taken off. For x = (3, 4), g = 10 and dy = (1, 0) the length is 5 and the direction
/// (0.6, 0.8): dg is 0.6, and dx is (1.28, −0.96), which is at right angles to x. Why must it be? Held by the
/// library's `RmsNorm`, whose derivative is held by slopes.
pub fn scale_norm_backward(x: &[f32], gain: f32, d_y: &[f32]) -> (Vec<f32>, f32) {
    todo!()
}
