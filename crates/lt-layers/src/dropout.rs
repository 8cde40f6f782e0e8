//! Dropout.

#[cfg(feature = "train")]
pub(crate) mod dropped;

use lt_core::{Error, Result};

/// In training, sets numbers to zero at random and scales up the others; in use, does nothing.
///
/// A number is kept with probability 1 − p and then multiplied by 1 / (1 − p), so that its
/// expected value stays the same. Which are dropped is a function of the seed, the step, the
/// place in the network, the token and the column: see [`Train`](lt_core::Train). Drawing is part of
/// the feature `train`.
///
/// It has no `Module` of its own, because outside training it is not there.
///
/// [Srivastava et al. 2014](https://jmlr.org/papers/v15/srivastava14a.html). PyTorch:
/// `torch.nn.Dropout(p)`.
///
/// ```
/// use lt_layers::Dropout;
/// assert_eq!(Dropout::new(0.25)?.rate(), 0.25);
/// assert!(Dropout::new(1.0).is_err()); // nothing would be left to scale up
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
}
