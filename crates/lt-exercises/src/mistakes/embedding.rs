//! Mistakes of the chapter on embeddings.

use lt_core::{Module, Ragged, Weight};
use lt_embedding::Embedding;
use ndarray::{Array2, ArrayView2};

/// The part that the slope takes off the first neighbour.
pub(crate) fn share_of_itself(slope: f32) -> f32 {
    1.0 - slope
}

/// i in place of 2i: twice as many pairs as there are.
pub(crate) fn wavelengths(width: usize, theta: f32) -> Vec<f32> {
    let pairs = 0..width / 2;
    pairs.map(|i| std::f32::consts::TAU * theta.powf(i as f32 / width as f32)).collect()
}

/// Seven times round, with 22/7 for π: not near enough.
pub(crate) fn alike_though_far() -> (usize, usize) {
    (0, 44)
}

/// The sum, not the mean.
pub(crate) fn with_a_new_row(
    table: &Embedding,
    first: u32,
    second: u32,
) -> lt_core::Result<Embedding> {
    let both = table.forward(&[first, second])?;
    let mut numbers = table.weight().to_f32();
    numbers.extend(&both.row(0) + &both.row(1));
    Embedding::new(Weight::new(&[table.entries() + 1, table.width()], numbers)?)
}

/// One too low: the first token gets the row of padding.
pub(crate) fn position_numbers(ids: &[u32], batch: &Ragged, padding: Option<u32>) -> Vec<usize> {
    let numbers = crate::solutions::embedding::position_numbers(ids, batch, padding);
    let one_lower = |(number, &id): (usize, &u32)| match padding {
        Some(padding) if padding != id => number - 1,
        _ => number,
    };
    numbers.into_iter().zip(ids).map(one_lower).collect()
}

/// It is tried on one text at a time.
pub(crate) fn law_that_catches_counting_through_the_batch() -> &'static str {
    lt_laws::rotary::ONLY_THE_DISTANCE_COUNTS.name
}

/// Counted from 1: distances are as before, and the first token is turned.
pub(crate) fn found_by_distance_alone(rows: ArrayView2<'_, f32>, batch: &Ragged) -> Array2<f32> {
    let mut turned = rows.to_owned();
    for range in batch.ranges() {
        for (position, row) in range.enumerate() {
            let (sin, cos) = (position as f32 + 1.0).sin_cos();
            let (a, b) = (rows[[row, 0]], rows[[row, 1]]);
            turned[[row, 0]] = a * cos - b * sin;
            turned[[row, 1]] = b * cos + a * sin;
        }
    }
    turned
}

/// Neighbours make the pairs: all laws hold, and a checkpoint of Llama answers nonsense.
pub(crate) fn rotated(rows: ArrayView2<'_, f32>, batch: &Ragged) -> Array2<f32> {
    let half = rows.ncols() / 2;
    let halves = |column: usize| 2 * (column % half) + column / half;
    let neighbours = |column: usize| column / 2 + half * (column % 2);
    let reordered = Array2::from_shape_fn(rows.dim(), |(i, j)| rows[[i, halves(j)]]);
    let turned = crate::solutions::embedding::rotated(reordered.view(), batch);
    Array2::from_shape_fn(rows.dim(), |(i, j)| turned[[i, neighbours(j)]])
}
