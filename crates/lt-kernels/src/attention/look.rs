//! What a query may look at.

use std::ops::Range;

use lt_core::{Keys, Place};

use super::Attention;
use crate::layer_norm::join;
use crate::tile::{COLUMNS, Lanes};

/// One query of a sequence.
#[derive(Clone, Copy)]
pub(super) struct Look<'a, 'p> {
    pub(super) problem: &'a Attention<'p>,
    pub(super) sequence: usize,
    /// Its place in the sequence.
    pub(super) query: usize,
    /// How many keys the sequence has.
    pub(super) keys: usize,
}

/// How much of a block a query sees.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sees {
    Nothing,
    Some,
    All,
}

impl Look<'_, '_> {
    /// The highest score, of those before the block and those of the block; −∞ takes the place of
    /// those that may not be looked at.
    #[inline(always)]
    pub(super) fn highest(
        self,
        block: &Range<usize>,
        scores: &mut [Lanes],
        before: f32,
    ) -> (Sees, f32) {
        let (seen, all) = self.seen(block);
        if seen.is_empty() {
            return (Sees::Nothing, before); // as if each key were masked: nothing changes
        }
        let whole = all && seen == *block;
        // Keys past the end of the sequence and masked keys: whatever their score, it is gone.
        let of_keys = scores.as_flattened_mut();
        of_keys[..seen.start - block.start].fill(f32::NEG_INFINITY);
        of_keys[seen.end - block.start..].fill(f32::NEG_INFINITY);
        if !all {
            for key in seen {
                if !self.allows(key) {
                    of_keys[key - block.start] = f32::NEG_INFINITY;
                }
            }
        }
        let mut highest = [before; COLUMNS];
        for lanes in &*scores {
            for (highest, &score) in highest.iter_mut().zip(lanes) {
                *highest = if score > *highest { score } else { *highest };
            }
        }
        let highest = join(highest, |a, b| if b > a { b } else { a });
        if highest == f32::NEG_INFINITY && !scores.as_flattened().iter().any(|s| s.is_nan()) {
            return (Sees::Nothing, before);
        }
        (if whole { Sees::All } else { Sees::Some }, highest)
    }

    /// Each run of keys of the block that may be looked at, counted from the block's first.
    #[inline(always)]
    pub(super) fn for_each_run(self, block: &Range<usize>, mut run: impl FnMut(Range<usize>)) {
        let (seen, all) = self.seen(block);
        let mut key = seen.start;
        while key < seen.end {
            let from = key;
            while key < seen.end && (all || self.allows(key)) {
                key += 1;
            }
            if key > from {
                run(from - block.start..key - block.start);
            }
            key += 1;
        }
    }

    /// The one run of keys of the block that may be looked at, counted from the block's first;
    /// `None` if there is none, or there may be gaps.
    #[inline(always)]
    pub(super) fn one_run(self, block: &Range<usize>) -> Option<Range<usize>> {
        let (seen, all) = self.seen(block);
        (all && !seen.is_empty()).then(|| seen.start - block.start..seen.end - block.start)
    }

    /// The keys of the sequence outside of which all are masked.
    #[inline(always)]
    pub(super) fn reach(self) -> Range<usize> {
        self.problem.mask.keys(self.sequence, self.query, self.keys).range
    }

    /// The keys of a block outside of which all are masked, and whether none of them is.
    #[inline(always)]
    fn seen(self, block: &Range<usize>) -> (Range<usize>, bool) {
        let Keys { range, all } = self.problem.mask.keys(self.sequence, self.query, self.keys);
        (range.start.max(block.start)..range.end.min(block.end), all)
    }

    fn allows(self, key: usize) -> bool {
        self.problem.mask.allows(Place { sequence: self.sequence, query: self.query, key })
    }
}
