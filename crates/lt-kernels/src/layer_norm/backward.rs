//! The gradient of layer normalisation.

use lt_core::Scratch;
use ndarray::{Array2, ArrayView2, Axis};

use super::{LayerNorm, sum};
use crate::instructions::{Arithmetic, Instructions, Work};
use crate::product::in_rows;

/// The gradients of a norm with respect to what it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradient {
    /// dx, of the shape of x.
    pub input: Array2<f32>,
    /// That of the gain γ, `[d]`; of the weight that γ is made from, which only a constant is added to.
    pub gain: Vec<f32>,
    /// That of the bias β, `[d]`, if there is one.
    pub bias: Option<Vec<f32>>,
}

/// The gradients of [`layer_norm`](crate::layer_norm) from that of its output.
///
/// Mean and variance are taken again, which is cheaper than to keep them. Those of gain and bias are
/// added up from the first row to the last, on the calling thread.
///
/// # Panics
/// If `d_output` has not the shape of x, or gain or bias is not as long as a row.
///
/// [Ba, Kiros & Hinton 2016](https://arxiv.org/abs/1607.06450), equation 4, derived. PyTorch: the
/// backward pass of `torch.nn.functional.layer_norm`.
#[must_use]
pub fn layer_norm_backward(
    problem: &LayerNorm<'_>,
    d_output: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> NormGradient {
    layer_norm_backward_with(Instructions::best(), problem, d_output, scratch)
}

/// [`layer_norm_backward`] with these instructions.
///
/// # Panics
/// As [`layer_norm_backward`].
#[must_use]
pub fn layer_norm_backward_with(
    instructions: Instructions,
    problem: &LayerNorm<'_>,
    d_output: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> NormGradient {
    let (tokens, d) = problem.x.dim();
    problem.norm.check(d);
    assert_eq!(d_output.dim(), (tokens, d), "a gradient of the shape of x");
    let copies = [in_rows(problem.x, scratch), in_rows(d_output, scratch)];
    let x = copies[0].as_ref().map_or(problem.x, |copy| copy.view());
    let d_output = copies[1].as_ref().map_or(d_output, |copy| copy.view());
    let mut gradient = NormGradient {
        input: scratch.take_any(tokens, d),
        gain: vec![0.0; d],
        bias: problem.norm.bias.map(|_| vec![0.0; d]),
    };
    let mut normed = scratch.take_any(1, d);
    instructions.run(Rows {
        x,
        d_output,
        gain: problem.norm.gain.f32(),
        epsilon: problem.norm.epsilon,
        normed: normed.as_slice_mut().unwrap_or_default(),
        gradient: &mut gradient,
    });
    scratch.give(normed);
    copies.into_iter().flatten().for_each(|copy| scratch.give(copy));
    gradient
}

struct Rows<'a> {
    x: ArrayView2<'a, f32>,
    d_output: ArrayView2<'a, f32>,
    gain: &'a [f32],
    epsilon: f32,
    normed: &'a mut [f32],
    gradient: &'a mut NormGradient,
}

impl Work for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { x, d_output, gain, epsilon, normed, gradient } = self;
        let d = normed.len() as f32;
        for (number, mut d_input) in gradient.input.rows_mut().into_iter().enumerate() {
            let x = x.index_axis_move(Axis(0), number).to_slice().unwrap_or_default();
            let d_y = d_output.index_axis_move(Axis(0), number).to_slice().unwrap_or_default();
            let d_x = d_input.as_slice_mut().unwrap_or_default();
            // (1) the row, normalised again
            let mean = sum(x, |x| x) / d;
            let variance = sum(x, |x| (x - mean) * (x - mean)) / d;
            let scale = 1.0 / (variance + epsilon).sqrt();
            normed.iter_mut().zip(x).for_each(|(n, x)| *n = (x - mean) * scale);
            // (2) the shares of gain and bias
            for ((d_gain, d_y), n) in gradient.gain.iter_mut().zip(d_y).zip(&*normed) {
                *d_gain = A::multiply_add(*d_y, *n, *d_gain);
            }
            if let Some(bias) = &mut gradient.bias {
                bias.iter_mut().zip(d_y).for_each(|(d_bias, d_y)| *d_bias += d_y);
            }
            // (3) the gradient of the normalised row, and (4) of the row
            for ((d_x, d_y), gain) in d_x.iter_mut().zip(d_y).zip(gain) {
                *d_x = d_y * gain;
            }
            let mean = sum(d_x, |g| g) / d;
            let along = sum_of_products(d_x, normed) / d;
            for (d_x, n) in d_x.iter_mut().zip(&*normed) {
                *d_x = scale * (*d_x - mean - n * along);
            }
        }
    }
}

/// Σ aᵢ·bᵢ in the order of [`sum`].
#[inline(always)]
pub(crate) fn sum_of_products(a: &[f32], b: &[f32]) -> f32 {
    use crate::tile::{COLUMNS, Lanes};
    let mut sums: Lanes = [0.0; COLUMNS];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<COLUMNS>(), b.as_chunks::<COLUMNS>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..COLUMNS {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += a * b;
    }
    super::join(sums, |a, b| a + b)
}
