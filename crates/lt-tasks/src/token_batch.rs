//! Tokenized texts laid end to end.

use lt_core::Ragged;

/// So many tokens go through the model at a time, at most: enough to keep it busy, few enough that
/// what lies between its layers stays small.
const TOKENS: usize = 2048;

/// The ids of one text, as the model gets them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids {
    pub(crate) ids: Vec<u32>,
    pub(crate) segments: Vec<u32>,
}

/// Cuts texts of these lengths into batches of about as many tokens each: the numbers of the texts
/// of each batch.
///
/// The longest come first, so that texts of a batch are of one size, and what is left over at the
/// end is short. A text that is longer than a batch goes alone.
pub(crate) fn batches(lengths: &[usize]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| std::cmp::Reverse(lengths[text]));
    let tokens: usize = lengths.iter().sum();
    let even = tokens.div_ceil(tokens.div_ceil(TOKENS).max(1));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut in_batch = 0;
    for text in order {
        let len = lengths[text];
        match batches.last_mut() {
            // Once half of the text fits, it is taken in: batches come out even.
            Some(batch) if in_batch + len / 2 <= even => batch.push(text),
            _ => {
                batches.push(vec![text]);
                in_batch = 0;
            }
        }
        in_batch += len;
    }
    batches
}

/// The ids of some texts, end to end. No text is padded, so that neither order nor company
/// changes what comes out.
#[derive(Debug, Default)]
pub(crate) struct TokenBatch {
    pub(crate) ids: Vec<u32>,
    pub(crate) segments: Vec<u32>,
    lengths: Vec<usize>,
}

impl TokenBatch {
    /// These texts, in place of those that it held.
    pub(crate) fn fill<'a>(&mut self, texts: impl Iterator<Item = &'a Ids>) {
        self.ids.clear();
        self.segments.clear();
        self.lengths.clear();
        for text in texts {
            self.ids.extend_from_slice(&text.ids);
            self.segments.extend_from_slice(&text.segments);
            self.lengths.push(text.ids.len());
        }
    }

    /// Where each text begins.
    pub(crate) fn sequences(&self) -> Ragged {
        Ragged::from_lengths(self.lengths.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_one_batch_and_the_longest_come_first() {
        assert_eq!(batches(&[3, 9, 0, 5]), [[1, 3, 0, 2]]);
        assert_eq!(batches(&[]), Vec::<Vec<usize>>::new());
        assert_eq!(batches(&[0, 0]), [[0, 1]]);
        let mut all = batches(&[100; 1000]).concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn batches_are_even_and_a_long_text_goes_alone() {
        let lengths: Vec<usize> = (0..500).map(|n| 5 + n * 37 % 60).collect();
        let sums: Vec<usize> = batches(&lengths)
            .iter()
            .map(|batch| batch.iter().map(|&text| lengths[text]).sum())
            .collect();
        assert!(sums.len() == lengths.iter().sum::<usize>().div_ceil(TOKENS), "{sums:?}");
        assert!(sums.iter().all(|sum| sum.abs_diff(sums[0]) <= 2 * 64), "{sums:?}");
        assert_eq!(batches(&[9000, 10, 10]), [vec![0], vec![1, 2]]);
    }
}
