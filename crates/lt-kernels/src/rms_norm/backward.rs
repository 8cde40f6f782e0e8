//! The gradient of the division by the root mean square.

use lt_core::Scratch;
use ndarray::{Array2, ArrayView2, Axis};

use super::{Gain, RmsNorm};
use crate::NormGradient;
use crate::instructions::{Arithmetic, Instructions, Work};
use crate::layer_norm::{backward::sum_of_products, sum};
use crate::product::in_rows;

/// The gradients of [`rms_norm`](crate::rms_norm) from that of its output.
///
/// The mean of the squares is taken again. The gradient of the weight is added up from the first
/// head of the first row to the last, on the calling thread.
///
/// # Panics
/// If `d_output` has not the shape of x, or a row is not cut into whole heads as wide as the weight.
///
/// [Zhang & Sennrich 2019](https://arxiv.org/abs/1910.07467), equation 4, derived. PyTorch: the
/// backward pass of `torch.nn.functional.rms_norm`.
#[must_use]
pub fn rms_norm_backward(
    problem: &RmsNorm<'_>,
    d_output: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> NormGradient {
    rms_norm_backward_with(Instructions::best(), problem, d_output, scratch)
}

/// [`rms_norm_backward`] with these instructions.
///
/// # Panics
/// As [`rms_norm_backward`].
#[must_use]
pub fn rms_norm_backward_with(
    instructions: Instructions,
    problem: &RmsNorm<'_>,
    d_output: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> NormGradient {
    let (tokens, columns) = problem.x.dim();
    problem.norm.check(columns);
    assert_eq!(d_output.dim(), (tokens, columns), "a gradient of the shape of x");
    let copies = [in_rows(problem.x, scratch), in_rows(d_output, scratch)];
    let x = copies[0].as_ref().map_or(problem.x, |copy| copy.view());
    let d_output = copies[1].as_ref().map_or(d_output, |copy| copy.view());
    let weight = problem.norm.weight.f32();
    let mut d_weight = vec![0.0; weight.len()];
    let mut input: Array2<f32> = scratch.take_any(tokens, columns);
    let more = if problem.norm.gain == Gain::OnePlusWeight { 1.0 } else { 0.0 };
    for (number, mut d_input) in input.rows_mut().into_iter().enumerate() {
        instructions.run(Row {
            x: x.index_axis_move(Axis(0), number).to_slice().unwrap_or_default(),
            d_output: d_output.index_axis_move(Axis(0), number).to_slice().unwrap_or_default(),
            weight,
            more,
            epsilon: problem.norm.epsilon,
            d_input: d_input.as_slice_mut().unwrap_or_default(),
            d_weight: &mut d_weight,
        });
    }
    copies.into_iter().flatten().for_each(|copy| scratch.give(copy));
    NormGradient { input, gain: d_weight, bias: None }
}

struct Row<'a> {
    x: &'a [f32],
    d_output: &'a [f32],
    weight: &'a [f32],
    /// What is added to the weight to make the gain.
    more: f32,
    epsilon: f32,
    d_input: &'a mut [f32],
    d_weight: &'a mut [f32],
}

impl Work for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { x, d_output, weight, more, epsilon, d_input, d_weight } = self;
        let d = weight.len();
        let heads = x.chunks_exact(d).zip(d_output.chunks_exact(d));
        for ((x, d_y), d_x) in heads.zip(d_input.chunks_exact_mut(d)) {
            // (1) what the head is multiplied with to normalise it
            let scale = 1.0 / (sum(x, |x| x * x) / d as f32 + epsilon).sqrt();
            // (2) the weight's share
            for ((d_weight, d_y), x) in d_weight.iter_mut().zip(d_y).zip(x) {
                *d_weight = A::multiply_add(*d_y, x * scale, *d_weight);
            }
            // (3) the gradient of the normalised head, and (4) of the head
            for ((d_x, d_y), weight) in d_x.iter_mut().zip(d_y).zip(weight) {
                *d_x = d_y * (weight + more);
            }
            let along = sum_of_products(d_x, x) * scale / d as f32;
            for (d_x, x) in d_x.iter_mut().zip(x) {
                *d_x = scale * (*d_x - x * scale * along);
            }
        }
    }
}
