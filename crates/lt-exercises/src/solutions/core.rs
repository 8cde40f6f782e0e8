//! Solutions of the chapter on the contract.

use lt_core::{Mask, Result, Shape, Train, check_columns, check_shape};
use lt_kernels::math::scramble;
use ndarray::{Array2, ArrayView2, Axis};

use crate::core::Shift;

/// Fields and places, joined by dots. What is absent is not visited.
pub(crate) fn names_of_a_wall() -> Vec<&'static str> {
    vec!["layers.0.weight", "layers.0.bias", "layers.1.weight", "norm"]
}

/// The width is asked for first: a row of one number would be broadcast.
pub(crate) fn shift(layer: &Shift, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
    check_columns("Shift::forward", layer.bias.len(), &rows)?;
    Ok(&rows + &layer.bias.vector())
}

/// From the first token on there are as many tokens as the row has, or there is a gap.
pub(crate) fn without_padding(
    ids: ArrayView2<'_, u32>,
    mask: ArrayView2<'_, u8>,
) -> Option<(Vec<u32>, Vec<usize>)> {
    let (mut rows, mut offsets) = (Vec::new(), vec![0]);
    for (ids, mask) in ids.rows().into_iter().zip(mask.rows()) {
        let first = mask.iter().position(|&keep| keep == 1).unwrap_or(0);
        let length = mask.iter().filter(|&&keep| keep == 1).count();
        let is_token = |place| (first..first + length).contains(&place);
        if mask.iter().enumerate().any(|(place, &keep)| keep != u8::from(is_token(place))) {
            return None;
        }
        rows.extend(ids.iter().skip(first).take(length));
        offsets.push(rows.len());
    }
    Some((rows, offsets))
}

/// The first n have the numbers 0 to n − 1.
pub(crate) fn looks_at_the_first(n: usize) -> Mask {
    Mask::custom(move |place| place.key < n || place.key <= place.query)
}

/// forward: y = x + b  ⇒  backward: db = Σ dy, dx = dy.
pub(crate) fn shift_backward(
    rows: ArrayView2<'_, f32>,
    d_output: &Array2<f32>,
    grads: &mut Shift,
) -> Result<Array2<f32>> {
    check_shape("Shift::backward", Shape::of(rows.shape()), d_output.shape())?;
    grads.bias.add(&d_output.sum_axis(Axis(0)).to_vec());
    Ok(d_output.clone())
}

/// ((g + a) + b) is not g + (a + b): the second pass does not add what the first one did. A slope is
/// measured in one pass, and less exactly.
pub(crate) fn law_that_catches_rows_added_one_by_one() -> &'static str {
    lt_laws::gradient::BACKWARD_ADDS.name
}

/// Twice the gradient: it adds up, it is there, it has its shape.
pub(crate) fn wrong_by_its_slope_alone(
    rows: ArrayView2<'_, f32>,
    d_output: &Array2<f32>,
    grads: &mut Shift,
) -> Result<Array2<f32>> {
    Ok(shift_backward(rows, d_output, grads)? * 2.0)
}

/// All that it may depend on is stirred into one number, and the upper bits of it are a share of 1.
pub(crate) fn is_dropped(train: &Train, site: u64, row: usize, column: usize, rate: f32) -> bool {
    let (seed, step) = train.seed_and_step();
    let parts = [seed, step, site, train.row_key(row), column as u64];
    let drawn = parts.into_iter().fold(0, |stirred, part| scramble(stirred ^ part));
    ((drawn >> 40) as f32) < rate * 2_f32.powi(24)
}
