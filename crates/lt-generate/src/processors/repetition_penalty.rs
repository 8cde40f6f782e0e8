//! What stands in the text becomes less likely.

use super::sorted;
use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result};

/// Divides the score of each token that stands in the text, prompt included, by θ if it is
/// positive, and multiplies it by θ if not. However often a token stands there, it counts once.
///
/// θ above 1 makes them less likely, below 1 more.
///
/// [Keskar et al. 2019](https://arxiv.org/abs/1909.05858), section 4.1. transformers:
/// `RepetitionPenaltyLogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::RepetitionPenalty};
/// let mut logits = [3.0, -1.0, 2.0];
/// let prefix = Prefix::new(&[0, 1, 0], 1);
/// RepetitionPenalty::new(2.0)?.process(prefix, &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.5, -2.0, 2.0]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepetitionPenalty(f32);

impl RepetitionPenalty {
    /// The penalty θ; 1 changes nothing.
    ///
    /// # Errors
    /// Unless it is a number above 0.
    pub fn new(penalty: f32) -> Result<Self> {
        if penalty > 0.0 && penalty.is_finite() {
            return Ok(Self(penalty));
        }
        Err(GenerateError::setting("repetition_penalty", penalty, "a number above 0"))
    }
}

impl LogitsProcessor for RepetitionPenalty {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], buffers: &mut Buffers) {
        for same in sorted(prefix.ids(), &mut buffers.ids).chunk_by(|a, b| a == b) {
            if let Some(logit) = logits.get_mut(same[0] as usize) {
                *logit = if *logit < 0.0 { *logit * self.0 } else { *logit / self.0 };
            }
        }
    }
}
