//! Dropout.

use lt_core::{Error, Result, Train};
use lt_kernels::math::scramble;
use ndarray::{Array2, ArrayViewMut2};

/// In training, sets numbers to zero at random and scales up the others; in use, does nothing.
///
/// A number is kept with probability 1 − p and then multiplied by 1 / (1 − p), so that its
/// expected value stays the same. Which are dropped is a function of the seed, the step, the
/// place in the network, the token and the column: see [`Train`].
///
/// It has no `Module` of its own, because outside training it is not there.
///
/// [Srivastava et al. 2014](https://jmlr.org/papers/v15/srivastava14a.html). PyTorch:
/// `torch.nn.Dropout(p)`.
///
/// ```
/// use lt_layers::{Dropout, lt_core::Train};
/// let mut rows = ndarray::Array2::ones((1, 1000));
/// let dropped = Dropout::new(0.25)?.apply(&mut rows, &mut Train::new(7, 0));
/// let zeros = rows.iter().filter(|&&x| x == 0.0).count();
/// assert!((200..300).contains(&zeros));
/// assert!(rows.iter().all(|&x| x == 0.0 || x == 1.0 / 0.75));
/// # drop(dropped);
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Dropout {
    rate: f32,
}

impl Dropout {
    /// Dropout at this rate p.
    ///
    /// # Errors
    /// [`Error::Config`] unless 0 ≤ p < 1.
    pub fn new(rate: f32) -> Result<Self> {
        if (0.0..1.0).contains(&rate) {
            return Ok(Self { rate });
        }
        let (got, expected) = (rate.to_string(), "at least 0 and below 1".into());
        Err(Error::Config { at: "Dropout::new", field: "rate", got, expected })
    }

    /// p, the share that is dropped.
    #[must_use]
    pub fn rate(&self) -> f32 {
        self.rate
    }

    /// Draws what is dropped at the next place of the network, for a batch of so many tokens.
    pub fn draw(&self, tokens: usize, train: &mut Train) -> Dropped {
        let (seed, step) = train.seed_and_step();
        let site = train.next_site();
        let tokens = if self.rate == 0.0 { 0 } else { tokens };
        let keys = (0..tokens).map(|row| train.row_key(row)).collect();
        Dropped { rate: self.rate, origin: [seed, step, site], keys }
    }

    /// Draws, and drops from `rows`, one per token of the batch. At rate 0 nothing is touched.
    pub fn apply(&self, rows: &mut Array2<f32>, train: &mut Train) -> Dropped {
        let dropped = self.draw(rows.nrows(), train);
        dropped.apply(0, rows.view_mut());
        dropped
    }
}

/// What one application of [`Dropout`] drops: enough to do it again.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    rate: f32,
    /// Seed, step and place in the network.
    origin: [u64; 3],
    /// What identifies each token of the batch; none where nothing is dropped.
    keys: Vec<u64>,
}

impl Dropped {
    /// Drops from the rows of the tokens from `first` on: forward: y = x·m ⇒ backward: dx = dy·m,
    /// with m either 0 or 1 / (1 − p).
    pub fn apply(&self, first: usize, mut rows: ArrayViewMut2<'_, f32>) {
        let keep = 1.0 / (1.0 - self.rate);
        for (&key, mut row) in self.keys.iter().skip(first).zip(rows.rows_mut()) {
            let token = self.origin.iter().chain([&key]).fold(0, |state, &n| scramble(state ^ n));
            for (column, value) in (0_u64..).zip(&mut row) {
                // The upper 24 bits, as a number in [0, 1) that an f32 holds exactly.
                let chance = (scramble(token ^ column) >> 40) as f32 / 16_777_216.0;
                *value = if chance < self.rate { 0.0 } else { *value * keep };
            }
        }
    }
}
