//! The order in which the gradients of shards are added.

use std::collections::BTreeMap;

use lt_core::Params;

use crate::{Result, TrainError, gradient};

/// Adds the gradients of the shards of one step in a fixed tree: neighbours first, then pairs of
/// neighbours, and so on. Additions of floating-point numbers depend on their order; this one
/// depends on the number of shards alone, whoever computed which, and whenever.
///
/// ```text
/// shards  0   1   2   3   4
///          \ /     \ /    |
///          0+1     2+3    4
///             \   /       |
///            (0+1)+(2+3)  4
///                    \   /
///                     sum
/// ```
///
/// What is complete is added at once: of shards that come in order, at most one sum for each
/// level waits.
///
/// ```
/// use lt_train::{GradientTree, lt_core::Weight};
/// let gradient = |x| Weight::new(&[1], vec![x]);
/// let mut tree = GradientTree::new(3);
/// for (shard, x) in [(2, 1e8), (0, 1.0), (1, 2.0)] { // in any order
///     tree.add(shard, gradient(x)?)?;
/// }
/// assert_eq!(tree.sum(), Some(gradient((1.0 + 2.0) + 1e8)?));
/// # Ok::<(), lt_train::TrainError>(())
/// ```
#[derive(Debug)]
pub struct GradientTree<M> {
    shards: usize,
    /// Sums that wait for their neighbour, by level and place in it.
    waiting: BTreeMap<(u32, usize), M>,
}

impl<M: Params> GradientTree<M> {
    /// A tree for so many shards.
    #[must_use]
    pub fn new(shards: usize) -> Self {
        Self { shards, waiting: BTreeMap::new() }
    }

    /// Takes the gradient of a shard, counted from 0, and adds what is complete now.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if there is no such shard; [`TrainError::OtherModel`] if the
    /// gradient is not of the model that the others are of.
    pub fn add(&mut self, shard: usize, gradient: M) -> Result<()> {
        if shard >= self.shards {
            let expected = format!("below {}, the number of shards", self.shards);
            return Err(TrainError::setting("shard", shard, &expected));
        }
        let mut sum = Sum::of_shard(shard, gradient);
        while let Some(pair) = self.offer(sum) {
            sum = pair.added()?;
        }
        Ok(())
    }

    /// Keeps a sum until its neighbour comes; if that is there already, gives both, to be added
    /// and offered again.
    pub(crate) fn offer(&mut self, mut sum: Sum<M>) -> Option<Pair<M>> {
        // Below the root: a sum whose neighbour would lie past the last shard has none, and goes up.
        while sum.place > 0 || first_shard(sum.level, 1) < self.shards {
            let neighbour = sum.place ^ 1;
            if first_shard(sum.level, neighbour) >= self.shards {
                sum = Sum { level: sum.level + 1, place: sum.place / 2, ..sum };
                continue;
            }
            let Some(other) = self.waiting.remove(&(sum.level, neighbour)) else { break };
            let (left, right) = match sum.place < neighbour {
                true => (sum.gradient, other),
                false => (other, sum.gradient),
            };
            return Some(Pair { level: sum.level + 1, place: sum.place / 2, left, right });
        }
        self.waiting.insert((sum.level, sum.place), sum.gradient);
        None
    }

    /// The sum, once the gradients of all shards have come.
    #[must_use]
    pub fn sum(mut self) -> Option<M> {
        let ((level, _), sum) = self.waiting.pop_last()?;
        let is_root = first_shard(level, 1) >= self.shards;
        (is_root && self.waiting.is_empty()).then_some(sum)
    }
}

/// The first shard below a place of the tree.
fn first_shard(level: u32, place: usize) -> usize {
    1_usize.checked_shl(level).map_or(usize::MAX, |width| place.saturating_mul(width))
}

/// The sum of the gradients below one place of the tree.
pub(crate) struct Sum<M> {
    level: u32,
    place: usize,
    gradient: M,
}

impl<M> Sum<M> {
    pub(crate) fn of_shard(shard: usize, gradient: M) -> Self {
        Self { level: 0, place: shard, gradient }
    }
}

/// Two neighbours, to be added.
pub(crate) struct Pair<M> {
    level: u32,
    place: usize,
    left: M,
    right: M,
}

impl<M: Params> Pair<M> {
    /// left + right.
    pub(crate) fn added(mut self) -> Result<Sum<M>> {
        gradient::add(&mut self.left, &self.right)?;
        Ok(Sum { level: self.level, place: self.place, gradient: self.left })
    }
}

#[cfg(test)]
mod tests {
    use lt_core::Weight;

    use super::*;

    /// The tree as its definition has it.
    fn by_definition(values: &[f32]) -> f32 {
        match values.len() {
            1 => values[0],
            len => {
                let (left, right) = values.split_at(len.next_power_of_two() / 2);
                by_definition(left) + by_definition(right)
            }
        }
    }

    #[test]
    fn the_sum_is_that_of_the_definition_in_whatever_order_shards_come() {
        for shards in 1..20 {
            let values: Vec<f32> = lt_laws::sample::numbers(shards as u64).take(shards).collect();
            let expected = by_definition(&values);
            for turn in 0..shards {
                let mut tree = GradientTree::new(shards);
                let mut order: Vec<usize> = (0..shards).collect();
                order.rotate_left(turn);
                if turn % 2 == 1 {
                    order.reverse();
                }
                for shard in order {
                    let gradient = Weight::new(&[1], vec![values[shard]]).unwrap();
                    tree.add(shard, gradient).unwrap();
                }
                let sum = tree.sum().unwrap();
                assert_eq!(sum.f32()[0].to_bits(), expected.to_bits(), "{shards} shards");
            }
        }
    }

    #[test]
    fn shards_in_their_order_leave_one_sum_a_level_waiting() {
        let mut tree = GradientTree::new(1000);
        for shard in 0..1000 {
            tree.add(shard, Weight::zeros(&[1])).unwrap();
            assert!(tree.waiting.len() <= 10, "{} wait", tree.waiting.len());
        }
        assert!(tree.sum().is_some());
    }

    #[test]
    fn there_is_no_sum_before_the_last_shard_has_come() {
        let mut tree = GradientTree::new(3);
        tree.add(0, Weight::zeros(&[1])).unwrap();
        tree.add(2, Weight::zeros(&[1])).unwrap();
        assert!(tree.sum().is_none());
        assert!(GradientTree::<Weight>::new(3).add(3, Weight::zeros(&[1])).is_err());
        assert!(GradientTree::<Weight>::new(0).sum().is_none());
        let mut one = GradientTree::new(3);
        one.add(2, Weight::zeros(&[1])).unwrap();
        assert!(one.sum().is_none());
    }
}
