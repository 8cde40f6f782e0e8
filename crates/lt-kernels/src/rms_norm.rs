//! Division by the root mean square.

#[cfg(feature = "train")]
mod backward;

use std::ops::Range;

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2, Axis};

use crate::instructions::{Arithmetic, Instructions, Work};
use crate::layer_norm::sum;
use crate::threads::{Cuts, for_each_rectangle};

#[cfg(feature = "train")]
pub use backward::{rms_norm_backward, rms_norm_backward_with};

/// What a normalised number is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gain {
    /// The weight as it is stored: `LlamaRMSNorm`.
    #[default]
    Weight,
    /// One more than is stored, so that a stored 0 changes nothing: `Gemma3RMSNorm`.
    OnePlusWeight,
}

/// The weight, how the gain comes from it, and ε: what a row is divided by and scaled with.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RootMeanSquare<'a> {
    /// `[d]`.
    pub weight: &'a Weight,
    /// Whether one is added to the weight.
    pub gain: Gain,
    /// ε, added to the mean of the squares.
    pub epsilon: f32,
}

impl<'a> RootMeanSquare<'a> {
    /// With the weight as the gain.
    #[must_use]
    pub fn new(weight: &'a Weight, epsilon: f32) -> Self {
        Self { weight, gain: Gain::Weight, epsilon }
    }

    /// With a gain of this kind.
    #[must_use]
    pub fn gain(self, gain: Gain) -> Self {
        Self { gain, ..self }
    }

    /// Panics unless so many columns are whole heads.
    fn check(&self, columns: usize) {
        let whole = matches!(*self.weight.shape(), [d] if d > 0 && columns.is_multiple_of(d));
        assert!(whole, "a weight [d], and heads of d side by side");
    }
}

/// The problem: divide each head of each row of `x` by its root mean square, then scale it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RmsNorm<'a> {
    /// Rows `[tokens, heads·d]`.
    pub x: ArrayView2<'a, f32>,
    /// The weight `[d]`, and ε.
    pub norm: RootMeanSquare<'a>,
}

impl<'a> RmsNorm<'a> {
    /// These rows by this norm.
    #[must_use]
    pub fn new(x: ArrayView2<'a, f32>, norm: RootMeanSquare<'a>) -> Self {
        Self { x, norm }
    }
}

/// Rows a task takes on.
const ROWS: usize = 32;

/// y = γ·(x / √(mean(x²) + ε)) for each row, or for each of the heads that lie side by side in it: a
/// head is as wide as the weight.
///
/// The squares are added in the order in which [`layer_norm`](crate::layer_norm) adds, which the
/// width alone determines. What follows is rounded as transformers rounds it in f32: one over the
/// root, times x, times the gain.
///
/// # Shapes
/// `[tokens, heads·d]` to `[tokens, heads·d]`, the weight `[d]`.
///
/// # Panics
/// If a row is not cut into whole heads as wide as the weight.
///
/// [Zhang & Sennrich 2019](https://arxiv.org/abs/1910.07467), equation 4. PyTorch:
/// `torch.nn.functional.rms_norm`; transformers: `LlamaRMSNorm`, and `Gemma3RMSNorm`, whose gain is
/// one more than the weight.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Gain, RmsNorm, RootMeanSquare, rms_norm};
/// let weight = Weight::new(&[2], vec![0.0, 1.0])?;
/// let rows = ndarray::array![[1.0, 7.0, 0.5, 0.5]]; // two heads; √((1 + 49) / 2) = 5
/// let norm = RootMeanSquare::new(&weight, 0.0);
/// let y = rms_norm(&RmsNorm::new(rows.view(), norm), &mut Scratch::new());
/// assert_eq!(y, ndarray::array![[0.0, 1.4, 0.0, 1.0]]);
/// let norm = norm.gain(Gain::OnePlusWeight);
/// let y = rms_norm(&RmsNorm::new(rows.view(), norm), &mut Scratch::new());
/// assert_eq!(y, ndarray::array![[0.2, 2.8, 1.0, 2.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[must_use]
pub fn rms_norm(problem: &RmsNorm<'_>, scratch: &mut Scratch) -> Array2<f32> {
    rms_norm_with(Instructions::best(), problem, scratch)
}

/// [`rms_norm`] with these instructions.
///
/// # Panics
/// As [`rms_norm`].
#[must_use]
pub fn rms_norm_with(
    instructions: Instructions,
    problem: &RmsNorm<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let (tokens, width) = problem.x.dim();
    problem.norm.check(width);
    let mut y = scratch.take_any(tokens, width);
    for_each_row(instructions, problem.norm, &mut y, 0..width, scratch, |number, y| {
        let x = problem.x.index_axis_move(Axis(0), number);
        match x.to_slice() {
            Some(x) => y.copy_from_slice(x),
            None => y.iter_mut().zip(x).for_each(|(y, x)| *y = *x),
        }
    });
    y
}

/// [`rms_norm`] of some columns, in their place: the heads of queries, say, in an array that holds
/// keys and values beside them. The other columns stay as they are.
///
/// # Panics
/// If there are no such columns, or they are not cut into whole heads as wide as the weight.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{RootMeanSquare, rms_norm_in_place};
/// let weight = Weight::new(&[1], vec![2.0])?;
/// let mut rows = ndarray::array![[-3.0, 4.0, 5.0]]; // two heads of width 1, and something else
/// let norm = RootMeanSquare::new(&weight, 0.0);
/// rms_norm_in_place(norm, &mut rows, 0..2, &mut Scratch::new());
/// assert_eq!(rows, ndarray::array![[-2.0, 2.0, 5.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
pub fn rms_norm_in_place(
    norm: RootMeanSquare<'_>,
    x: &mut Array2<f32>,
    columns: Range<usize>,
    scratch: &mut Scratch,
) {
    rms_norm_in_place_with(Instructions::best(), norm, x, columns, scratch);
}

/// [`rms_norm_in_place`] with these instructions.
///
/// # Panics
/// As [`rms_norm_in_place`].
pub fn rms_norm_in_place_with(
    instructions: Instructions,
    norm: RootMeanSquare<'_>,
    x: &mut Array2<f32>,
    columns: Range<usize>,
    scratch: &mut Scratch,
) {
    assert!(columns.start <= columns.end && columns.end <= x.ncols(), "columns of the rows");
    norm.check(columns.len());
    if !x.is_standard_layout() {
        *x = x.as_standard_layout().into_owned();
    }
    for_each_row(instructions, norm, x, columns, scratch, |_, _| ());
}

/// Fills some columns of each row, then normalises them while the nearest cache has them.
fn for_each_row(
    instructions: Instructions,
    norm: RootMeanSquare<'_>,
    rows: &mut Array2<f32>,
    columns: Range<usize>,
    scratch: &mut Scratch,
    fill: impl Fn(usize, &mut [f32]) + Sync,
) {
    let (tokens, width) = rows.dim();
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    let each = ROWS.min(tokens.div_ceil(scratch.threads().count()));
    let cuts = Cuts { rows: each, parts: &[width], columns: width };
    let weight = norm.weight.f32();
    for_each_rectangle(scratch, rows, cuts, 0, |mut rectangle, _| {
        for (number, token) in rectangle.rows.clone().enumerate() {
            let row = rectangle.row(number, columns.clone());
            fill(token, row);
            instructions.run(Row { row, weight, gain: norm.gain, epsilon: norm.epsilon });
        }
    });
}

/// One row of heads, normalised in place.
struct Row<'a> {
    row: &'a mut [f32],
    weight: &'a [f32],
    gain: Gain,
    epsilon: f32,
}

impl Work for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { row, weight, gain, epsilon } = self;
        for head in row.chunks_exact_mut(weight.len()) {
            let squares = sum(head, |x| x * x) / weight.len() as f32;
            let scale = 1.0 / (squares + epsilon).sqrt();
            match gain {
                Gain::Weight => {
                    for (value, weight) in head.iter_mut().zip(weight) {
                        *value = *value * scale * weight;
                    }
                }
                Gain::OnePlusWeight => {
                    for (value, weight) in head.iter_mut().zip(weight) {
                        *value = *value * scale * (1.0 + weight);
                    }
                }
            }
        }
    }
}
