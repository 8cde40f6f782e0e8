//! The gradients of the product: two more products, of matrices that are packed in other ways.

use lt_core::{Scratch, Weight};
use ndarray::{Array2, ArrayView2, Axis, s};

use super::layer::PlainSums;
use super::{ROWS, cuts, in_rows};
use crate::instructions::{Arithmetic, Instructions, Work};
use crate::packed::{AnyPanels, PackedWeight};
use crate::threads::{Cuts, for_each_rectangle};
use crate::tile::{COLUMNS, Lanes, Panels};

/// dx = dy·W, the gradient of [`product`](crate::product) with respect to its rows.
///
/// Each number is one chain of additions over the outputs in their order: as in the forward pass,
/// its bits depend neither on the other rows nor on the threads. The weight is packed a second
/// time, by its inputs, and that is kept with it as long as it does not change.
///
/// # Shapes
/// dy is `[tokens, out]`, the weight `[out, in]`, dx `[tokens, in]`.
///
/// # Panics
/// If the shapes do not fit each other.
///
/// ```
/// use lt_core::{Scratch, Weight};
/// let weight = Weight::new(&[2, 3], vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0])?;
/// let d_output = ndarray::array![[1.0, 1.0]];
/// let d_input = lt_kernels::product_d_input(d_output.view(), &weight, &mut Scratch::new());
/// assert_eq!(d_input, ndarray::array![[11.0, 22.0, 33.0]]);
/// # Ok::<(), lt_core::Error>(())
/// ```
#[must_use]
pub fn product_d_input(
    d_output: ArrayView2<'_, f32>,
    weight: &Weight,
    scratch: &mut Scratch,
) -> Array2<f32> {
    product_d_input_with(Instructions::best(), d_output, weight, scratch)
}

/// [`product_d_input`] with these instructions.
///
/// # Panics
/// As [`product_d_input`].
#[must_use]
pub fn product_d_input_with(
    instructions: Instructions,
    d_output: ArrayView2<'_, f32>,
    weight: &Weight,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let &[out, inner] = weight.shape() else { panic!("a weight [out, in]") };
    let tokens = d_output.nrows();
    assert_eq!(d_output.dim(), (tokens, out), "a gradient [tokens, out]");
    let mut d_input = scratch.take_any(tokens, inner);
    if d_input.is_empty() {
        return d_input;
    }
    let packed = weight.derived(|weight| PackedWeight::pack(weight, scratch.threads()));
    let AnyPanels::F32(panels) = packed.by_inputs(weight, scratch.threads()).panels() else {
        unreachable!("packed as f32")
    };
    let copy = in_rows(d_output, scratch);
    let rows = copy.as_ref().map_or(d_output, |copy| copy.view());
    let widths = [inner];
    let cuts = Cuts { parts: &widths, ..cuts(tokens, inner, scratch.threads().count()) };
    for_each_rectangle(scratch, &mut d_input, cuts, 0, |mut rectangle, _| {
        let x = rows.slice_move(s![rectangle.rows.clone(), ..]);
        instructions.run(PlainSums { x, panels, rectangle: &mut rectangle });
    });
    copy.into_iter().for_each(|copy| scratch.give(copy));
    d_input
}

/// A·B. With A = dyᵀ and B = x it is dW = dyᵀ·x, the gradient of [`product`](crate::product) with
/// respect to its weight.
///
/// Each number is one chain of additions over the columns of A in their order, which here are the
/// tokens. A may be the transpose of an array in rows: what a task needs of it is turned while it
/// fits into the second cache.
///
/// # Shapes
/// `[n, k]` times `[k, m]` to `[n, m]`.
///
/// # Panics
/// If A has not as many columns as B has rows.
///
/// ```
/// use lt_core::Scratch;
/// let (x, d_output) = (ndarray::array![[1.0, 2.0], [3.0, 4.0]], ndarray::array![[1.0], [10.0]]);
/// let d_weight = lt_kernels::matmul(d_output.t(), x.view(), &mut Scratch::new());
/// assert_eq!(d_weight, ndarray::array![[31.0, 42.0]]);
/// ```
#[must_use]
pub fn matmul(
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    matmul_with(Instructions::best(), a, b, scratch)
}

/// [`matmul`] with these instructions.
///
/// # Panics
/// As [`matmul`].
#[must_use]
pub fn matmul_with(
    instructions: Instructions,
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    scratch: &mut Scratch,
) -> Array2<f32> {
    let ((n, inner), m) = (a.dim(), b.ncols());
    assert_eq!(inner, b.nrows(), "[n, k] times [k, m]");
    let mut c = scratch.take_any(n, m);
    if c.is_empty() || inner == 0 {
        c.fill(0.0);
        return c;
    }
    let copy = in_rows(b, scratch);
    let rows = copy.as_ref().map_or(b, |copy| copy.view());
    let mut packed = scratch.take_any(1, m.next_multiple_of(COLUMNS) * inner + COLUMNS);
    let lines = aligned(packed.as_slice_mut().unwrap_or_default());
    let lines = &mut lines[..m.div_ceil(COLUMNS) * inner];
    instructions.run(Packing { rows, lines });
    let panels = Panels::new(&*lines, inner, m.div_ceil(COLUMNS));
    // Rows that lie side by side are used as they are, others are turned or copied task by task.
    let in_place = inner <= 1 || a.strides()[1] == 1;
    let room = if in_place { 0 } else { ROWS * inner };
    let widths = [m];
    let cuts = Cuts { rows: ROWS, parts: &widths, columns: m };
    for_each_rectangle(scratch, &mut c, cuts, room, |mut rectangle, room| {
        let some = rectangle.rows.clone();
        let mut x = a.slice_move(s![some.clone(), ..]);
        if !in_place {
            let room = &mut room[..some.len() * inner];
            instructions.run(Turning { from: x, to: room });
            x = ArrayView2::from_shape((some.len(), inner), room)
                .unwrap_or_else(|_| unreachable!("rows · k numbers"));
        }
        instructions.run(PlainSums { x, panels, rectangle: &mut rectangle });
    });
    scratch.give(packed);
    copy.into_iter().for_each(|copy| scratch.give(copy));
    c
}

/// Σ over the rows, from the first to the last: db, the gradient of [`product`](crate::product)
/// with respect to its bias.
///
/// # Shapes
/// `[tokens, out]` to `[out]`.
///
/// ```
/// let rows = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(lt_kernels::sum_of_rows(rows.view()), [4.0, 6.0]);
/// ```
#[must_use]
pub fn sum_of_rows(rows: ArrayView2<'_, f32>) -> Vec<f32> {
    sum_of_rows_with(Instructions::best(), rows)
}

/// [`sum_of_rows`] with these instructions.
#[must_use]
pub fn sum_of_rows_with(instructions: Instructions, rows: ArrayView2<'_, f32>) -> Vec<f32> {
    instructions.run(Sum { rows })
}

struct Sum<'a> {
    rows: ArrayView2<'a, f32>,
}

impl Work for Sum<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> Vec<f32> {
        let mut sums = vec![0.0; self.rows.ncols()];
        for row in self.rows.rows() {
            match row.to_slice() {
                Some(row) => sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x),
                None => sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x),
            }
        }
        sums
    }
}

/// The lines of a buffer from the first that begins where a line of the cache does.
pub(crate) fn aligned(numbers: &mut [f32]) -> &mut [Lanes] {
    let skip = numbers.as_ptr().align_offset(size_of::<Lanes>()).min(numbers.len());
    numbers[skip..].as_chunks_mut().0
}

/// Rows `[k, m]` to panels `[m / 16, k, 16]`.
struct Packing<'a> {
    rows: ArrayView2<'a, f32>,
    lines: &'a mut [Lanes],
}

impl Work for Packing<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let inner = self.rows.nrows();
        for (place, row) in self.rows.rows().into_iter().enumerate() {
            let (whole, rest) = row.to_slice().unwrap_or_default().as_chunks();
            for (panel, sixteen) in whole.iter().enumerate() {
                self.lines[panel * inner + place] = *sixteen;
            }
            if !rest.is_empty() {
                let mut line = [0.0; COLUMNS];
                line[..rest.len()].copy_from_slice(rest);
                self.lines[whole.len() * inner + place] = line;
            }
        }
    }
}

/// A view whose rows do not lie side by side, as rows that do.
struct Turning<'a> {
    from: ArrayView2<'a, f32>,
    to: &'a mut [f32],
}

impl Work for Turning<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { from, to } = self;
        let (rows, columns) = from.dim();
        let turned = from.t(); // [columns, rows]
        for first in (0..columns).step_by(COLUMNS) {
            let lines = first..columns.min(first + COLUMNS);
            let mut sixteen: [&[f32]; COLUMNS] = [&[]; COLUMNS];
            for (place, line) in sixteen.iter_mut().zip(lines.clone()) {
                *place = turned.index_axis_move(Axis(0), line).to_slice().unwrap_or_default();
            }
            if lines.len() == COLUMNS && sixteen[0].len() == rows {
                for row in 0..rows {
                    let to: &mut Lanes = match to[row * columns + first..].first_chunk_mut() {
                        Some(to) => to,
                        None => unreachable!("sixteen columns of this row are left"),
                    };
                    for lane in 0..COLUMNS {
                        to[lane] = sixteen[lane][row];
                    }
                }
            } else {
                for row in 0..rows {
                    for line in lines.clone() {
                        to[row * columns + line] = from[[row, line]];
                    }
                }
            }
        }
    }
}
