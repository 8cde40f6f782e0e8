//! Not to end too early.

use super::forbid;
use crate::{Buffers, Length, LogitsProcessor, Prefix};

/// Forbids the end tokens until the text is long enough.
///
/// transformers: `MinLengthLogitsProcessor` ([`Length::Total`]) and
/// `MinNewTokensLengthLogitsProcessor` ([`Length::New`]).
///
/// ```
/// use lt_generate::{Buffers, Length, LogitsProcessor, Prefix, processors::MinimumLength};
/// let minimum = MinimumLength::new(Length::New(2), vec![0]);
/// let mut logits = [1.0, 1.0];
/// minimum.process(Prefix::new(&[1, 1, 1], 1), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, 1.0]);
/// minimum.process(Prefix::new(&[1, 1, 1], 2), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [f32::NEG_INFINITY, 1.0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimumLength {
    minimum: Length,
    end_tokens: Vec<u32>,
}

impl MinimumLength {
    /// None of `end_tokens` before the text has `minimum` tokens.
    #[must_use]
    pub fn new(minimum: Length, end_tokens: Vec<u32>) -> Self {
        Self { minimum, end_tokens }
    }
}

impl LogitsProcessor for MinimumLength {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        if prefix.ids().len() < self.minimum.with_prompt(prefix.prompt()) {
            forbid(logits, &self.end_tokens);
        }
    }
}
