//! Laws of a layer, or a stack of layers, in which tokens look at each other.
//!
//! The closure takes a [`Batch`] of rows `[tokens, width]` and returns rows of the same shape:
//! self-attention with its projections, an encoder layer, an encoder.

use lt_core::{Mask, Place, Ragged};
use ndarray::s;
use proptest::prelude::*;
use proptest::sample::select;

use crate::attention::masks_of_other_batches;
use crate::rows::{close, largest, reordered, same_bits, shaped, shown};
use crate::strategies::{batch_of_rows, length, masks, numbers, one, orders};
use crate::{Batch, IntoRows, Law, Rows};

/// The laws of this module.
pub const LAWS: [&Law; 7] = [
    &ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS,
    &ORDER_IS_SEEN_WITH_POSITIONS,
    &A_SHIFT_CHANGES_NOTHING,
    &THE_FUTURE_CHANGES_NOTHING,
    &A_HIDDEN_TOKEN_CHANGES_NO_OTHER,
    &BLIND_TOKENS_STAY_FINITE,
    &A_MASK_OF_ANOTHER_BATCH_IS_REFUSED,
];

/// The laws under which masks are obeyed by any layer: all of this module but those about
/// order and shifts, of which a layer has one or the other.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn masks_are_obeyed<R: IntoRows>(width: usize, layer: impl Fn(Batch<'_>) -> R) {
    the_future_changes_nothing(width, &layer);
    a_hidden_token_changes_no_other(width, &layer);
    blind_tokens_stay_finite(width, &layer);
    a_mask_of_another_batch_is_refused(width, &layer);
}

/// See [`order_is_not_seen_without_positions`].
pub const ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS: Law = Law {
    name: "without positions an encoder does not see order",
    statement: "encoder(PX) = P·encoder(X) for a permutation P of a sequence",
    tolerance: "1e-4 of the largest output: the same terms are summed in another order",
};

/// Tokens shuffled within their sequences come out shuffled: `encoder(PX) = P·encoder(X)`. Within
/// 1e-4 of the largest output, because attention sums the same terms in another order.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn order_is_not_seen_without_positions<R: IntoRows>(
    width: usize,
    encoder: impl Fn(Batch<'_>) -> R,
) {
    let cases = (batch_of_rows(width), orders()).prop_map(|((batch, rows), order)| {
        let order = order.within(&batch);
        (batch, rows, order)
    });
    ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS.hold(&cases, |(batch, rows, order)| {
        // formula: permutation
        let straight = run(&encoder, &rows, &batch, &Mask::all())?;
        let shuffled = Rows(reordered(rows.view(), &order));
        let got = run(&encoder, &shuffled, &batch, &Mask::all())?;
        let expected = reordered(straight.view(), &order);
        close(&got, &expected, 1e-4 * largest(straight.iter()))
    });
}

/// See [`order_is_seen_with_positions`].
pub const ORDER_IS_SEEN_WITH_POSITIONS: Law = Law {
    name: "with positions an encoder sees order",
    statement: "encoder(PX) ≠ P·encoder(X) for some permutation P of a sequence",
    tolerance: "differs by more than 1e-4 of the largest output, which rounding does not reach",
};

/// Some exchange of two neighbours changes more than their places. Hold the layer with its
/// positions inside the closure.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn order_is_seen_with_positions<R: IntoRows>(width: usize, encoder: impl Fn(Batch<'_>) -> R) {
    let cases = (3..=7_usize, numbers()).prop_map(move |(n, numbers)| numbers.rows(n, width));
    ORDER_IS_SEEN_WITH_POSITIONS.hold(&cases, |rows| {
        let batch = Ragged::single(rows.nrows());
        let straight = run(&encoder, &rows, &batch, &Mask::all())?;
        let visible = 1e-4 * largest(straight.iter());
        for first in 1..rows.nrows() {
            let mut order: Vec<usize> = (0..rows.nrows()).collect();
            order.swap(first - 1, first);
            let shuffled = Rows(reordered(rows.view(), &order));
            let got = run(&encoder, &shuffled, &batch, &Mask::all())?;
            let moved = &got - &reordered(straight.view(), &order);
            if rows.row(first) != rows.row(first - 1) && largest(moved.iter()) > visible {
                return Ok(());
            }
        }
        // Rows that are all alike cannot be told apart: nothing to see.
        if rows.outer_iter().all(|row| row == rows.row(0)) {
            return Ok(());
        }
        Err("no exchange of neighbours makes a difference".into())
    });
}

/// See [`a_shift_changes_nothing`].
pub const A_SHIFT_CHANGES_NOTHING: Law = Law {
    name: "with relative positions a shift of a whole sequence changes nothing",
    statement: "f(Z‖X) at X = f(X), if no token of X may look at one of Z",
    tolerance: "1e-4 of the largest output: other angles are rounded otherwise",
};

/// A sequence that is moved on, behind tokens that are hidden from it, comes out the same: only
/// the distance of two tokens counts, not where they stand.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_shift_changes_nothing<R: IntoRows>(width: usize, layer: impl Fn(Batch<'_>) -> R) {
    let cases = (1..=7_usize, 1..=7_usize, numbers())
        .prop_map(move |(length, shift, numbers)| (numbers.rows(shift + length, width), shift));
    A_SHIFT_CHANGES_NOTHING.hold(&cases, |(rows, shift)| {
        let own = Rows(rows.slice(s![shift.., ..]).to_owned());
        let expected = run(&layer, &own, &Ragged::single(own.nrows()), &Mask::all())?;
        let hidden = Mask::custom(move |at| at.query < shift || at.key >= shift);
        let shifted = run(&layer, &rows, &Ragged::single(rows.nrows()), &hidden)?;
        let got = shifted.slice(s![shift.., ..]).to_owned();
        close(&got, &expected, 1e-4 * largest(expected.iter()))
    });
}

/// See [`the_future_changes_nothing`].
pub const THE_FUTURE_CHANGES_NOTHING: Law = Law {
    name: "under a causal mask the future changes nothing",
    statement: "xⱼ changes for j > i ⇒ yᵢ keeps its bits, under any mask joined with causal",
    tolerance: "none: what is hidden is left out",
};

/// Under a causal mask, alone or joined with another (D2), what comes later changes no bit of what
/// came before.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn the_future_changes_nothing<R: IntoRows>(width: usize, layer: impl Fn(Batch<'_>) -> R) {
    let cases = (length(1), numbers(), numbers(), one(), masks()).prop_map(
        move |(length, rows, others, present, masks)| {
            let batch = Ragged::single(length);
            let mask = Mask::causal() & masks.of(&batch, &batch);
            let (rows, others) = (rows.rows(length, width), others.rows(length, width));
            (rows, others, present.index(length), mask)
        },
    );
    THE_FUTURE_CHANGES_NOTHING.hold(&cases, |(rows, others, present, mask)| {
        let batch = Ragged::single(rows.nrows());
        let mut changed = rows.clone();
        for later in present + 1..rows.nrows() {
            changed.0.row_mut(later).assign(&others.row(later));
        }
        let expected = run(&layer, &rows, &batch, &mask)?;
        let got = run(&layer, &changed, &batch, &mask)?;
        for i in 0..=present {
            same_bits(&format!("token {i}"), got.row(i), expected.row(i))?;
        }
        Ok(())
    });
}

/// See [`a_hidden_token_changes_no_other`].
pub const A_HIDDEN_TOKEN_CHANGES_NO_OTHER: Law = Law {
    name: "a token that no other may look at changes no other",
    statement: "no i ≠ j may look at j ⇒ all yᵢ keep their bits if xⱼ is NaN, ∞ or 1e30",
    tolerance: "none: what is hidden is left out",
};

/// A token that no other may look at (which is what padding is elsewhere) may hold NaN, infinity
/// or 1e30 without a bit of another changing.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_hidden_token_changes_no_other<R: IntoRows>(width: usize, layer: impl Fn(Batch<'_>) -> R) {
    let poison = select(vec![f32::NAN, f32::INFINITY, 1e30]);
    let cases =
        (length(1), numbers(), one(), poison).prop_map(move |(length, numbers, hidden, poison)| {
            (numbers.rows(length, width), hidden.index(length), poison)
        });
    A_HIDDEN_TOKEN_CHANGES_NO_OTHER.hold(&cases, |(rows, hidden, poison)| {
        let batch = Ragged::single(rows.nrows());
        let mask = Mask::custom(move |at| at.key != hidden || at.query == hidden);
        let mut poisoned = rows.clone();
        poisoned.0.row_mut(hidden).fill(poison);
        let expected = run(&layer, &rows, &batch, &mask)?;
        let got = run(&layer, &poisoned, &batch, &mask)?;
        for i in (0..rows.nrows()).filter(|&i| i != hidden) {
            same_bits(&format!("token {i}"), got.row(i), expected.row(i))?;
        }
        Ok(())
    });
}

/// See [`blind_tokens_stay_finite`].
pub const BLIND_TOKENS_STAY_FINITE: Law = Law {
    name: "tokens with nothing to look at stay finite, layer after layer",
    statement: "i may look at nothing ⇒ f(f(X)) is finite",
    tolerance: "none",
};

/// A token that may look at nothing is finite after one layer, and after two nothing else has
/// caught NaN from it (D1).
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn blind_tokens_stay_finite<R: IntoRows>(width: usize, layer: impl Fn(Batch<'_>) -> R) {
    let cases = (batch_of_rows(width), any::<u8>());
    BLIND_TOKENS_STAY_FINITE.hold(&cases, |((batch, rows), blind)| {
        // One bit for each of eight positions: this one may look at nothing.
        let mask = Mask::custom(move |Place { query, .. }| blind >> (query % 8) & 1 == 0);
        let once = Rows(run(&layer, &rows, &batch, &mask)?);
        let twice = Rows(run(&layer, &once, &batch, &mask)?);
        for (layers, rows) in [("one layer", &once), ("two layers", &twice)] {
            for (i, row) in rows.outer_iter().enumerate() {
                if !row.iter().all(|value| value.is_finite()) {
                    return Err(format!("after {layers} token {i} is {}", shown(row)));
                }
            }
        }
        Ok(())
    });
}

/// See [`a_mask_of_another_batch_is_refused`].
pub const A_MASK_OF_ANOTHER_BATCH_IS_REFUSED: Law = Law {
    name: "a layer refuses a mask of another batch",
    statement: "a table per sequence, [n, n] each, a prefix per sequence; else an error",
    tolerance: "none",
};

/// A mask that was made for another batch is an error, never stretched to fit (D3).
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_mask_of_another_batch_is_refused<R: IntoRows>(
    width: usize,
    layer: impl Fn(Batch<'_>) -> R,
) {
    let lengths = proptest::collection::vec(2..=5_usize, 1..=3);
    let cases = (lengths, numbers(), one()).prop_map(move |(lengths, numbers, which)| {
        let batch = Ragged::from_lengths(lengths.iter().copied());
        let pairs: Vec<_> = lengths.iter().map(|&length| (length, length)).collect();
        let rows = numbers.rows(batch.tokens(), width);
        (batch, rows, which.get(&masks_of_other_batches(&pairs)).clone())
    });
    A_MASK_OF_ANOTHER_BATCH_IS_REFUSED.hold(&cases, |(batch, rows, (why, mask))| {
        match run(&layer, &rows, &batch, &mask) {
            Err(_) => Ok(()),
            Ok(_) => Err(format!("a mask was accepted with {why}")),
        }
    });
}

fn run<R: IntoRows>(
    layer: &impl Fn(Batch<'_>) -> R,
    rows: &Rows,
    sequences: &Ragged,
    mask: &Mask,
) -> Result<ndarray::Array2<f32>, String> {
    shaped(layer(Batch { rows: rows.view(), sequences, mask }), rows.nrows(), rows.ncols())
}
