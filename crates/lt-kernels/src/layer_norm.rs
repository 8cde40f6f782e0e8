//! Layer normalisation.

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2, Axis};

use crate::instructions::{Arithmetic, Instructions, Work};
use crate::threads::{Cuts, for_each_rectangle};
use crate::tile::{COLUMNS, Lanes};

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

/// y = γ·(x − mean) / √(variance + ε) + β for each row; the variance is that of the whole row,
/// divided by d.
///
/// Mean and variance are taken in two passes, so that a large mean does not swallow the variance;
/// the row is in the nearest cache by then.
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
    layer_norm_with(Instructions::best(), problem, scratch)
}

/// [`layer_norm`] with these instructions.
///
/// # Panics
/// As [`layer_norm`].
#[must_use]
pub fn layer_norm_with(
    instructions: Instructions,
    problem: &LayerNorm<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let (tokens, d) = problem.x.dim();
    assert_eq!(problem.gain.shape(), [d], "a gain [d]");
    assert!(problem.bias.is_none_or(|bias| bias.shape() == [d]), "a bias [d]");
    let (gain, bias) = (problem.gain.f32(), problem.bias.map(Weight::f32));
    let mut y = scratch.take_any(tokens, d);
    if y.is_empty() {
        return y;
    }
    let rows = ROWS.min(tokens.div_ceil(scratch.threads().count()));
    let cuts = Cuts { rows, parts: &[d], columns: d };
    for_each_rectangle(scratch, &mut y, cuts, 0, |mut rectangle, _| {
        for (number, row) in rectangle.rows.clone().enumerate() {
            let y = rectangle.row(number, 0..d);
            let x = problem.x.index_axis_move(Axis(0), row);
            match x.to_slice() {
                Some(x) => y.copy_from_slice(x),
                None => y.iter_mut().zip(x).for_each(|(y, x)| *y = *x),
            }
            instructions.run(Row { row: y, gain, bias, epsilon: problem.epsilon });
        }
    });
    y
}

/// One row, normalised in place.
pub(crate) struct Row<'a> {
    pub(crate) row: &'a mut [f32],
    pub(crate) gain: &'a [f32],
    pub(crate) bias: Option<&'a [f32]>,
    pub(crate) epsilon: f32,
}

impl Work for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { row, gain, bias, epsilon } = self;
        let d = row.len() as f32;
        let mean = sum(row, |x| x) / d;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / d;
        let scale = 1.0 / (variance + epsilon).sqrt();
        match bias {
            Some(bias) => {
                for ((value, gain), bias) in row.iter_mut().zip(gain).zip(bias) {
                    *value = A::multiply_add((*value - mean) * scale, *gain, *bias);
                }
            }
            None => {
                for (value, gain) in row.iter_mut().zip(gain) {
                    *value = (*value - mean) * scale * gain;
                }
            }
        }
    }
}

/// Σ f(x), as sixteen chains that are joined at the end: the order of addition is fixed by the
/// length alone.
#[inline(always)]
pub(crate) fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut sums: Lanes = [0.0; COLUMNS];
    let (all, rest) = row.as_chunks::<COLUMNS>();
    for lanes in all {
        for (sum, &x) in sums.iter_mut().zip(lanes) {
            *sum += f(x);
        }
    }
    for (sum, &x) in sums.iter_mut().zip(rest) {
        *sum += f(x);
    }
    join(sums, |a, b| a + b)
}

/// Sixteen numbers to one: the upper half on the lower, until one is left.
#[inline(always)]
pub(crate) fn join(mut lanes: Lanes, f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = COLUMNS / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = f(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}
