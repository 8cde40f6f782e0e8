//! What the models work on, the same as other engines are compared on: A one sequence of 16 tokens,
//! B one of 128, C 32 of 128, D 64 of 8 to 128, E a thousand sentences as text.

use lt_core::Ragged;

use crate::numbers::bits;

/// Lengths as sentences have them: log-normal, 8 to 128, about 30 on average; and one of 128.
const D: [usize; 64] = [
    128, 14, 18, 29, 18, 48, 30, 72, 27, 30, 48, 20, 51, 15, 10, 16, //
    59, 30, 25, 17, 62, 31, 66, 33, 56, 20, 22, 10, 28, 35, 20, 28, //
    15, 29, 48, 23, 36, 29, 63, 19, 17, 70, 26, 20, 29, 32, 33, 56, //
    16, 29, 20, 18, 18, 33, 19, 38, 14, 31, 19, 46, 39, 15, 52, 18,
];

/// Ids of a batch, laid end to end.
#[derive(Debug, Clone)]
pub struct Workload {
    /// `A` to `D`.
    pub name: &'static str,
    /// The id of each token.
    pub ids: Vec<u32>,
    /// Where each sequence begins.
    pub sequences: Ragged,
}

impl Workload {
    fn new(name: &'static str, lengths: &[usize]) -> Self {
        let sequences = Ragged::from_lengths(lengths.iter().copied());
        // Ids of whole words in BERT's vocabulary, from all over its table.
        let ids = bits(3).map(|bits| 1996 + (bits % 28_000) as u32);
        Self { name, ids: ids.take(sequences.tokens()).collect(), sequences }
    }

    /// One sequence of 16 tokens.
    #[must_use]
    pub fn a() -> Self {
        Self::new("A", &[16])
    }

    /// One sequence of 128 tokens.
    #[must_use]
    pub fn b() -> Self {
        Self::new("B", &[128])
    }

    /// 32 sequences of 128 tokens.
    #[must_use]
    pub fn c() -> Self {
        Self::new("C", &[128; 32])
    }

    /// 64 sequences of 8 to 128 tokens.
    #[must_use]
    pub fn d() -> Self {
        Self::new("D", &D)
    }
}

const WHO: [&str; 16] = [
    "the engineer",
    "my neighbour",
    "a small company",
    "the old library",
    "our teacher",
    "the committee",
    "an anonymous reviewer",
    "the night train",
    "a curious child",
    "the compiler",
    "a retired captain",
    "the weather station",
    "her younger brother",
    "the orchestra",
    "an experienced gardener",
    "the city council",
];
const DOES: [&str; 16] = [
    "repaired",
    "forgot about",
    "was looking for",
    "described",
    "had borrowed",
    "complained about",
    "replaced",
    "carefully measured",
    "photographed",
    "rejected",
    "promised to return",
    "explained",
    "sold",
    "could not find",
    "rediscovered",
    "paid twice for",
];
const WHAT: [&str; 16] = [
    "the broken clock",
    "a letter from 1987",
    "two tickets",
    "the missing invoice",
    "a new roof",
    "the third chapter",
    "an unusual dataset",
    "the kitchen window",
    "a handful of seeds",
    "the matrix multiplication",
    "a bridge over the river",
    "the last available seat",
    "some unpublished photographs",
    "the heating system",
    "a recipe for rye bread",
    "the user's manual",
];
const WHEN: [&str; 16] = [
    "yesterday",
    "before the meeting began",
    "in the middle of winter",
    "without telling anyone",
    "at half past seven",
    "because of the storm",
    "for the second time this year",
    "on the way to Edinburgh",
    "after a long discussion",
    "despite the warning",
    "last Thursday",
    "while it was still raining",
    "with the help of a friend",
    "as usual",
    "near the harbour",
    "according to the newspaper",
];
const THEN: [&str; 8] =
    [", and ", ", but ", "; later ", ", although ", ", so ", " while ", ": ", ", because "];

/// A thousand sentences of one to five clauses, some 29 tokens each on average.
#[must_use]
pub fn sentences() -> Vec<String> {
    let mut bits = bits(4);
    let mut draw = move |n: usize| (bits.next().unwrap_or(0) >> 33) as usize % n;
    let mut clause = |text: &mut String| {
        let words = [WHO[draw(16)], DOES[draw(16)], WHAT[draw(16)], WHEN[draw(16)]];
        text.push_str(&words.join(" "));
        // Short sentences are frequent, and long ones are not rare.
        (draw(100), THEN[draw(8)])
    };
    let sentence = |_| {
        let mut text = String::new();
        for clauses in 1.. {
            let (chance, then) = clause(&mut text);
            if clauses == 5 || chance < 46 {
                break;
            }
            text.push_str(then);
        }
        text.push('.');
        text
    };
    (0..1000).map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_work_is_as_much_as_other_engines_get() {
        let tokens = |work: Workload| (work.sequences.len(), work.ids.len());
        assert_eq!(tokens(Workload::a()), (1, 16));
        assert_eq!(tokens(Workload::b()), (1, 128));
        assert_eq!(tokens(Workload::c()), (32, 32 * 128));
        assert_eq!(tokens(Workload::d()), (64, 2086));
    }

    #[test]
    fn a_thousand_sentences_are_varied() {
        let sentences = sentences();
        let different: HashSet<_> = sentences.iter().collect();
        assert_eq!(sentences.len(), 1000);
        assert!(different.len() > 990, "{} different ones", different.len());
        assert_eq!(sentences, super::sentences());
    }
}
