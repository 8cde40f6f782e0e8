//! Attention under a mask: what may not be looked at might as well not be there.

use std::ops::Range;

use lt_core::{Mask, Place, Ragged};
use ndarray::Array2;
use proptest::prelude::*;
use proptest::sample::select;

use super::case::{QueryRow, cases, problems};
use super::{Inputs, run};
use crate::rows::{same_bits, shown};
use crate::strategies::masks_of_one_rule;
use crate::{IntoRows, Law};

/// See [`a_hidden_key_may_hold_anything`].
pub const A_HIDDEN_KEY_MAY_HOLD_ANYTHING: Law = Law {
    name: "a hidden key may hold anything",
    statement: "i may not look at j ⇒ oᵢ has the same bits if kⱼ and vⱼ are NaN, ±∞ or 1e30",
    tolerance: "none: a hidden key is left out, not multiplied by zero",
};

/// A query that may not look at a key gets the same bits whatever that key and its value hold:
/// NaN, infinity, 1e30.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_hidden_key_may_hold_anything<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    let poison = select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30]);
    // Half of the time nobody may look at the key, else whom the mask lets.
    let cases = (problems(1), any::<bool>(), poison).prop_map(|((case, key), from_all, poison)| {
        let key = key.index(case.keys.tokens());
        (case, key, from_all, poison)
    });
    A_HIDDEN_KEY_MAY_HOLD_ANYTHING.hold(&cases, |(case, key, from_all, poison)| {
        let (sequence, first) = sequence_of(&case.keys, key);
        let hides = Mask::custom(move |place| {
            !from_all || place.sequence != sequence || place.key != key - first
        });
        let case = case.masked(case.mask.clone() & hides);
        let mut poisoned = case.clone();
        poisoned.key.0.row_mut(key).fill(poison);
        poisoned.value.0.row_mut(key).fill(poison);
        let (got, expected) = (run(&attention, &poisoned)?, run(&attention, &case)?);
        for at in case.places().filter(|&at| !case.allowed(at).contains(&key)) {
            let what = format!("with {poison} in key {key}, query {}", at.row);
            same_bits(&what, got.row(at.row), expected.row(at.row))?;
        }
        Ok(())
    });
}

/// See [`a_query_without_keys_gets_zeros`].
pub const A_QUERY_WITHOUT_KEYS_GETS_ZEROS: Law = Law {
    name: "a query with nothing to look at gets zeros",
    statement: "i may look at no key ⇒ oᵢ = 0",
    tolerance: "none",
};

/// A query that may look at nothing gets zeros, not NaN (D1): because the mask forbids every key,
/// or because its sequence has none.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_query_without_keys_gets_zeros<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    let cases = problems(1).prop_map(|(case, blind)| {
        let blind = blind.index(case.queries.tokens());
        (case, blind)
    });
    A_QUERY_WITHOUT_KEYS_GETS_ZEROS.hold(&cases, |(case, blind)| {
        let (sequence, first) = sequence_of(&case.queries, blind);
        let blinds = Mask::custom(move |at| at.sequence != sequence || at.query != blind - first);
        let case = case.masked(case.mask.clone() & blinds);
        let output = run(&attention, &case)?;
        for QueryRow { row, .. } in case.places().filter(|&at| case.allowed(at).is_empty()) {
            if output.row(row).iter().any(|&value| value != 0.0) {
                let got = shown(output.row(row));
                return Err(format!("query {row} gets {got}, expected zeros"));
            }
        }
        Ok(())
    });
}

/// See [`masks_intersect`].
pub const MASKS_INTERSECT: Law = Law {
    name: "joined masks allow what both allow",
    statement: "attention under a & b = attention under the table of a ∧ b",
    tolerance: "none: a hidden key is left out, however it was hidden",
};

/// Under two masks joined by `&` a query looks at what both allow, as if the intersection had been
/// written out as a table: a causal mask is not lost when another comes to it (D2).
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn masks_intersect<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    let cases = (cases(), masks_of_one_rule()).prop_map(|(case, other)| {
        let other = other.of(&case.queries, &case.keys);
        (case, other)
    });
    MASKS_INTERSECT.hold(&cases, |(case, other)| {
        let both = case.masked(case.mask.clone() & other.clone());
        let ranges = case.queries.ranges().zip(case.keys.ranges()).enumerate();
        let table = |(sequence, (queries, keys)): (usize, (Range<usize>, Range<usize>))| {
            Array2::from_shape_fn((queries.len(), keys.len()), |(query, key)| {
                let place = Place { sequence, query, key };
                case.mask.allows(place) && other.allows(place)
            })
        };
        let written_out = case.masked(Mask::table(ranges.map(table).collect()));
        let (got, expected) = (run(&attention, &both)?, run(&attention, &written_out)?);
        for (row, (got, expected)) in got.outer_iter().zip(expected.outer_iter()).enumerate() {
            same_bits(&format!("query {row}"), got, expected)?;
        }
        Ok(())
    });
}

/// See [`a_mask_of_another_batch_is_refused`].
pub const A_MASK_OF_ANOTHER_BATCH_IS_REFUSED: Law = Law {
    name: "a mask of another batch is refused",
    statement: "a table per sequence, [t, s] each, a prefix per sequence; else an error",
    tolerance: "none",
};

/// A mask that was made for another batch is an error, never stretched to fit (D3): too few or too
/// many tables or prefixes, a table of one row for all queries, a table of another shape.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_mask_of_another_batch_is_refused<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    let cases = problems(2).prop_map(|(case, which)| {
        let lengths = case.queries.ranges().zip(case.keys.ranges());
        let lengths: Vec<_> = lengths.map(|(q, k)| (q.len(), k.len())).collect();
        let (why, mask) = which.get(&masks_of_other_batches(&lengths)).clone();
        (why, case.masked(mask))
    });
    A_MASK_OF_ANOTHER_BATCH_IS_REFUSED.hold(&cases, |(why, case)| {
        match attention(case.inputs()).into_rows() {
            Err(_) => Ok(()),
            Ok(_) => Err(format!("a mask was accepted with {why}")),
        }
    });
}

/// Wrong masks for sequences of so many queries and keys, and what is wrong with each.
pub(crate) fn masks_of_other_batches(lengths: &[(usize, usize)]) -> Vec<(&'static str, Mask)> {
    let tables = |shape: fn((usize, usize)) -> (usize, usize)| -> Vec<Array2<bool>> {
        lengths.iter().map(|&length| Array2::from_elem(shape(length), true)).collect()
    };
    let (mut fewer, mut more) = (tables(|length| length), tables(|length| length));
    fewer.pop();
    more.push(Array2::from_elem((2, 2), true));
    let mut masks = vec![
        ("a table too few", Mask::table(fewer)),
        ("a table too many", Mask::table(more)),
        ("one row for all queries", Mask::table(tables(|(_, keys)| (1, keys)))),
        ("one column for all keys", Mask::table(tables(|(queries, _)| (queries, 1)))),
        ("a key too many", Mask::table(tables(|(queries, keys)| (queries, keys + 1)))),
        ("a prefix too many", Mask::prefix(vec![1; lengths.len() + 1])),
        ("a prefix too few, beside a good rule", {
            Mask::causal() & Mask::prefix(vec![1; lengths.len() - 1])
        }),
    ];
    if lengths.iter().any(|&(queries, keys)| queries != keys) {
        masks.push(("queries and keys exchanged", Mask::table(tables(|(q, k)| (k, q)))));
    }
    masks
}

/// Which sequence of the batch this row belongs to, and the first row of that.
fn sequence_of(batch: &Ragged, row: usize) -> (usize, usize) {
    let ranges = batch.ranges().enumerate();
    let mut found = ranges.filter(|(_, range)| range.contains(&row));
    found.next().map_or((0, 0), |(sequence, range)| (sequence, range.start))
}
