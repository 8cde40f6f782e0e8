//! A layer in training: the forward pass that remembers, and the backward pass.

use crate::{Module, Params, Ragged, Result, Scratch};

/// A layer that can be trained: it has parameters, and something to remember.
///
/// A trait of its own, because what is remembered does not depend on how long the input lives:
/// `Cache` is one type, while [`Backward`] is implemented for inputs of every lifetime.
pub trait Trainable: Params + Clone {
    /// What the backward pass needs beyond the input: owned, with named fields.
    type Cache;
}

/// The derivative of a layer, written by hand beside its forward pass.
///
/// The gradient of a layer is a layer of the same type: for `y = x·Wᵀ + b`, the gradient has a
/// `W` and a `b`. So one [`Params`] visitor serves loading, saving, counting, optimising and
/// checking. A gradient starts as [`zeros_like`](crate::zeros_like) and is *added to*: calling
/// `backward` twice doubles it.
pub trait Backward<Input>: Module<Input> + Trainable {
    /// The gradient of the loss with respect to the floating-point inputs.
    type InputGrad;

    /// The forward pass of training: the bits of [`Module::forward`] where nothing is dropped,
    /// and what `backward` will want to know.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    fn forward_cached(
        &self,
        input: Input,
        train: &mut Train,
    ) -> Result<(Self::Output, Self::Cache)>;

    /// Given the gradient of the loss with respect to the output, adds to `grads` the gradient
    /// with respect to each parameter and returns the one with respect to the input.
    ///
    /// `input` and `cache` are those of the `forward_cached` call being undone. Each call computes
    /// its sums from zero and then adds them once, so that a batch computed in shards has bits
    /// that do not depend on who computed which.
    ///
    /// # Errors
    /// If `d_output` does not have the shape of the output.
    fn backward(
        &self,
        input: Input,
        cache: &Self::Cache,
        d_output: &Self::Output,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<Self::InputGrad>;
}

/// What a forward pass in training knows beyond its input: where randomness comes from, and the
/// buffers to work in.
///
/// Randomness is a function, not a stream: what is dropped depends on the seed, the step, the
/// layer, the sequence and the position alone. So it is the same for any number of threads and
/// however a batch is cut.
#[derive(Debug, Default)]
pub struct Train {
    /// Buffers and threads, as in [`Module::forward_in`].
    pub scratch: Scratch,
    seed: u64,
    step: u64,
    sites: u64,
    rows: Vec<u64>,
}

impl Train {
    /// The training pass of one step of one run.
    #[must_use]
    pub fn new(seed: u64, step: u64) -> Self {
        Self { seed, step, ..Self::default() }
    }

    /// Says which sequences of the data set this batch holds: the first is number `first`, and
    /// the rows follow in order. Without it, rows count from 0.
    #[must_use]
    pub fn with_sequences(mut self, first: u64, sequences: &Ragged) -> Self {
        self.rows.clear();
        for (number, range) in (first..).zip(sequences.ranges()) {
            self.rows.extend((0..range.len() as u64).map(|position| (number << 32) | position));
        }
        self
    }

    /// The same for sequences that do not follow one another in the data set: each has its number.
    ///
    /// ```
    /// use lt_core::{Ragged, Train};
    /// let train = Train::new(1, 0).with_numbers(&[7, 3], &Ragged::from_lengths([2, 1]));
    /// assert_eq!([0, 1, 2].map(|row| train.row_key(row)), [7 << 32, (7 << 32) | 1, 3 << 32]);
    /// ```
    #[must_use]
    pub fn with_numbers(mut self, numbers: &[u64], sequences: &Ragged) -> Self {
        self.rows.clear();
        for (number, range) in numbers.iter().zip(sequences.ranges()) {
            self.rows.extend((0..range.len() as u64).map(|position| (number << 32) | position));
        }
        self
    }

    /// The seed of the run and the number of the step.
    #[must_use]
    pub fn seed_and_step(&self) -> (u64, u64) {
        (self.seed, self.step)
    }

    /// A number for the next place in the network that wants randomness, in the order in which
    /// the forward pass reaches them.
    pub fn next_site(&mut self) -> u64 {
        self.sites += 1;
        self.sites - 1
    }

    /// Runs a part of the network whose rows are some rows of the batch: what is dropped there
    /// depends on which tokens they are, not on how many others there are.
    ///
    /// ```
    /// use lt_core::Train;
    /// let mut train = Train::new(7, 0);
    /// let keys = train.at_rows([4, 9], |train| [train.row_key(0), train.row_key(1)]);
    /// assert_eq!(keys, [4, 9].map(|row| train.row_key(row)));
    /// ```
    pub fn at_rows<R>(
        &mut self,
        rows: impl IntoIterator<Item = usize>,
        inside: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let keys = rows.into_iter().map(|row| self.row_key(row)).collect();
        let of_batch = std::mem::replace(&mut self.rows, keys);
        let result = inside(self);
        self.rows = of_batch;
        result
    }

    /// What identifies a row of the batch in the whole run: its sequence and position.
    #[must_use]
    pub fn row_key(&self, row: usize) -> u64 {
        self.rows.get(row).copied().unwrap_or(row as u64)
    }
}
