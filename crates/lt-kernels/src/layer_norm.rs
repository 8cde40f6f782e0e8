//! Layer normalisation.

#[cfg(feature = "train")]
pub(crate) mod backward;

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2, Axis};

use crate::instructions::{Arithmetic, Instructions, Work};
use crate::threads::{Cuts, for_each_rectangle};
use crate::tile::{COLUMNS, Lanes};

/// γ, β and ε: what a row is scaled and shifted by once it is normalised.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Norm<'a> {
    /// γ, `[d]`.
    pub gain: &'a Weight,
    /// β, `[d]`.
    pub bias: Option<&'a Weight>,
    /// ε, added to the variance.
    pub epsilon: f32,
}

impl<'a> Norm<'a> {
    /// Without a bias.
    #[must_use]
    pub fn new(gain: &'a Weight, epsilon: f32) -> Self {
        Self { gain, bias: None, epsilon }
    }

    /// With a bias added to each row.
    #[must_use]
    pub fn bias(self, bias: Option<&'a Weight>) -> Self {
        Self { bias, ..self }
    }

    /// Panics unless gain and bias are `[d]`.
    pub(crate) fn check(&self, d: usize) {
        assert_eq!(self.gain.shape(), [d], "a gain [d]");
        assert!(self.bias.is_none_or(|bias| bias.shape() == [d]), "a bias [d]");
    }
}

/// The problem: normalise each row of `x`, then scale and shift it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LayerNorm<'a> {
    /// Rows `[tokens, d]`.
    pub x: ArrayView2<'a, f32>,
    /// γ, β and ε.
    pub norm: Norm<'a>,
}

impl<'a> LayerNorm<'a> {
    /// These rows by this norm.
    #[must_use]
    pub fn new(x: ArrayView2<'a, f32>, norm: Norm<'a>) -> Self {
        Self { x, norm }
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
    problem.norm.check(d);
    let mut y = scratch.take_any(tokens, d);
    for_each_row(instructions, problem.norm, &mut y, scratch, 0, |number, y, _| {
        let x = problem.x.index_axis_move(Axis(0), number);
        match x.to_slice() {
            Some(x) => y.copy_from_slice(x),
            None => y.iter_mut().zip(x).for_each(|(y, x)| *y = *x),
        }
    });
    y
}

/// [`layer_norm`] in the place of `x`, which spares the memory a second array.
///
/// # Panics
/// If `gain` or `bias` is not as long as a row.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Norm, layer_norm_in_place};
/// let gain = Weight::new(&[2], vec![1.0, 10.0])?;
/// let mut rows = ndarray::array![[3.0, 7.0]]; // mean 5, deviation 2
/// layer_norm_in_place(Norm::new(&gain, 0.0), &mut rows, &mut Scratch::new());
/// assert_eq!(rows, ndarray::array![[-1.0, 10.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
pub fn layer_norm_in_place(norm: Norm<'_>, x: &mut Array2<f32>, scratch: &mut Scratch) {
    layer_norm_in_place_with(Instructions::best(), norm, x, scratch);
}

/// [`layer_norm_in_place`] with these instructions.
///
/// # Panics
/// As [`layer_norm_in_place`].
pub fn layer_norm_in_place_with(
    instructions: Instructions,
    norm: Norm<'_>,
    x: &mut Array2<f32>,
    scratch: &mut Scratch,
) {
    norm.check(x.ncols());
    if !x.is_standard_layout() {
        *x = x.as_standard_layout().into_owned();
    }
    for_each_row(instructions, norm, x, scratch, 0, |_, _, _| ());
}

/// Fills each row, then normalises it while the nearest cache has it. What fills it has `room`
/// numbers to itself.
pub(crate) fn for_each_row(
    instructions: Instructions,
    norm: Norm<'_>,
    rows: &mut Array2<f32>,
    scratch: &mut Scratch,
    room: usize,
    fill: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) {
    let (tokens, d) = rows.dim();
    if rows.is_empty() {
        return;
    }
    let (gain, bias) = (norm.gain.f32(), norm.bias.map(Weight::f32));
    let each = ROWS.min(tokens.div_ceil(scratch.threads().count()));
    let cuts = Cuts { rows: each, parts: &[d], columns: d };
    for_each_rectangle(scratch, rows, cuts, room, |mut rectangle, room| {
        for (number, token) in rectangle.rows.clone().enumerate() {
            let row = rectangle.row(number, 0..d);
            fill(token, row, room);
            instructions.run(Row { row, gain, bias, epsilon: norm.epsilon });
        }
    });
}

/// One row, normalised in place.
struct Row<'a> {
    row: &'a mut [f32],
    gain: &'a [f32],
    bias: Option<&'a [f32]>,
    epsilon: f32,
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
