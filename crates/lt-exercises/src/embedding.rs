//! Chapter: embedding. `cargo xtask grade embedding`
//!
//! Fill in one function at a time. A batch is texts that lie end to end; `batch.ranges()` gives the
//! rows of each.

use lt_core::Ragged;
use lt_embedding::Embedding;
use ndarray::{Array2, ArrayView2};

/// ★ A token far into a long text, in a head of ALiBi with this slope. It may look back, not ahead. All
/// keys match its query alike, so that scores differ by the distance alone.
///
/// Return the share of the weight that the token itself gets. With the slope 1/2 it is about 0.39: if
/// yours is a sum over all the places before, it has a short form.
pub fn share_of_itself(slope: f32) -> f32 {
    todo!()
}

/// ★ A rotary head of this width turns its pairs, each at a speed of its own.
///
/// Return for each pair, the fastest first, after how many positions it has gone round once and
/// begins again. A head of width 2 has one pair, turned by one radian for each position: 2π = 6.28.
/// Held by the frequencies of [`lt_embedding::Rotary`]. Then look at your numbers for width 4 and base
/// 10000: which distances does either pair tell apart?
pub fn wavelengths(width: usize, theta: f32) -> Vec<f32> {
    todo!()
}

/// ★★ In the table of sines of width 2 a row is (sin p, cos p). It comes back after 2π positions, which
/// is no whole number; but some whole numbers are near a multiple of it.
///
/// Return two different positions below 1000 whose rows differ by less than 0.001 in both columns.
/// Why is there no such pair if the table has a width of 64?
pub fn alike_though_far() -> (usize, usize) {
    todo!()
}

/// ★★ A new word piece comes into the vocabulary, behind all others. So that it does not begin as noise,
/// its vector is the mean of those of two pieces that are there.
///
/// Return the table with one row more: of `[[1, 2], [3, 6]]` and the pieces 0 and 1 it is `[[1, 2], [3, 6],
/// [2, 4]]`.
///
/// # Errors
/// If the table has no such pieces.
pub fn with_a_new_row(table: &Embedding, first: u32, second: u32) -> lt_core::Result<Embedding> {
    todo!()
}

/// ★★ Which row of the table of positions each token of a batch gets.
///
/// Without `padding` (BERT) each text is numbered 0, 1, 2, …. With `Some(p)` (RoBERTa) it is numbered from
/// p + 1 on, and a token whose id is p gets the number p and is not counted. For the texts 7 8 and 9 1 9 and
/// `Some(1)`: 2 3, and 2 1 3. Held by [`lt_embedding::Positions::numbers`].
pub fn position_numbers(ids: &[u32], batch: &Ragged, padding: Option<u32>) -> Vec<usize> {
    todo!()
}

/// ★★ Break it: positions are counted through the batch, so that the second text begins where the first
/// has ended:
///
/// ```text
/// for (position, row) in rows.rows_mut().into_iter().enumerate() {  // was: for each text of the batch
///     turn(row, position);
/// }
/// ```
///
/// Return the name of the law of `lt_laws::rotary` that catches it, as in
/// `lt_laws::rotary::LENGTHS_ARE_KEPT.name`. Why is it not the one about distances?
pub fn law_that_catches_counting_through_the_batch() -> &'static str {
    todo!()
}

/// ★★ Break it: write rotary positions for a head of width 2 that are wrong, and that one law alone finds:
/// "a score after rotation depends on the distance alone". Lengths are kept, and the first token of each
/// text stays where it is.
///
/// `rows` is `[tokens, 2]`; return it turned.
pub fn found_by_distance_alone(rows: ArrayView2<'_, f32>, batch: &Ragged) -> Array2<f32> {
    todo!()
}

/// ★★★ Rotary positions for one head, `[tokens, k]`, k even, base 10000: at position p of its text, pair i
/// is turned by the angle p / 10000^(2i/k), and (a, b) becomes (a·cos − b·sin, b·cos + a·sin).
///
/// The layout is that of Llama: column i of the first half makes a pair with column i of the second. The
/// rows (1, 2, 3, 4) at position 1 and width 4 have the pairs (1, 3) and (2, 4), turned by 1 and by 0.01.
/// Held by the laws of rotary positions, and by the numbers of [`lt_embedding::Rotary`]. Which of the two
/// sees the layout?
pub fn rotated(rows: ArrayView2<'_, f32>, batch: &Ragged) -> Array2<f32> {
    todo!()
}
