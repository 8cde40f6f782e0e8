//! Tokens that are not written first.

use super::forbid;
use crate::{Buffers, LogitsProcessor, Prefix};

/// Forbids these tokens at the first place behind the prompt.
///
/// transformers: `SuppressTokensAtBeginLogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::SuppressAtBegin};
/// let begin = SuppressAtBegin::new(vec![1]);
/// let mut logits = [1.0, 2.0];
/// begin.process(Prefix::new(&[0, 0], 1), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, 2.0]);
/// begin.process(Prefix::new(&[0, 0], 2), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, f32::NEG_INFINITY]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressAtBegin {
    ids: Vec<u32>,
    after_forced_first: bool,
}

impl SuppressAtBegin {
    /// Forbids these tokens at the first place.
    #[must_use]
    pub fn new(ids: Vec<u32>) -> Self {
        Self { ids, after_forced_first: false }
    }

    /// The first place is taken by [`ForcedFirst`](super::ForcedFirst) if the prompt is a start
    /// token: then the place behind it is meant.
    #[must_use]
    pub fn after_forced_first(mut self) -> Self {
        self.after_forced_first = true;
        self
    }
}

impl LogitsProcessor for SuppressAtBegin {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        let taken = usize::from(self.after_forced_first && prefix.prompt() == 1);
        if prefix.new_ids().len() == taken {
            forbid(logits, &self.ids);
        }
    }
}
