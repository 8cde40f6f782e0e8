//! Sharper or flatter.

use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result};

/// Divides the scores by T: below 1 the likely becomes likelier (T → 0 is greedy search), above 1
/// all become more alike.
///
/// x ← (x − max x) / T. The maximum is taken away first, so that no score overflows however small T
/// is; a softmax does not see it.
///
/// [Ackley, Hinton & Sejnowski 1985](https://doi.org/10.1207/s15516709cog0901_7). transformers:
/// `TemperatureLogitsWarper`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::Temperature};
/// let mut logits = [3.0, 1.0, 2.0];
/// Temperature::new(0.5)?.process(Prefix::new(&[], 0), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [0.0, -4.0, -2.0]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature(f32);

impl Temperature {
    /// The temperature T.
    ///
    /// # Errors
    /// Unless it is a number above 0.
    pub fn new(temperature: f32) -> Result<Self> {
        if temperature > 0.0 && temperature.is_finite() {
            return Ok(Self(temperature));
        }
        let expected = "a number above 0; greedy search is a strategy of its own";
        Err(GenerateError::setting("temperature", temperature, expected))
    }
}

impl LogitsProcessor for Temperature {
    fn process(&self, _: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        let maximum = crate::shares::maximum(logits);
        if maximum > f32::NEG_INFINITY {
            logits.iter_mut().for_each(|logit| *logit = (*logit - maximum) / self.0);
        }
    }
}
