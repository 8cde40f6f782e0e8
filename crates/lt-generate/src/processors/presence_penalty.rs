//! What was written becomes less likely, once.

use super::sorted;
use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result};

/// Takes α from the score of each token that was written; the prompt does not count. A negative
/// penalty makes them likelier.
///
/// x ← x − α · \[written at least once\]. `OpenAI`'s `presence_penalty`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::PresencePenalty};
/// let mut logits = [3.0, 3.0, 3.0];
/// let prefix = Prefix::new(&[0, 1, 1], 1);
/// PresencePenalty::new(0.5)?.process(prefix, &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [3.0, 2.5, 3.0]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PresencePenalty(f32);

impl PresencePenalty {
    /// The penalty α; 0 changes nothing.
    ///
    /// # Errors
    /// Unless it is a number.
    pub fn new(penalty: f32) -> Result<Self> {
        if penalty.is_finite() {
            return Ok(Self(penalty));
        }
        Err(GenerateError::setting("presence_penalty", penalty, "a number"))
    }
}

impl LogitsProcessor for PresencePenalty {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], buffers: &mut Buffers) {
        for same in sorted(prefix.new_ids(), &mut buffers.ids).chunk_by(|a, b| a == b) {
            if let Some(logit) = logits.get_mut(same[0] as usize) {
                *logit -= self.0;
            }
        }
    }
}
