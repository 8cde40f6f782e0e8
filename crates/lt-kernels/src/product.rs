//! The matrix product with packed weights: where nearly all the time of a Transformer goes.

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2};

use crate::Activation;
use crate::threads::for_each_rows;

/// The problem: y = activation(x·Wᵀ + b) + residual.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Product, product};
/// let x = ndarray::array![[1.0, 2.0]];
/// let weight = Weight::new(&[3, 2], vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0])?;
/// let y = product(&Product::new(x.view(), &weight), &mut Scratch::new());
/// assert_eq!(y, ndarray::array![[1.0, 2.0, 3.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Product<'a> {
    /// Rows `[tokens, in]`.
    pub x: ArrayView2<'a, f32>,
    /// W, `[out, in]`.
    pub weight: &'a Weight,
    /// b, `[out]`.
    pub bias: Option<&'a Weight>,
    /// Applied after the bias.
    pub activation: Activation,
    /// Added last, `[tokens, out]`.
    pub residual: Option<ArrayView2<'a, f32>>,
}

impl<'a> Product<'a> {
    /// x·Wᵀ, and nothing else.
    #[must_use]
    pub fn new(x: ArrayView2<'a, f32>, weight: &'a Weight) -> Self {
        Self { x, weight, bias: None, activation: Activation::Identity, residual: None }
    }

    /// With a bias added to each row.
    #[must_use]
    pub fn bias(self, bias: Option<&'a Weight>) -> Self {
        Self { bias, ..self }
    }

    /// With an activation applied after the bias.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// With rows added last.
    #[must_use]
    pub fn residual(self, residual: ArrayView2<'a, f32>) -> Self {
        Self { residual: Some(residual), ..self }
    }

    /// Panics unless the shapes fit each other; gives `[tokens, out]`.
    pub(crate) fn shape(&self) -> (usize, usize) {
        let (tokens, out) = (self.x.nrows(), self.weight.shape()[0]);
        assert_eq!(self.weight.shape(), [out, self.x.ncols()], "a weight [out, in] for rows of in");
        assert!(self.bias.is_none_or(|bias| bias.shape() == [out]), "a bias [out]");
        let residual = self.residual.is_none_or(|rows| rows.dim() == (tokens, out));
        assert!(residual, "a residual [tokens, out]");
        (tokens, out)
    }
}

/// Columns of a panel: outputs that are computed side by side.
const COLUMNS: usize = 16;
/// Rows of the tile that is kept in registers.
const TILE: usize = 4;
/// Rows a task takes on.
const ROWS: usize = 16;

/// A weight laid out for the product: panels of 16 outputs, and inside a panel the 16 numbers
/// that meet the same input lie side by side.
///
/// Made once per weight and kept with it, see [`Weight::derived`].
#[derive(Debug)]
pub struct PackedWeight {
    panels: Vec<f32>,
    inner: usize,
}

impl PackedWeight {
    /// Packs a weight `[out, in]`; outputs that fill no panel are filled up with zeros.
    #[must_use]
    pub fn pack(weight: &Weight) -> Self {
        let (out, inner) = (weight.shape()[0], weight.shape()[1]);
        let mut panels = vec![0.0; out.div_ceil(COLUMNS) * COLUMNS * inner];
        let mut row = vec![0.0; inner];
        for output in 0..out {
            weight.read_row(output, &mut row);
            let panel = &mut panels[output / COLUMNS * COLUMNS * inner..];
            for (input, &value) in row.iter().enumerate() {
                panel[input * COLUMNS + output % COLUMNS] = value;
            }
        }
        Self { panels, inner }
    }

    /// The panel of the outputs `number * 16` and following, `[in, 16]`.
    fn panel(&self, number: usize) -> &[[f32; COLUMNS]] {
        self.panels[number * COLUMNS * self.inner..][..COLUMNS * self.inner].as_chunks().0
    }
}

/// y = activation(x·Wᵀ + b) + residual.
///
/// Each output is one chain of additions over the inputs in their order, then the bias: its bits
/// depend neither on the other rows nor on the threads.
///
/// # Shapes
/// `x` is `[tokens, in]`, the weight `[out, in]`, the result `[tokens, out]`.
///
/// # Panics
/// If the shapes of the problem do not fit each other.
///
/// PyTorch: `torch.nn.functional.linear`.
#[must_use]
pub fn product(problem: &Product<'_>, scratch: &mut Scratch) -> Array2<f32> {
    let (tokens, out) = problem.shape();
    let packed = problem.weight.derived(PackedWeight::pack);
    let bias = problem.bias.map(Weight::f32);
    let mut y = scratch.take(tokens, out);
    if y.is_empty() {
        return y;
    }
    for_each_rows(scratch.threads(), &mut y, ROWS, |first, rows| {
        for panel in 0..out.div_ceil(COLUMNS) {
            let columns = panel * COLUMNS..out.min((panel + 1) * COLUMNS);
            for tile in (0..rows.len() / out).step_by(TILE) {
                let sums = multiply(problem.x, first + tile, packed.panel(panel));
                for (row, sums) in rows.chunks_exact_mut(out).skip(tile).zip(sums) {
                    row[columns.clone()].copy_from_slice(&sums[..columns.len()]);
                }
            }
        }
        for (number, row) in rows.chunks_exact_mut(out).enumerate() {
            finish(problem, bias, first + number, row);
        }
    });
    y
}

/// The products of up to four rows of x, from `first` on, with a panel.
fn multiply(
    x: ArrayView2<'_, f32>,
    first: usize,
    panel: &[[f32; COLUMNS]],
) -> [[f32; COLUMNS]; TILE] {
    let mut sums = [[0.0; COLUMNS]; TILE];
    // A tile that hangs over the end computes its last row several times; the copies are dropped.
    let row = |number: usize| (first + number).min(x.nrows() - 1);
    let rows: [usize; TILE] = std::array::from_fn(row);
    assert_eq!(panel.len(), x.ncols(), "a panel [in, 16]");
    for (input, weights) in panel.iter().enumerate() {
        for (sums, &row) in sums.iter_mut().zip(&rows) {
            // SAFETY: `row` is below the number of rows and `input` below that of columns, both
            // asserted above; x is not empty, or there would be no tile. Checked indexing here
            // costs a third of the time, and copying x into one piece would cost a pass over it.
            let value = unsafe { *x.uget((row, input)) };
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
    sums
}

/// Bias, activation and residual of one row.
fn finish(problem: &Product<'_>, bias: Option<&[f32]>, number: usize, row: &mut [f32]) {
    if let Some(bias) = bias {
        for (value, bias) in row.iter_mut().zip(bias) {
            *value += bias;
        }
    }
    if problem.activation != Activation::Identity {
        for value in &mut *row {
            *value = problem.activation.apply(*value);
        }
    }
    if let Some(residual) = problem.residual {
        for (value, residual) in row.iter_mut().zip(residual.row(number)) {
            *value += residual;
        }
    }
}
