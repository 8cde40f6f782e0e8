//! The steps of an epoch, and the shards of a step.

use std::cmp::Reverse;

use super::DataError;

/// How much a step has. What decides it is the recipe's, never the machine's: it settles which
/// gradients are added in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// The most tokens of a step; an example that alone has more is a step of its own.
    pub tokens: usize,
    /// The most examples of a step.
    pub examples: usize,
    /// Into how many shards a step is cut; one with fewer examples has fewer.
    pub shards: usize,
}

impl Budget {
    /// So many tokens a step, of any number of examples.
    #[must_use]
    pub fn tokens(tokens: usize, shards: usize) -> Self {
        Self { tokens, examples: usize::MAX, shards }
    }

    /// So many examples a step, of any length.
    #[must_use]
    pub fn examples(examples: usize, shards: usize) -> Self {
        Self { tokens: usize::MAX, examples, shards }
    }

    pub(crate) fn check(self) -> Result<Self, DataError> {
        let settings = [
            ("the tokens of a step", self.tokens),
            ("the examples of a step", self.examples),
            ("the shards of a step", self.shards),
        ];
        match settings.into_iter().find(|(_, value)| *value == 0) {
            Some((setting, got)) => {
                let got = got.to_string();
                Err(DataError::Setting { setting, got, expected: "at least 1" })
            }
            None => Ok(self),
        }
    }

    /// Where each step ends, counted in examples: `lengths` in the order of the epoch.
    ///
    /// ```
    /// use lt_train::data::Budget;
    /// assert_eq!(Budget::tokens(10, 1).steps([4, 5, 2, 20, 1]), [2, 3, 4, 5]);
    /// assert_eq!(Budget::examples(2, 1).steps([4, 5, 2, 20, 1]), [2, 4, 5]);
    /// ```
    #[must_use]
    pub fn steps(self, lengths: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut ends = Vec::new();
        let (mut end, mut tokens, mut examples) = (0, 0_usize, 0);
        for length in lengths {
            let length = length as usize;
            let full = tokens.saturating_add(length) > self.tokens || examples == self.examples;
            if full && examples > 0 {
                ends.push(end);
                (tokens, examples) = (0, 0);
            }
            (tokens, examples, end) = (tokens + length, examples + 1, end + 1);
        }
        if examples > 0 {
            ends.push(end);
        }
        ends
    }

    /// Which examples of a step go into each shard, so that all have about as many tokens: the
    /// longest first, each into the shard that has least so far; of equals the first.
    ///
    /// ```
    /// use lt_train::data::Budget;
    /// let shards = Budget::tokens(100, 2).shards(&[3, 9, 4, 2]);
    /// assert_eq!(shards, [vec![1], vec![0, 2, 3]]); // 9 tokens, and 3 + 4 + 2
    /// ```
    #[must_use]
    pub fn shards(self, lengths: &[u32]) -> Vec<Vec<usize>> {
        let mut longest_first: Vec<usize> = (0..lengths.len()).collect();
        longest_first.sort_by_key(|example| (Reverse(lengths[*example]), *example));
        let mut shards = vec![(0_u64, Vec::new()); self.shards.min(lengths.len())];
        for example in longest_first {
            if let Some((tokens, shard)) = shards.iter_mut().min_by_key(|(tokens, _)| *tokens) {
                *tokens += u64::from(lengths[example]);
                shard.push(example);
            }
        }
        // Within a shard as they come in the step.
        shards.iter_mut().for_each(|(_, shard)| shard.sort_unstable());
        shards.into_iter().map(|(_, shard)| shard).collect()
    }
}
