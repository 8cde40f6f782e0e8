//! Masks of every kind, for batches of any size.

use lt_core::{Mask, Place, Ragged};
use ndarray::Array2;
use proptest::prelude::*;

use super::mix;

/// A mask for a batch of any size: one rule, or several joined by `&`.
#[derive(Debug, Clone)]
pub struct Masks {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
enum Rule {
    All,
    Causal,
    Window { before: usize, after: usize },
    Prefix { seed: u64 },
    Table { seed: u64 },
    Custom { seed: u64 },
}

/// Masks of one to three rules; they shrink to the one that allows everything.
pub fn masks() -> impl Strategy<Value = Masks> {
    proptest::collection::vec(rule(), 1..=3).prop_map(|rules| Masks { rules })
}

/// Masks of a single rule.
pub fn masks_of_one_rule() -> impl Strategy<Value = Masks> {
    rule().prop_map(|rule| Masks { rules: vec![rule] })
}

fn rule() -> impl Strategy<Value = Rule> {
    let seed = || any::<u64>().no_shrink();
    prop_oneof![
        Just(Rule::All),
        Just(Rule::Causal),
        (0..=4_usize, 0..=4_usize).prop_map(|(before, after)| Rule::Window { before, after }),
        seed().prop_map(|seed| Rule::Prefix { seed }),
        seed().prop_map(|seed| Rule::Table { seed }),
        seed().prop_map(|seed| Rule::Custom { seed }),
    ]
}

impl Masks {
    /// The mask for these sequences of queries and of keys.
    #[must_use]
    pub fn of(&self, queries: &Ragged, keys: &Ragged) -> Mask {
        self.rules.iter().fold(Mask::all(), |mask, rule| mask & rule.mask(queries, keys))
    }

    /// A mask that says the same of a sequence, whichever number it has in its batch.
    #[must_use]
    pub fn by_position(&self) -> Mask {
        let rules = self.rules.iter().map(|rule| match *rule {
            Rule::All => Mask::all(),
            Rule::Causal => Mask::causal(),
            Rule::Window { before, after } => Mask::window(before, after),
            Rule::Prefix { seed } | Rule::Table { seed } | Rule::Custom { seed } => {
                Mask::custom(move |place| tossed(seed, Place { sequence: 0, ..place }))
            }
        });
        rules.fold(Mask::all(), |mask, rule| mask & rule)
    }
}

impl Rule {
    fn mask(&self, queries: &Ragged, keys: &Ragged) -> Mask {
        match *self {
            Self::All => Mask::all(),
            Self::Causal => Mask::causal(),
            Self::Window { before, after } => Mask::window(before, after),
            Self::Prefix { seed } => {
                let length = |sequence: usize| (mix(seed ^ sequence as u64) % 6) as usize;
                Mask::prefix((0..queries.len()).map(length))
            }
            Self::Table { seed } => {
                let sequences = queries.ranges().zip(keys.ranges()).enumerate();
                let tables = sequences.map(|(sequence, (queries, keys))| {
                    Array2::from_shape_fn((queries.len(), keys.len()), |(query, key)| {
                        tossed(seed, Place { sequence, query, key })
                    })
                });
                Mask::table(tables.collect())
            }
            Self::Custom { seed } => Mask::custom(move |place| tossed(seed, place)),
        }
    }
}

/// Two coins decide about each place: one in four is forbidden.
fn tossed(seed: u64, place: Place) -> bool {
    let parts = [place.sequence, place.query, place.key];
    let mixed = parts.iter().fold(seed, |mixed, &part| mix(mixed ^ part as u64));
    mixed & 3 != 0
}
