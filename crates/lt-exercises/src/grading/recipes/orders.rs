//! Laws of the order of examples, and orders that break them.

use lt_laws::Law;
use lt_laws::proptest::prelude::*;
use lt_train::data::Draw;

use super::{Tried, breaks_only, is_caught_by};
use crate::recipes::Run;

/// The order of the examples in each epoch of a run.
type Orders = fn(Run) -> Vec<Vec<u32>>;

const fn law(name: &'static str, statement: &'static str) -> Law {
    Law { name, statement, tolerance: "none: numbers are compared" }
}

const ONCE: Law = law(
    "every example comes once in an epoch",
    "each order has 0, 1, …, n − 1, and there is one for each epoch",
);
const SAME: Law = law("the same run has the same order", "orders(run) = orders(run)");
const SEED: Law = law("another seed is another order", "orders(seed) ≠ orders(seed + 1)");
const EPOCH: Law = law("another epoch is another order", "no two epochs have one order");
const CUT: Law = law(
    "a run that was cut off goes on as one that was not",
    "orders(from k) = orders(from 0), without the first k",
);

/// Runs that are long enough for no two orders to be the same by chance.
fn runs() -> impl Strategy<Value = Run> {
    (0_u64..1000, 10_usize..20, 1_u64..5).prop_map(|(seed, examples, to)| Run {
        seed,
        examples,
        from: 0,
        to,
    })
}

const LAWS: &[Tried<Orders>] = &[
    (&ONCE, |orders| {
        ONCE.hold(&runs(), |run| {
            let found = orders(run);
            let all: Vec<u32> = (0..run.examples as u32).collect();
            let sorted = found.iter().map(|order| {
                let mut order = order.clone();
                order.sort_unstable();
                order
            });
            let is_right = found.len() as u64 == run.to && sorted.into_iter().all(|of| of == all);
            if is_right { Ok(()) } else { Err(format!("{run:?}: {found:?}")) }
        });
    }),
    (&SAME, |orders| {
        SAME.hold(&runs(), |run| {
            let (once, again) = (orders(run), orders(run));
            if once == again { Ok(()) } else { Err(format!("{run:?}: {once:?}, then {again:?}")) }
        });
    }),
    (&SEED, |orders| {
        SEED.hold(&runs(), |run| {
            let (one, other) = (orders(run), orders(Run { seed: run.seed + 1, ..run }));
            let same = one.iter().zip(&other).position(|(a, b)| a == b);
            same.map_or(Ok(()), |epoch| {
                Err(format!("{run:?}, and with the next seed: epoch {epoch} is {:?}", one[epoch]))
            })
        });
    }),
    (&EPOCH, |orders| {
        EPOCH.hold(&runs(), |run| {
            let found = orders(run);
            let mut pairs = (0..found.len()).flat_map(|a| (0..a).map(move |b| (b, a)));
            pairs.find(|&(a, b)| found[a] == found[b]).map_or(Ok(()), |(a, b)| {
                Err(format!("{run:?}: epochs {a} and {b} are both {:?}", found[a]))
            })
        });
    }),
    (&CUT, |orders| {
        CUT.hold(&(runs(), 1_u64..4), |(run, from)| {
            let from = from.min(run.to);
            let (whole, rest) = (orders(run), orders(Run { from, ..run }));
            if whole.get(from as usize..) == Some(&rest[..]) {
                return Ok(());
            }
            Err(format!("{run:?}: {whole:?}; but from epoch {from} on {rest:?}"))
        });
    }),
];

/// The line that was changed: what is drawn depends on how much was drawn since the program began.
fn with_a_state(run: Run) -> Vec<Vec<u32>> {
    let epochs = run.to.saturating_sub(run.from);
    (0..epochs).map(|drawn| Draw::of(run.seed).then(drawn).order(run.examples)).collect()
}

pub(super) fn law_that_catches_a_generator_with_a_state(answer: fn() -> &'static str) {
    let mutant: Orders = with_a_state;
    is_caught_by(answer(), LAWS, &mutant);
}

pub(super) fn wrong_from_the_second_epoch_on(answer: Orders) {
    breaks_only(&EPOCH, LAWS, &answer);
}
