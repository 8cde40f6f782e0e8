//! Layer normalisation.

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2};

use crate::threads::for_each_rows;

/// The problem: normalise each row of `x`, then scale and shift it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LayerNorm<'a> {
    /// Rows `[tokens, d]`.
    pub x: ArrayView2<'a, f32>,
    /// γ, `[d]`.
    pub gain: &'a Weight,
    /// β, `[d]`.
    pub bias: Option<&'a Weight>,
    /// ε, added to the variance.
    pub epsilon: f32,
}

impl<'a> LayerNorm<'a> {
    /// Without a bias.
    #[must_use]
    pub fn new(x: ArrayView2<'a, f32>, gain: &'a Weight, epsilon: f32) -> Self {
        Self { x, gain, bias: None, epsilon }
    }

    /// With a bias added to each row.
    #[must_use]
    pub fn bias(self, bias: Option<&'a Weight>) -> Self {
        Self { bias, ..self }
    }
}

/// Rows a task takes on.
const ROWS: usize = 32;
/// Numbers added side by side: a sum has this many chains, joined at the end in a fixed order.
const LANES: usize = 16;

/// y = γ·(x − mean) / √(variance + ε) + β for each row; the variance is that of the whole row,
/// divided by d.
///
/// Mean and variance are taken in two passes, so that a large mean does not swallow the variance.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// # Panics
/// If `gain` or `bias` is not as long as a row.
///
/// [Ba, Kiros & Hinton 2016](https://arxiv.org/abs/1607.06450), equation 4. PyTorch:
/// `torch.nn.functional.layer_norm`.
#[must_use]
pub fn layer_norm(problem: &LayerNorm<'_>, scratch: &mut Scratch) -> Array2<f32> {
    let (tokens, d) = problem.x.dim();
    assert_eq!(problem.gain.shape(), [d], "a gain [d]");
    assert!(problem.bias.is_none_or(|bias| bias.shape() == [d]), "a bias [d]");
    let (gain, bias) = (problem.gain.f32(), problem.bias.map(Weight::f32));
    let mut y = scratch.take(tokens, d);
    if y.is_empty() {
        return y;
    }
    for_each_rows(scratch.threads(), &mut y, ROWS, |first, rows| {
        for (number, row) in rows.chunks_exact_mut(d).enumerate() {
            for (value, &x) in row.iter_mut().zip(problem.x.row(first + number)) {
                *value = x;
            }
            let mean = sum(row, |x| x) / d as f32;
            let variance = sum(row, |x| (x - mean) * (x - mean)) / d as f32;
            let scale = 1.0 / (variance + problem.epsilon).sqrt();
            for (value, gain) in row.iter_mut().zip(gain) {
                *value = (*value - mean) * scale * gain;
            }
            for (value, bias) in row.iter_mut().zip(bias.unwrap_or_default()) {
                *value += bias;
            }
        }
    });
    y
}

/// Σ f(x), with the order of addition fixed by the length alone.
fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += f(x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += f(x);
    }
    lanes.iter().sum()
}
