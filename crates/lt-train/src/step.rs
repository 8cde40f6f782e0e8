//! One step: the gradient of all its shards.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use lt_core::{Scratch, Threads, Train, zeros_like};

use crate::objective::Objective;
use crate::tree::{GradientTree, Sum};
use crate::{Result, TrainError, gradient};

/// Computes the shards of a step on as many workers as there are threads.
///
/// Each worker takes the next shard that nobody has, computes it alone, and adds what is complete
/// in the [`GradientTree`]. Who does what changes no bit. Buffers are kept from step to step.
#[derive(Debug)]
pub struct Stepper {
    threads: Threads,
    scratches: Vec<Mutex<Scratch>>,
}

/// What the shards of a step gave together.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Gathered<M> {
    /// The mean loss of a label.
    pub loss: f64,
    /// How many labels there are.
    pub labels: usize,
    /// The gradient of the mean loss.
    pub gradient: M,
}

impl Stepper {
    /// With these threads, each of which is a worker.
    #[must_use]
    pub fn new(threads: Threads) -> Self {
        let scratches = (0..threads.count()).map(|_| Mutex::default()).collect();
        Self { threads, scratches }
    }

    /// The threads.
    #[must_use]
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// The mean loss and its gradient over all labels of these shards.
    ///
    /// # Errors
    /// [`TrainError::NoLabels`] if there is none; [`TrainError::NotFinite`] if the loss is no
    /// number; of what shards refuse, what the first of them refused.
    pub fn gather<O: Objective>(
        &self,
        objective: &O,
        model: &O::Model,
        shards: &[O::Shard],
        moment: Moment,
    ) -> Result<Gathered<O::Model>> {
        let labels: usize = shards.iter().map(|shard| objective.labels(shard)).sum();
        if labels == 0 {
            return Err(TrainError::NoLabels { step: moment.step });
        }
        let scale = (1.0 / labels as f64) as f32;
        let tree = Mutex::new(GradientTree::new(shards.len()));
        let losses = self.each(shards, &|number, shard, scratch| {
            let mut train = moment.train(std::mem::take(scratch));
            let mut found = zeros_like(model);
            let loss = objective.gradient(model, shard, &mut train, scale, &mut found);
            *scratch = train.scratch;
            let loss = loss?;
            let mut sum = Sum::of_shard(number, found);
            // Only taking out and putting in is done while others wait, the sums are not.
            while let Some(pair) = tree.lock().unwrap_or_else(PoisonError::into_inner).offer(sum) {
                sum = pair.added()?;
            }
            Ok(loss)
        })?;
        let loss = losses.iter().sum::<f64>() / labels as f64;
        let gradient = tree.into_inner().unwrap_or_else(PoisonError::into_inner).sum();
        let gradient = gradient.ok_or(TrainError::NoLabels { step: moment.step })?;
        check_loss(loss, model, &gradient, moment.step)?;
        Ok(Gathered { loss, labels, gradient })
    }

    /// The mean loss over all labels of these shards, as in use.
    ///
    /// # Errors
    /// As for [`gather`](Self::gather), but that a loss may be what it is.
    pub fn loss<O: Objective>(
        &self,
        objective: &O,
        model: &O::Model,
        shards: &[O::Shard],
    ) -> Result<f64> {
        let labels: usize = shards.iter().map(|shard| objective.labels(shard)).sum();
        if labels == 0 {
            return Err(TrainError::NoLabels { step: 0 });
        }
        let losses =
            self.each(shards, &|_, shard, scratch| Ok(objective.loss(model, shard, scratch)?))?;
        Ok(losses.iter().sum::<f64>() / labels as f64)
    }

    /// Calls `compute` once for each shard, and gives the results in the order of the shards.
    fn each<S: Sync>(
        &self,
        shards: &[S],
        compute: &(dyn Fn(usize, &S, &mut Scratch) -> Result<f64> + Sync),
    ) -> Result<Vec<f64>> {
        let next = AtomicUsize::new(0);
        let results: Vec<Mutex<Option<Result<f64>>>> =
            shards.iter().map(|_| Mutex::default()).collect();
        let workers = self.scratches.len().min(shards.len());
        self.threads.run(workers, &|worker| {
            let Some(scratch) = self.scratches.get(worker) else { return };
            let mut scratch = scratch.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(shard) = shards.get(number) else { break };
                let result = compute(number, shard, &mut scratch);
                *results[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        });
        let taken = |result: Mutex<Option<Result<f64>>>| {
            let result = result.into_inner().unwrap_or_else(PoisonError::into_inner);
            // Each worker goes on until no shard is left: so not one of them was called.
            result.unwrap_or_else(|| {
                Err(TrainError::setting("workers", "none that works", "at least one"))
            })
        };
        results.into_iter().map(taken).collect()
    }
}

/// Which step of which run it is: what randomness is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The seed of the run.
    pub seed: u64,
    /// The step, from 0.
    pub step: u64,
}

impl Moment {
    /// The training pass of one shard, in these buffers.
    fn train(self, scratch: Scratch) -> Train {
        let mut train = Train::new(self.seed, self.step);
        train.scratch = scratch;
        train
    }
}

/// Refuses a loss that is no number, and says where that came from.
pub(crate) fn check_loss<M: lt_core::Params>(
    loss: f64,
    model: &M,
    found: &M,
    step: u64,
) -> Result<()> {
    if loss.is_finite() {
        return Ok(());
    }
    let (parameter, cause) = match gradient::first_not_finite(model) {
        Some(name) => (
            Some(name),
            "this parameter was no number before the step: \
             the checkpoint is damaged, or the step before was too large, so lower the learning rate",
        ),
        None => (
            gradient::first_not_finite(found),
            "all parameters are finite, so activations overflowed or a label is out of range: \
             lower the learning rate, lengthen the warm-up, look at this step's data",
        ),
    };
    Err(TrainError::NotFinite { step, quantity: "loss", got: loss, parameter, cause })
}
