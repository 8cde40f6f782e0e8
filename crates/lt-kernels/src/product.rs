//! The matrix product with packed weights: where nearly all the time of a Transformer goes.

#[cfg(feature = "train")]
mod backward;
mod layer;

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2, s};

use crate::Activation;
use crate::instructions::Instructions;
use crate::threads::{Cuts, for_each_rectangle};
use crate::tile::COLUMNS;
#[cfg(feature = "train")]
pub(crate) use backward::aligned;
#[cfg(feature = "train")]
pub use backward::{
    matmul, matmul_with, product_d_input, product_d_input_with, sum_of_rows, sum_of_rows_with,
};
pub(crate) use layer::Layer;

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

/// y = activation(x·Wᵀ + b) + residual.
///
/// Each output is one chain of additions that begins with the bias and goes over the inputs in their
/// order: its bits depend neither on the other rows nor on the threads.
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
    product_with(Instructions::best(), problem, scratch)
}

/// [`product`] with these instructions.
///
/// # Panics
/// As [`product`].
#[must_use]
pub fn product_with(
    instructions: Instructions,
    problem: &Product<'_>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    products_with(instructions, [*problem], scratch)
}

/// Several products of as many rows, laid side by side: queries, keys and values in one go.
///
/// # Shapes
/// `[tokens, inᵢ]` and `[outᵢ, inᵢ]` to `[tokens, Σ outᵢ]`.
///
/// # Panics
/// If the shapes of a problem do not fit each other, or not all have as many rows.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// use lt_kernels::{Product, products};
/// let x = ndarray::array![[1.0, 2.0]];
/// let (sum, twice) = (Weight::new(&[1, 2], vec![1.0, 1.0])?, Weight::new(&[1, 2], vec![2.0, 0.0])?);
/// let problems = [Product::new(x.view(), &sum), Product::new(x.view(), &twice)];
/// assert_eq!(products(problems, &mut Scratch::new()), ndarray::array![[3.0, 2.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[must_use]
pub fn products<const N: usize>(problems: [Product<'_>; N], scratch: &mut Scratch) -> Array2<f32> {
    products_with(Instructions::best(), problems, scratch)
}

/// [`products`] with these instructions.
///
/// # Panics
/// As [`products`].
#[must_use]
pub fn products_with<const N: usize>(
    instructions: Instructions,
    problems: [Product<'_>; N],
    scratch: &mut Scratch,
) -> Array2<f32> {
    let tokens = problems.first().map_or(0, |problem| problem.x.nrows());
    let widths = problems.map(|problem| {
        let (rows, out) = problem.shape();
        assert_eq!(rows, tokens, "as many rows in all products");
        out
    });
    let mut y = scratch.take_any(tokens, widths.iter().sum());
    if y.is_empty() {
        return y;
    }
    let copies = problems.map(|problem| in_rows(problem.x, scratch));
    let layers = problems.map(|problem| Layer::new(&problem, scratch.threads()));
    let threads = scratch.threads().count();
    let cuts =
        Cuts { parts: &widths, ..cuts(tokens, widths.into_iter().max().unwrap_or(1), threads) };
    let room = layers.iter().map(Layer::room).max().unwrap_or(0);
    for_each_rectangle(scratch, &mut y, cuts, room, |rectangle, room| {
        let (number, rows) = (rectangle.part, rectangle.rows.clone());
        let x = copies[number].as_ref().map_or(problems[number].x, |copy| copy.view());
        let residual = problems[number].residual;
        let x = x.slice_move(s![rows.clone(), ..]);
        let residual = residual.map(|residual| residual.slice_move(s![rows, ..]));
        layers[number].multiply(instructions, x, residual, rectangle, room);
    });
    copies.into_iter().flatten().for_each(|copy| scratch.give(copy));
    y
}

/// Rows of a task, where there are many: x is read from the second cache, and panels stay in the
/// first while these rows go by.
pub(crate) const ROWS: usize = 64;

/// Columns of a task, where there are few rows and many columns.
const PIECE: usize = 16 * COLUMNS;

/// How `tokens` rows of `out` are cut among threads: by rows if there are enough of them, else by
/// columns.
pub(crate) fn cuts(tokens: usize, out: usize, threads: usize) -> Cuts<'static> {
    if threads == 1 || tokens >= threads * ROWS / 2 {
        let each = tokens.div_ceil(threads * tokens.div_ceil(threads * ROWS)); // as even as can be
        return Cuts { rows: each.next_multiple_of(8), parts: &[], columns: usize::MAX };
    }
    // As many pieces for each thread, so that one that is held up leaves some to the others.
    let pieces = threads * (out / threads / PIECE).max(1);
    let columns = out.div_ceil(pieces).next_multiple_of(2 * COLUMNS);
    Cuts { rows: tokens, parts: &[], columns }
}

/// A copy of rows whose numbers do not lie side by side.
pub(crate) fn in_rows(x: ArrayView2<'_, f32>, scratch: &mut Scratch) -> Option<Array2<f32>> {
    if x.ncols() <= 1 || x.strides()[1] == 1 {
        return None;
    }
    let mut copy = scratch.take_any(x.nrows(), x.ncols());
    copy.assign(&x);
    Some(copy)
}
