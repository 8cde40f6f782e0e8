//! The steps of a run: epoch after epoch.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Foreign;
use super::{Budget, DataError, Examples, Order};
use crate::{Batches, Position};

/// An example that was drawn for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drawn<X> {
    /// The example.
    pub example: X,
    /// Its number in the set.
    pub number: u64,
    /// The epoch that it is drawn for, from 0: so that it may have another mask in each.
    pub epoch: u64,
}

impl<X> Drawn<X> {
    /// This example, with its number, for an epoch.
    #[must_use]
    pub fn new(example: X, number: u64, epoch: u64) -> Self {
        Self { example, number, epoch }
    }
}

/// The data of a run: every example once in each epoch, in an order of the epoch's own.
///
/// The shards of a step are a function of the step: a run that is taken up again asks for the next
/// step, and no state has to be kept.
///
/// ```
/// use lt_train::{Batches, data::{Budget, Drawn, Epochs, InMemory, Order}};
/// let examples = InMemory::new(vec![vec![1_u32; 4], vec![2; 5], vec![3; 2]]);
/// let epochs = Epochs::new(examples, Budget::tokens(9, 2), Order::AsStored, |drawn| Ok(drawn))?;
/// assert_eq!(epochs.steps(10), 20); // two in each epoch: 4 and 5 tokens, then 2
/// let numbers = |step| -> Vec<Vec<u64>> {
///     let shards = epochs.shards(step).unwrap();
///     shards.iter().map(|shard| shard.iter().map(|drawn| drawn.number).collect()).collect()
/// };
/// assert_eq!(numbers(0), [[1], [0]]);
/// assert_eq!(numbers(1), [[2]]);
/// assert_eq!(numbers(2), numbers(0)); // the next epoch
/// # Ok::<(), lt_train::data::DataError>(())
/// ```
pub struct Epochs<E, C> {
    examples: E,
    budget: Budget,
    order: Order,
    collate: C,
    plans: Mutex<Plans>,
}

/// The step in which each epoch begins, as far as that was asked for, and the plan used last.
#[derive(Default)]
struct Plans {
    firsts: Vec<u64>,
    last: Option<Arc<Plan>>,
}

/// The steps of an epoch.
struct Plan {
    epoch: u64,
    order: Vec<u32>,
    /// Where each step ends in the order.
    ends: Vec<u32>,
}

impl<E: Examples, C> fmt::Debug for Epochs<E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Epochs");
        shown.field("examples", &self.examples.lengths().len());
        shown.field("budget", &self.budget).field("order", &self.order).finish_non_exhaustive()
    }
}

impl<E: Examples, C> Epochs<E, C> {
    /// These examples; `collate` makes a shard of those that were drawn for it.
    ///
    /// # Errors
    /// [`DataError::NoExamples`] if there is none; [`DataError::Setting`] if a step would have none.
    pub fn new<S>(examples: E, budget: Budget, order: Order, collate: C) -> Result<Self, DataError>
    where
        C: Fn(Vec<Drawn<E::Example>>) -> Result<S, Foreign>,
    {
        if examples.lengths().is_empty() {
            return Err(DataError::NoExamples { records: 0 });
        }
        let (budget, plans) = (budget.check()?, Mutex::default());
        Ok(Self { examples, budget, order, collate, plans })
    }

    /// The examples.
    #[must_use]
    pub fn examples(&self) -> &E {
        &self.examples
    }

    /// How many steps so many epochs have.
    #[must_use]
    pub fn steps(&self, epochs: u64) -> u64 {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        while (plans.firsts.len() as u64) <= epochs {
            self.extend(&mut plans);
        }
        plans.firsts[epochs as usize]
    }

    /// Plans one more epoch.
    fn extend(&self, plans: &mut Plans) {
        let Some(&first) = plans.firsts.last() else { return plans.firsts.push(0) };
        let plan = self.plan(plans.firsts.len() as u64 - 1);
        plans.firsts.push(first + plan.ends.len() as u64);
        plans.last = Some(Arc::new(plan));
    }

    fn plan(&self, epoch: u64) -> Plan {
        let order = self.order.examples(self.examples.blocks(), epoch);
        let lengths = self.examples.lengths();
        let ends = self.budget.steps(order.iter().map(|number| lengths[*number as usize]));
        Plan { epoch, order, ends }
    }

    /// The plan of the epoch that a step is in, and which of its steps it is.
    fn find(&self, step: u64) -> (Arc<Plan>, usize) {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        while plans.firsts.last().is_none_or(|behind| *behind <= step) {
            self.extend(&mut plans);
        }
        let epoch = plans.firsts.partition_point(|first| *first <= step).saturating_sub(1);
        let within = (step - plans.firsts[epoch]) as usize;
        let known = plans.last.as_ref().filter(|plan| plan.epoch == epoch as u64).cloned();
        let plan = known.unwrap_or_else(|| Arc::new(self.plan(epoch as u64)));
        plans.last = Some(Arc::clone(&plan));
        (plan, within)
    }
}

impl Plan {
    fn range(&self, step: usize) -> std::ops::Range<usize> {
        let begin = step.checked_sub(1).map_or(0, |before| self.ends[before]);
        begin as usize..self.ends[step] as usize
    }
}

impl<E, C, S> Batches for Epochs<E, C>
where
    E: Examples,
    C: Fn(Vec<Drawn<E::Example>>) -> Result<S, Foreign>,
{
    type Shard = S;

    fn shards(&self, step: u64) -> Result<Vec<S>, Foreign> {
        let (plan, within) = self.find(step);
        let numbers = &plan.order[plan.range(within)];
        let lengths: Vec<u32> =
            numbers.iter().map(|number| self.examples.lengths()[*number as usize]).collect();
        let shard = |chosen: Vec<usize>| {
            let chosen: Vec<u32> = chosen.into_iter().map(|place| numbers[place]).collect();
            let examples = self.examples.get(&chosen)?;
            let drawn = examples.into_iter().zip(&chosen);
            let epoch = plan.epoch;
            let drawn =
                drawn.map(|(example, number)| Drawn::new(example, u64::from(*number), epoch));
            (self.collate)(drawn.collect())
        };
        self.budget.shards(&lengths).into_iter().map(shard).collect()
    }

    fn position(&self, step: u64) -> Position {
        let (plan, within) = self.find(step);
        Position { epoch: plan.epoch, offset: plan.range(within).start as u64 }
    }
}
