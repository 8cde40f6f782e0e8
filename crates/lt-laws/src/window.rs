//! Laws of a sliding window: a token looks at its neighbourhood alone.
//!
//! The closure takes a [`Batch`] of rows `[tokens, width]` and a reach, and runs one layer of
//! self-attention in which a token may look so many positions back and as many ahead; as far as
//! the batch's mask lets it, too.

use lt_core::{Mask, Ragged};
use proptest::prelude::*;
use proptest::sample::select;

use crate::rows::{same_bits, shaped};
use crate::strategies::{batch_of_rows, length, masks, numbers, one};
use crate::{Batch, IntoRows, Law};

/// The laws of this module.
pub const LAWS: [&Law; 2] = [&BEYOND_THE_WINDOW_NOTHING_IS_SEEN, &A_WIDE_WINDOW_IS_FULL_ATTENTION];

/// See [`beyond_the_window_nothing_is_seen`].
pub const BEYOND_THE_WINDOW_NOTHING_IS_SEEN: Law = Law {
    name: "beyond the window nothing is seen",
    statement: "xⱼ is NaN, ∞ or 1e30 ⇒ yᵢ keeps its bits for |i − j| > reach",
    tolerance: "none: what is hidden is left out",
};

/// A token that is further away than the window reaches may hold NaN, infinity or 1e30 without a
/// bit changing.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn beyond_the_window_nothing_is_seen<R: IntoRows>(
    width: usize,
    layer: impl Fn(Batch<'_>, usize) -> R,
) {
    let poison = select(vec![f32::NAN, f32::INFINITY, 1e30]);
    let cases = (length(2), 0..=5_usize, numbers(), one(), poison, masks()).prop_map(
        move |(length, reach, numbers, hidden, poison, masks)| {
            let batch = Ragged::single(length);
            let mask = masks.of(&batch, &batch);
            (numbers.rows(length, width), reach, hidden.index(length), poison, mask)
        },
    );
    BEYOND_THE_WINDOW_NOTHING_IS_SEEN.hold(&cases, |(rows, reach, hidden, poison, mask)| {
        let batch = Ragged::single(rows.nrows());
        let mut poisoned = rows.clone();
        poisoned.0.row_mut(hidden).fill(poison);
        let run = |rows: &crate::Rows| {
            let batch = Batch { rows: rows.view(), sequences: &batch, mask: &mask };
            shaped(layer(batch, reach), rows.nrows(), rows.ncols())
        };
        let (expected, got) = (run(&rows)?, run(&poisoned)?);
        for i in (0..rows.nrows()).filter(|i| i.abs_diff(hidden) > reach) {
            same_bits(&format!("token {i}"), got.row(i), expected.row(i))?;
        }
        Ok(())
    });
}

/// See [`a_wide_window_is_full_attention`].
pub const A_WIDE_WINDOW_IS_FULL_ATTENTION: Law = Law {
    name: "a window that is wide enough is full attention",
    statement: "reach ≥ n − 1 ⇒ windowed(X) = full(X), under any mask",
    tolerance: "none: the same sums are taken",
};

/// A window that reaches from one end of the longest sequence to the other has the bits of full
/// attention, under any mask. The second closure runs the same layer without a window.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_wide_window_is_full_attention<R: IntoRows, S: IntoRows>(
    width: usize,
    windowed: impl Fn(Batch<'_>, usize) -> R,
    full: impl Fn(Batch<'_>) -> S,
) {
    let more = prop_oneof![2 => 0..=3_usize, 1 => Just(usize::MAX)];
    let cases =
        (batch_of_rows(width), more, masks()).prop_map(|((sequences, rows), more, masks)| {
            let mask: Mask = masks.of(&sequences, &sequences);
            let reach = sequences.longest().saturating_sub(1).saturating_add(more);
            (sequences, rows, reach, mask)
        });
    A_WIDE_WINDOW_IS_FULL_ATTENTION.hold(&cases, |(sequences, rows, reach, mask)| {
        let batch = Batch { rows: rows.view(), sequences: &sequences, mask: &mask };
        let got = shaped(windowed(batch, reach), rows.nrows(), width)?;
        let expected = shaped(full(batch), rows.nrows(), width)?;
        for (i, (got, expected)) in got.outer_iter().zip(expected.outer_iter()).enumerate() {
            same_bits(&format!("token {i}"), got, expected)?;
        }
        Ok(())
    });
}
