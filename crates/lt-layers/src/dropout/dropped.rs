//! What is dropped, in training.

use lt_core::Train;
use lt_kernels::math::scramble;
use lt_kernels::{Dropping, Instructions};
use ndarray::{Array2, ArrayViewMut2};

use crate::Dropout;

impl Dropout {
    /// Draws what is dropped at the next place of the network, for a batch of so many tokens.
    pub fn draw(&self, tokens: usize, train: &mut Train) -> Dropped {
        let (seed, step) = train.seed_and_step();
        let site = train.next_site();
        let tokens = if self.rate == 0.0 { 0 } else { tokens };
        let key_of = |row| {
            let origin = [seed, step, site, train.row_key(row)];
            origin.into_iter().fold(0, |key, number| scramble(key ^ number))
        };
        let keys = (0..tokens).map(key_of).collect();
        Dropped { dropping: Dropping::new(self.rate), keys }
    }

    /// Draws, and drops from `rows`, one per token of the batch. At rate 0 nothing is touched.
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
    pub fn apply(&self, rows: &mut Array2<f32>, train: &mut Train) -> Dropped {
        let dropped = self.draw(rows.nrows(), train);
        dropped.apply(0, rows.view_mut());
        dropped
    }
}

/// What one application of [`Dropout`] drops: enough to do it again.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    dropping: Dropping,
    /// What decides for each token of the batch which of its columns are dropped; none where
    /// nothing is.
    keys: Vec<u64>,
}

impl Dropped {
    /// How many are dropped, and what the others are multiplied with.
    #[must_use]
    pub fn dropping(&self) -> Dropping {
        self.dropping
    }

    /// What decides for each token of the batch which of its columns are dropped, `[tokens]`;
    /// `None` where nothing is, at rate 0.
    #[must_use]
    pub fn keys(&self) -> Option<&[u64]> {
        (self.dropping.rate() > 0.0).then_some(&self.keys)
    }

    /// Drops from the rows of the tokens from `first` on: forward: y = x·m ⇒ backward: dx = dy·m,
    /// with m either 0 or 1 / (1 − p).
    pub fn apply(&self, first: usize, mut rows: ArrayViewMut2<'_, f32>) {
        let instructions = Instructions::best();
        for (&key, mut row) in self.keys.iter().skip(first).zip(rows.rows_mut()) {
            if let Some(row) = row.as_slice_mut() {
                self.dropping.apply(instructions, key, row);
            } else {
                let mut copy = row.to_vec();
                self.dropping.apply(instructions, key, &mut copy);
                row.iter_mut().zip(copy).for_each(|(number, copy)| *number = copy);
            }
        }
    }
}
