//! Chapter: core. `cargo xtask grade core`
//!
//! Fill in one function at a time.

use lt_core::{Mask, Result, Train, Weight, params};
use ndarray::{Array2, ArrayView2};

/// A brick of a wall: a matrix, perhaps with a bias.
#[derive(Debug, Clone)]
pub struct Brick {
    /// `[out, in]`.
    pub weight: Weight,
    /// `[out]`.
    pub bias: Option<Weight>,
}
params!(Brick { weight, bias });

/// Bricks on each other, and a norm on top.
#[derive(Debug, Clone)]
pub struct Wall {
    /// From the lowest to the highest.
    pub layers: Vec<Brick>,
    /// `[out]`.
    pub norm: Weight,
}
params!(Wall { layers, norm });

/// ★ A [`Wall`] of two bricks, the first with a bias and the second without.
///
/// Return the names of its parameters, as [`lt_core::weights`] lists them.
pub fn names_of_a_wall() -> Vec<&'static str> {
    todo!()
}

/// A layer: y = x + b for each row x. `grads` of it is a `Shift` too, which holds db.
#[derive(Debug, Clone)]
pub struct Shift {
    /// b, `[d]`.
    pub bias: Weight,
}
params!(Shift { bias });

/// ★ The forward pass of [`Shift`]: rows `[tokens, d]` to rows `[tokens, d]`.
///
/// Refuse rows of another width with [`lt_core::Error::Shape`]. A library of arrays may not do it for you: it
/// takes a row of one number for as many of them as are wanted.
/// Held against the product with a matrix of ones on the diagonal.
///
/// # Errors
/// If the rows are not d wide.
pub fn shift(layer: &Shift, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
    todo!()
}

/// ★★ The border to padded batches: `ids` `[b, longest]`, and a mask of this shape, 1 for a token and 0
/// for padding. Padding stands before or behind the tokens of a row, never between them.
///
/// Return the ids laid end to end, and the offsets; `None` for a mask with a gap or with another number
/// than 0 and 1. With ids `[[9, 7], [5, 9]]` and the mask `[[0, 1], [1, 0]]` it is `[7, 5]`, and `[0, 1, 2]`.
/// Held against [`lt_core::Ragged::from_padded`].
pub fn without_padding(
    ids: ArrayView2<'_, u32>,
    mask: ArrayView2<'_, u8>,
) -> Option<(Vec<u32>, Vec<usize>)> {
    todo!()
}

/// ★★ In a prefix language model each token may look at the first n tokens of its text, and else
/// only back, and at itself. Write it with [`Mask::custom`], for a batch of any number of texts.
///
/// Held against [`Mask::prefix`], at each place of three texts.
pub fn looks_at_the_first(n: usize) -> Mask {
    todo!()
}

/// ★★ The backward pass of [`Shift`]: from dy, of the shape of the output, the gradient of the rows,
/// which is returned, and db, which is added to `grads`.
///
/// Each call computes its sum from zero, and adds it once. A dy of another shape than `rows` is refused:
/// [`lt_core::check_shape`] does that. Held by the laws of [`lt_laws::gradient`].
///
/// # Errors
/// If `d_output` has not the shape of the output.
pub fn shift_backward(
    rows: ArrayView2<'_, f32>,
    d_output: &Array2<f32>,
    grads: &mut Shift,
) -> Result<Array2<f32>> {
    todo!()
}

/// ★★ Break it: somebody finds the sum superfluous, and adds each row of dy to the gradient as it
/// comes:
///
/// ```text
/// for d_row in d_output.rows() {
///     for (grad, d) in grads.bias.make_mut().iter_mut().zip(d_row) {
///         *grad += d;                     // was: a sum of all rows, added once
///     }
/// }
/// ```
///
/// Return the name of the law of [`lt_laws::gradient`] that catches it. Why is it not the one that measures
/// slopes?
pub fn law_that_catches_rows_added_one_by_one() -> &'static str {
    todo!()
}

/// ★★ Break it: write a backward pass of [`Shift`] that is wrong, and that all laws of
/// [`lt_laws::gradient`] but one let pass: only "backward is the slope of forward" may find it.
///
/// # Errors
/// If `d_output` has not the shape of the output.
pub fn wrong_by_its_slope_alone(
    rows: ArrayView2<'_, f32>,
    d_output: &Array2<f32>,
    grads: &mut Shift,
) -> Result<Array2<f32>> {
    todo!()
}

/// ★★★ Training drops numbers at random, but no random generator is handed on from layer to layer: what is
/// drawn must not depend on who draws first. So it is a function. Is the number in this `row` of the
/// batch and this `column` dropped, at this `site` of the network?
///
/// A share of `rate` is. Another seed, step, site, row or column decides anew; another batch does not: a
/// token is dropped alike, alone and among others, wherever its row is.
/// See [`Train::seed_and_step`] and [`Train::row_key`]. `lt_kernels::math::scramble` makes a number of 64 bits
/// of another, so that each bit of it looks random. Held by laws of its own.
pub fn is_dropped(train: &Train, site: u64, row: usize, column: usize, rate: f32) -> bool {
    todo!()
}
