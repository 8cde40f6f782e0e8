//! What the laws of attention are tried on.

use std::fmt;

use lt_core::{Mask, Place, Ragged};
use proptest::prelude::*;
use proptest::sample::Index;

use super::Inputs;
use crate::Rows;
use crate::strategies::{length, masks, numbers, one, width};

/// One problem for attention; prints as the numbers and as who may look at whom.
#[derive(Clone)]
pub struct Case {
    /// `[t, d]`.
    pub query: Rows,
    /// `[s, d]`.
    pub key: Rows,
    /// `[s, dv]`.
    pub value: Rows,
    /// Where the sequences of queries begin.
    pub queries: Ragged,
    /// Where the sequences of keys begin.
    pub keys: Ragged,
    /// Which query may look at which key.
    pub mask: Mask,
}

/// A query: its row in the batch, and where that is.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryRow {
    pub(super) row: usize,
    pub(super) sequence: usize,
    pub(super) query: usize,
}

impl Case {
    /// The case as a closure gets it.
    #[must_use]
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            query: self.query.view(),
            key: self.key.view(),
            value: self.value.view(),
            queries: &self.queries,
            keys: &self.keys,
            mask: &self.mask,
        }
    }

    /// The case with another mask.
    pub(super) fn masked(&self, mask: Mask) -> Self {
        Self { mask, ..self.clone() }
    }

    /// Every query.
    pub(super) fn places(&self) -> impl Iterator<Item = QueryRow> {
        self.queries.ranges().enumerate().flat_map(|(sequence, range)| {
            let first = range.start;
            range.map(move |row| QueryRow { row, sequence, query: row - first })
        })
    }

    /// The rows of the keys that this query may look at.
    pub(super) fn allowed(&self, at: QueryRow) -> Vec<usize> {
        let range = self.keys.ranges().nth(at.sequence).unwrap_or_default();
        let place = |row| Place { sequence: at.sequence, query: at.query, key: row - range.start };
        range.clone().filter(|&row| self.mask.allows(place(row))).collect()
    }

    /// For each sequence and each query in it, a line of `1` (may look) and `.` (may not).
    fn grid(&self) -> Vec<Vec<String>> {
        let sequences = self.queries.ranges().zip(self.keys.ranges()).enumerate();
        let line = |sequence, query, keys| -> String {
            let allows = |key| self.mask.allows(Place { sequence, query, key });
            (0..keys).map(|key| if allows(key) { '1' } else { '.' }).collect()
        };
        sequences
            .map(|(sequence, (queries, keys))| {
                (0..queries.len()).map(|query| line(sequence, query, keys.len())).collect()
            })
            .collect()
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = |batch: &Ragged| batch.ranges().map(|range| range.len()).collect::<Vec<_>>();
        f.debug_struct("Case")
            .field("query", &self.query)
            .field("key", &self.key)
            .field("value", &self.value)
            .field("queries", &format_args!("{:?} per sequence", lengths(&self.queries)))
            .field("keys", &format_args!("{:?} per sequence", lengths(&self.keys)))
            .field("mask", &format_args!("{:?}", self.mask))
            .field("may_look", &format_args!("{:?}", self.grid()))
            .finish()
    }
}

/// Problems of one to three sequences, any of which may be without queries or keys.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    problems(0).prop_map(|(case, _)| case)
}

/// Problems in which each sequence has so many queries and keys at least, and a number to choose
/// something by.
pub(super) fn problems(least: usize) -> impl Strategy<Value = (Case, Index)> {
    let lengths = proptest::collection::vec((length(least), length(least)), 1..=3);
    let contents = (numbers(), numbers(), numbers(), masks());
    (lengths, width(), 1..=9_usize, contents, one()).prop_map(|(lengths, d, dv, contents, one)| {
        let queries = Ragged::from_lengths(lengths.iter().map(|&(queries, _)| queries));
        let keys = Ragged::from_lengths(lengths.iter().map(|&(_, keys)| keys));
        let (t, s) = (queries.tokens(), keys.tokens());
        let (query, key, value, masks) = contents;
        let case = Case {
            query: query.rows(t, d),
            key: key.rows(s, d),
            value: value.rows(s, dv),
            mask: masks.of(&queries, &keys),
            queries,
            keys,
        };
        (case, one)
    })
}
