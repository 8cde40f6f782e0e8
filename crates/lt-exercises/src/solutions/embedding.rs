//! Solutions of the chapter on embeddings.

use lt_core::{Module, Ragged, Weight};
use lt_embedding::Embedding;
use ndarray::{Array2, ArrayView2};

/// The weights are e⁰, e⁻ˢ, e⁻²ˢ, …, a geometric series: their sum is 1 / (1 − e⁻ˢ).
pub(crate) fn share_of_itself(slope: f32) -> f32 {
    1.0 - (-slope).exp()
}

/// Once round is 2π; pair i goes 1 / θ^(2i/k) at each position.
pub(crate) fn wavelengths(width: usize, theta: f32) -> Vec<f32> {
    let pairs = 0..width / 2;
    pairs.map(|i| std::f32::consts::TAU * theta.powf((2 * i) as f32 / width as f32)).collect()
}

/// 355/113 is π to six digits, so 113 times round is 710. The slower pairs of a wider table have not
/// been round: they tell the two apart.
pub(crate) fn alike_though_far() -> (usize, usize) {
    (0, 710)
}

/// At the end, so that all other ids stay what they are. The look-up refuses ids that there are not.
pub(crate) fn with_a_new_row(
    table: &Embedding,
    first: u32,
    second: u32,
) -> lt_core::Result<Embedding> {
    let both = table.forward(&[first, second])?; // [2, d]
    let mut numbers = table.weight().to_f32();
    numbers.extend((&both.row(0) + &both.row(1)) / 2.0);
    Embedding::new(Weight::new(&[table.entries() + 1, table.width()], numbers)?)
}

/// Each text counts anew, and padding is not counted.
pub(crate) fn position_numbers(ids: &[u32], batch: &Ragged, padding: Option<u32>) -> Vec<usize> {
    let first = padding.map_or(0, |padding| padding as usize + 1);
    let mut numbers = Vec::with_capacity(ids.len());
    for range in batch.ranges() {
        let mut next = first;
        for &id in &ids[range] {
            if padding == Some(id) {
                numbers.push(id as usize);
            } else {
                numbers.push(next);
                next += 1;
            }
        }
    }
    numbers
}

/// In a batch the numbers of the second text are all too high by the same, and distances do not see that.
pub(crate) fn law_that_catches_counting_through_the_batch() -> &'static str {
    lt_laws::rotary::THE_FIRST_POSITION_IS_NOT_TURNED.name
}

/// Turned by p², in place of p: from 1 to 2 it is 3, from 2 to 3 it is 5.
pub(crate) fn found_by_distance_alone(rows: ArrayView2<'_, f32>, batch: &Ragged) -> Array2<f32> {
    turned_by(rows, batch, |position, _| (position * position) as f32)
}

/// The formula, a row at a time.
pub(crate) fn rotated(rows: ArrayView2<'_, f32>, batch: &Ragged) -> Array2<f32> {
    let width = rows.ncols() as f32;
    turned_by(rows, batch, |position, pair| {
        position as f32 / 10_000_f32.powf(2.0 * pair as f32 / width)
    })
}

/// Turns the pairs of halves by an angle that follows from position and pair.
fn turned_by(
    rows: ArrayView2<'_, f32>,
    batch: &Ragged,
    angle: impl Fn(usize, usize) -> f32,
) -> Array2<f32> {
    let half = rows.ncols() / 2;
    let mut turned = rows.to_owned();
    for range in batch.ranges() {
        for (position, row) in range.enumerate() {
            for pair in 0..half {
                let (sin, cos) = angle(position, pair).sin_cos();
                let (a, b) = (rows[[row, pair]], rows[[row, pair + half]]);
                turned[[row, pair]] = a * cos - b * sin;
                turned[[row, pair + half]] = b * cos + a * sin;
            }
        }
    }
    turned
}
