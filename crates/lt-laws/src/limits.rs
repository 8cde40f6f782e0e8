//! Laws of what does not fit: it is an error that says so, not a panic and not a guess.

use std::fmt::Display;

use lt_core::Ragged;
use proptest::prelude::*;

use crate::Law;

/// The laws of this module.
pub const LAWS: [&Law; 2] = [&TOO_LONG_IS_REFUSED, &UNKNOWN_IDS_ARE_REFUSED];

/// See [`too_long_is_refused`].
pub const TOO_LONG_IS_REFUSED: Law = Law {
    name: "a sequence longer than the positions is refused",
    statement: "a batch is accepted ⇔ each of its sequences has at most `limit` tokens",
    tolerance: "none",
};

/// A batch is accepted exactly if no sequence has more tokens than there are positions (D7). The
/// limit counts for each sequence, not for the batch.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn too_long_is_refused<T, E: Display>(limit: usize, embed: impl Fn(&Ragged) -> Result<T, E>) {
    // As often too long by one as just fitting.
    let length = prop_oneof![
        2 => 1..=limit.max(1),
        1 => Just(limit),
        1 => Just(limit + 1),
        1 => limit + 1..=2 * limit + 2,
    ];
    let batches = proptest::collection::vec(length, 1..=3);
    TOO_LONG_IS_REFUSED.hold(&batches, |lengths| {
        let fits = lengths.iter().all(|&length| length <= limit);
        expect(embed(&Ragged::from_lengths(lengths)).map(drop), fits)
    });
}

/// See [`unknown_ids_are_refused`].
pub const UNKNOWN_IDS_ARE_REFUSED: Law = Law {
    name: "an id beyond the table is refused",
    statement: "ids are accepted ⇔ each is less than the number of rows of the table",
    tolerance: "none",
};

/// Ids (of tokens, of segments) are accepted exactly if each has a row in the table.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn unknown_ids_are_refused<T, E: Display>(rows: u32, look_up: impl Fn(&[u32]) -> Result<T, E>) {
    let id = prop_oneof![
        12 => 0..rows.max(1),
        1 => Just(rows),
        1 => rows..=u32::MAX,
        1 => Just(u32::MAX),
    ];
    UNKNOWN_IDS_ARE_REFUSED.hold(&proptest::collection::vec(id, 1..=6), |ids| {
        let known = ids.iter().all(|&id| id < rows);
        expect(look_up(&ids).map(drop), known)
    });
}

fn expect<E: Display>(result: Result<(), E>, fits: bool) -> crate::Verdict {
    match (result, fits) {
        (Ok(()), true) | (Err(_), false) => Ok(()),
        (Ok(()), false) => Err("it was accepted".into()),
        (Err(error), true) => Err(format!("it was refused: {error}")),
    }
}
