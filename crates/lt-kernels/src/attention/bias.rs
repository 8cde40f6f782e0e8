//! A number for each distance, added to the scores.

use lt_core::{Error, Result, Shape, shape};

/// Numbers that are added to the scores of attention, by how far the key stands behind the query.
///
/// A head has one for each distance from −r to r, key minus query; r is the reach. What stands
/// farther away has the number of the farthest.
///
/// ```
/// use lt_kernels::DistanceBias;
/// // One head: one place back, here, one place ahead.
/// let bias = DistanceBias::new(1, &[-1.0, 0.0, 0.5])?;
/// assert_eq!(bias.reach(), 1);
/// assert_eq!([0, 1, 2, 3].map(|key| bias.at(0, 1, key)), [-1.0, 0.0, 0.5, 0.5]);
/// # Ok::<(), lt_core::Error>(())
/// ```
///
/// [Raffel et al. 2019](https://arxiv.org/abs/1910.10683), section 2.1. PyTorch: the
/// `position_bias` of `T5Attention`, before it is laid out for all queries and keys.
#[derive(Debug, Clone, Copy)]
pub struct DistanceBias<'a> {
    heads: usize,
    /// `[h, 2r + 1]`.
    numbers: &'a [f32],
}

impl<'a> DistanceBias<'a> {
    /// Of so many heads, whose numbers stand one head after the other, `[h, 2r + 1]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are no heads, or the numbers are not an odd number for each.
    pub fn new(heads: usize, numbers: &'a [f32]) -> Result<Self> {
        let bias = Self { heads, numbers };
        if heads > 0 && numbers.len().is_multiple_of(heads) && !bias.width().is_multiple_of(2) {
            return Ok(bias);
        }
        Err(Error::Shape {
            at: "DistanceBias::new",
            expected: shape![heads, "2r + 1"],
            got: Shape::of(&[numbers.len()]),
        })
    }

    /// How many heads there are numbers for.
    #[must_use]
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// The distance beyond which nothing changes.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.width() / 2
    }

    /// What is added to the score of this query, counted from the start of its sequence, with this
    /// key. 0 for a head that there is none of.
    #[must_use]
    pub fn at(&self, head: usize, query: usize, key: usize) -> f32 {
        let reach = self.reach();
        let place = (reach + key.min(query.saturating_add(reach))).saturating_sub(query);
        self.of_head(head).get(place).copied().unwrap_or(0.0)
    }

    /// Adds them to the scores of a query with the keys from `first` on.
    #[inline(always)]
    pub(super) fn add(&self, head: usize, query: usize, first: usize, scores: &mut [f32]) {
        let (numbers, reach) = (self.of_head(head), self.reach());
        // Keys before the reach, within it, and behind it.
        let within = query.saturating_sub(reach).saturating_sub(first).min(scores.len());
        let behind = (query + reach + 1).saturating_sub(first).clamp(within, scores.len());
        let (scores, far_behind) = scores.split_at_mut(behind);
        let (far_before, scores) = scores.split_at_mut(within);
        // Where a key is within reach, this is not below 0.
        let start = (reach + first + within).saturating_sub(query);
        for (score, number) in scores.iter_mut().zip(numbers.iter().skip(start)) {
            *score += number;
        }
        let (before, after) = (numbers.first(), numbers.last());
        far_before.iter_mut().for_each(|score| *score += before.copied().unwrap_or(0.0));
        far_behind.iter_mut().for_each(|score| *score += after.copied().unwrap_or(0.0));
    }

    fn of_head(&self, head: usize) -> &'a [f32] {
        self.numbers.chunks_exact(self.width()).nth(head).unwrap_or_default()
    }

    fn width(&self) -> usize {
        self.numbers.len() / self.heads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_keys_gets_what_each_of_them_gets() {
        for reach in [0, 1, 2, 5] {
            let numbers: Vec<f32> = (0..2 * (2 * reach + 1)).map(|n| 1.5 * n as f32).collect();
            let bias = DistanceBias::new(2, &numbers).unwrap();
            for query in 0..12 {
                for first in 0..12 {
                    for keys in 0..10 {
                        let mut scores = vec![0.25; keys];
                        bias.add(1, query, first, &mut scores);
                        let each = (first..first + keys).map(|key| 0.25 + bias.at(1, query, key));
                        assert_eq!(scores, each.collect::<Vec<_>>(), "{reach} {query} {first}");
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_that_do_not_fit_the_heads_are_refused() {
        assert!(DistanceBias::new(2, &[0.0; 6]).is_ok());
        for (heads, numbers) in [(0, 3), (2, 5), (2, 4), (2, 0), (4, 2)] {
            assert!(DistanceBias::new(heads, &vec![0.0; numbers]).is_err(), "{heads} {numbers}");
        }
    }
}
