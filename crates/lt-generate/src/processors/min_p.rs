//! Not much less likely than the likeliest.

use lt_kernels::math::ln_f64;

use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result};

/// Forbids what has less than p times the probability of the likeliest token: where the model is
/// sure, few are left, where it is not, many.
///
/// [Nguyen et al. 2024](https://arxiv.org/abs/2407.01082), section 3. transformers:
/// `MinPLogitsWarper`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::MinP};
/// let mut logits = [0.6_f32, 0.3, 0.1].map(f32::ln);
/// MinP::new(0.4)?.process(Prefix::new(&[], 0), &mut logits, &mut Buffers::default()); // 0.24
/// assert_eq!(logits, [0.6_f32.ln(), 0.3_f32.ln(), f32::NEG_INFINITY]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinP(f32);

impl MinP {
    /// Keeps what has p times the highest probability, or more.
    ///
    /// # Errors
    /// Unless 0 ≤ p ≤ 1.
    pub fn new(p: f32) -> Result<Self> {
        if (0.0..=1.0).contains(&p) {
            return Ok(Self(p));
        }
        Err(GenerateError::setting("min_p", p, "at least 0 and at most 1"))
    }
}

impl LogitsProcessor for MinP {
    fn process(&self, _: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        // e^(x − max) < p, without an exponential.
        let lowest = f64::from(crate::shares::maximum(logits)) + ln_f64(f64::from(self.0));
        for logit in logits {
            if f64::from(*logit) < lowest {
                *logit = f32::NEG_INFINITY;
            }
        }
    }
}
