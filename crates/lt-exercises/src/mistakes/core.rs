//! Mistakes of the chapter on the contract.

use lt_core::{Mask, Result, Shape, Train, check_shape};
use lt_kernels::math::scramble;
use ndarray::{Array2, ArrayView2, Axis};

use crate::core::Shift;

/// A bias that is absent has no name.
pub(crate) fn names_of_a_wall() -> Vec<&'static str> {
    vec!["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "norm"]
}

/// A row of one number is broadcast.
#[allow(clippy::unnecessary_wraps)] // that nothing is refused is the mistake
pub(crate) fn shift(layer: &Shift, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
    Ok(&rows + &layer.bias.vector())
}

/// As if padding stood behind the tokens always.
#[allow(clippy::unnecessary_wraps)] // that nothing is refused is the mistake
pub(crate) fn without_padding(
    ids: ArrayView2<'_, u32>,
    mask: ArrayView2<'_, u8>,
) -> Option<(Vec<u32>, Vec<usize>)> {
    let (mut rows, mut offsets) = (Vec::new(), vec![0]);
    for (ids, mask) in ids.rows().into_iter().zip(mask.rows()) {
        let length = mask.iter().filter(|&&keep| keep == 1).count();
        rows.extend(ids.iter().take(length));
        offsets.push(rows.len());
    }
    Some((rows, offsets))
}

/// Off by one: place n is the n + 1st.
pub(crate) fn looks_at_the_first(n: usize) -> Mask {
    Mask::custom(move |place| place.key <= n || place.key <= place.query)
}

/// What was there is overwritten.
pub(crate) fn shift_backward(
    rows: ArrayView2<'_, f32>,
    d_output: &Array2<f32>,
    grads: &mut Shift,
) -> Result<Array2<f32>> {
    check_shape("Shift::backward", Shape::of(rows.shape()), d_output.shape())?;
    grads.bias.make_mut().copy_from_slice(&d_output.sum_axis(Axis(0)).to_vec());
    Ok(d_output.clone())
}

/// A slope is not so exact.
pub(crate) fn law_that_catches_rows_added_one_by_one() -> &'static str {
    lt_laws::gradient::BACKWARD_IS_THE_SLOPE.name
}

/// Without db, which another law finds too.
pub(crate) fn wrong_by_its_slope_alone(
    rows: ArrayView2<'_, f32>,
    d_output: &Array2<f32>,
    _: &mut Shift,
) -> Result<Array2<f32>> {
    check_shape("Shift::backward", Shape::of(rows.shape()), d_output.shape())?;
    Ok(d_output.clone())
}

/// By its row in the batch, which is another in every batch.
pub(crate) fn is_dropped(train: &Train, site: u64, row: usize, column: usize, rate: f32) -> bool {
    let (seed, step) = train.seed_and_step();
    let parts = [seed, step, site, row as u64, column as u64];
    let drawn = parts.into_iter().fold(0, |stirred, part| scramble(stirred ^ part));
    ((drawn >> 40) as f32) < rate * 2_f32.powi(24)
}
