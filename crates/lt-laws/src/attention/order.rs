//! Attention has no order of its own: neither keys nor queries know their number.

use lt_core::{Mask, Place, Ragged};
use proptest::prelude::*;

use super::case::{Case, cases};
use super::{Inputs, run};
use crate::rows::{close, largest, reordered, same_bits};
use crate::strategies::orders;
use crate::{IntoRows, Law, Rows};

/// See [`order_of_keys_does_not_matter`].
pub const ORDER_OF_KEYS_DOES_NOT_MATTER: Law = Law {
    name: "attention ignores the order of keys with their values",
    statement: "attention(Q, PK, PV) = attention(Q, K, V) for a permutation P of a sequence",
    tolerance: "2e-5 of the largest value: the same terms are summed in another order",
};

/// Keys shuffled together with their values (and the mask with them) change nothing:
/// `attention(Q, PK, PV) = attention(Q, K, V)`.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn order_of_keys_does_not_matter<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    let cases = with_an_order(|case| case.keys.clone());
    ORDER_OF_KEYS_DOES_NOT_MATTER.hold(&cases, |(case, order)| {
        let places = within_sequences(&case.keys, &order);
        let before = case.mask.clone();
        let shuffled = Case {
            key: Rows(reordered(case.key.view(), &order)),
            value: Rows(reordered(case.value.view(), &order)),
            mask: Mask::custom(move |place| {
                let key = places[place.sequence][place.key];
                before.allows(Place { key, ..place })
            }),
            ..case.clone()
        };
        let tolerance = 2e-5 * largest(case.value.iter());
        close(&run(&attention, &shuffled)?, &run(&attention, &case)?, tolerance)
    });
}

/// See [`output_follows_the_queries`].
pub const OUTPUT_FOLLOWS_THE_QUERIES: Law = Law {
    name: "attention of shuffled queries is the shuffled attention",
    statement: "attention(PQ, K, V) = P·attention(Q, K, V) for a permutation P of a sequence",
    tolerance: "none: each query is computed alone",
};

/// Queries shuffled (and the mask with them) give the same outputs shuffled, bit for bit:
/// `attention(PQ, K, V) = P·attention(Q, K, V)`.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn output_follows_the_queries<R: IntoRows>(attention: impl Fn(Inputs<'_>) -> R) {
    let cases = with_an_order(|case| case.queries.clone());
    OUTPUT_FOLLOWS_THE_QUERIES.hold(&cases, |(case, order)| {
        let places = within_sequences(&case.queries, &order);
        let before = case.mask.clone();
        let shuffled = Case {
            query: Rows(reordered(case.query.view(), &order)),
            mask: Mask::custom(move |place| {
                let query = places[place.sequence][place.query];
                before.allows(Place { query, ..place })
            }),
            ..case.clone()
        };
        let (got, expected) = (run(&attention, &shuffled)?, run(&attention, &case)?);
        for (now, &then) in order.iter().enumerate() {
            let what = format!("query {then}, moved to {now},");
            same_bits(&what, got.row(now), expected.row(then))?;
        }
        Ok(())
    });
}

fn with_an_order(of: fn(&Case) -> Ragged) -> impl Strategy<Value = (Case, Vec<usize>)> {
    (cases(), orders()).prop_map(move |(case, order)| {
        let order = order.within(&of(&case));
        (case, order)
    })
}

/// An order of rows of the batch as an order of positions in each sequence.
fn within_sequences(batch: &Ragged, order: &[usize]) -> Vec<Vec<usize>> {
    batch
        .ranges()
        .map(|range| order[range.clone()].iter().map(|&row| row - range.start).collect())
        .collect()
}
