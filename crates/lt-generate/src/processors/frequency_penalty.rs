//! What was written becomes less likely each time.

use super::sorted;
use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result};

/// Takes α from the score of a token for each time that it was written; the prompt does not count.
/// A negative penalty makes them likelier.
///
/// x ← x − α · (how often written). `OpenAI`'s `frequency_penalty`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::FrequencyPenalty};
/// let mut logits = [3.0, 3.0, 3.0];
/// let prefix = Prefix::new(&[0, 1, 1], 1);
/// FrequencyPenalty::new(0.5)?.process(prefix, &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [3.0, 2.0, 3.0]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrequencyPenalty(f32);

impl FrequencyPenalty {
    /// The penalty α; 0 changes nothing.
    ///
    /// # Errors
    /// Unless it is a number.
    pub fn new(penalty: f32) -> Result<Self> {
        if penalty.is_finite() {
            return Ok(Self(penalty));
        }
        Err(GenerateError::setting("frequency_penalty", penalty, "a number"))
    }
}

impl LogitsProcessor for FrequencyPenalty {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], buffers: &mut Buffers) {
        for same in sorted(prefix.new_ids(), &mut buffers.ids).chunk_by(|a, b| a == b) {
            if let Some(logit) = logits.get_mut(same[0] as usize) {
                *logit -= self.0 * same.len() as f32;
            }
        }
    }
}
