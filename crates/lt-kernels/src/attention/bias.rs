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
/// assert_eq!(bias.reach(), Some(1));
/// assert_eq!([0, 1, 2, 3].map(|key| bias.at(0, 1, key)), [-1.0, 0.0, 0.5, 0.5]);
/// # Ok::<(), lt_core::Error>(())
/// ```
///
/// [Raffel et al. 2019](https://arxiv.org/abs/1910.10683), section 2.1. PyTorch: the
/// `position_bias` of `T5Attention`, before it is laid out for all queries and keys.
#[derive(Debug, Clone, Copy)]
pub struct DistanceBias<'a> {
    heads: usize,
    numbers: Numbers<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Numbers<'a> {
    /// `[h, 2r + 1]`.
    Table(&'a [f32]),
    /// `[h]`: what a head takes off for each place between query and key.
    Slopes(&'a [f32]),
}

impl<'a> DistanceBias<'a> {
    /// Of so many heads, whose numbers stand one head after the other, `[h, 2r + 1]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are no heads, or the numbers are not an odd number for each.
    pub fn new(heads: usize, numbers: &'a [f32]) -> Result<Self> {
        let odd = |width: usize| !width.is_multiple_of(2);
        if heads > 0 && numbers.len().is_multiple_of(heads) && odd(numbers.len() / heads) {
            return Ok(Self { heads, numbers: Numbers::Table(numbers) });
        }
        Err(Error::Shape {
            at: "DistanceBias::new",
            expected: shape![heads, "2r + 1"],
            got: Shape::of(&[numbers.len()]),
        })
    }

    /// Numbers that fall by a slope for each place between query and key, one slope a head, at
    /// any distance: −slope·|key − query|.
    ///
    /// ```
    /// let bias = lt_kernels::DistanceBias::of_slopes(&[0.5, 0.25]);
    /// assert_eq!([0, 1, 9].map(|key| bias.at(1, 9, key)), [-2.25, -2.0, 0.0]);
    /// ```
    ///
    /// [Press, Smith & Lewis 2021](https://arxiv.org/abs/2108.12409), section 3. PyTorch:
    /// transformers' `build_alibi_tensor`, which counts from the first key: after the softmax that
    /// is the same.
    #[must_use]
    pub fn of_slopes(slopes: &'a [f32]) -> Self {
        Self { heads: slopes.len(), numbers: Numbers::Slopes(slopes) }
    }

    /// How many heads there are numbers for.
    #[must_use]
    pub fn heads(&self) -> usize {
        self.heads
    }

    /// The distance beyond which nothing changes; `None` if there is none.
    #[must_use]
    pub fn reach(&self) -> Option<usize> {
        match self.numbers {
            Numbers::Table(numbers) => Some(numbers.len() / self.heads / 2),
            Numbers::Slopes(_) => None,
        }
    }

    /// What is added to the score of this query, counted from the start of its sequence, with this
    /// key. 0 for a head that there is none of.
    #[must_use]
    pub fn at(&self, head: usize, query: usize, key: usize) -> f32 {
        match self.numbers {
            Numbers::Table(numbers) => {
                let (numbers, reach) = self.of_head(numbers, head);
                let place = (reach + key.min(query.saturating_add(reach))).saturating_sub(query);
                numbers.get(place).copied().unwrap_or(0.0)
            }
            Numbers::Slopes(slopes) => {
                // formula: alibi
                -slopes.get(head).copied().unwrap_or(0.0) * query.abs_diff(key) as f32
            }
        }
    }

    /// Adds them to the scores of a query with the keys from `first` on.
    #[inline(always)]
    pub(super) fn add(&self, head: usize, query: usize, first: usize, scores: &mut [f32]) {
        let numbers = match self.numbers {
            Numbers::Table(numbers) => numbers,
            Numbers::Slopes(_) => {
                for (key, score) in (first..).zip(scores) {
                    *score += self.at(head, query, key);
                }
                return;
            }
        };
        let (numbers, reach) = self.of_head(numbers, head);
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

    /// The numbers of a head, and their reach.
    fn of_head<'n>(&self, numbers: &'n [f32], head: usize) -> (&'n [f32], usize) {
        let width = numbers.len() / self.heads;
        (numbers.chunks_exact(width).nth(head).unwrap_or_default(), width / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_keys_gets_what_each_of_them_gets() {
        for reach in [0, 1, 2, 5] {
            let numbers: Vec<f32> = (0..2 * (2 * reach + 1)).map(|n| 1.5 * n as f32).collect();
            let table = DistanceBias::new(2, &numbers).unwrap();
            let falling = DistanceBias::of_slopes(&[0.5, 0.75]);
            for (bias, query) in (0..12).flat_map(|query| [(table, query), (falling, query)]) {
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
