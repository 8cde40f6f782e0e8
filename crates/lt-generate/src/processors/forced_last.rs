//! The last token is given.

use super::force;
use crate::{Buffers, Length, LogitsProcessor, Prefix};

/// Forces the last token that fits to be one of these, mostly the end token. A text that ended
/// before is not touched.
///
/// transformers: `ForcedEOSTokenLogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, Length, LogitsProcessor, Prefix, processors::ForcedLast};
/// let mut logits = [1.0, 2.0];
/// let last = ForcedLast::new(vec![0], Length::Total(3));
/// last.process(Prefix::new(&[1], 1), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, 2.0]);
/// last.process(Prefix::new(&[1, 1], 1), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [0.0, f32::NEG_INFINITY]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForcedLast {
    ids: Vec<u32>,
    maximum: Length,
    longest: usize,
}

impl ForcedLast {
    /// Forces one of these tokens at the last place of a text of `maximum` tokens.
    #[must_use]
    pub fn new(ids: Vec<u32>, maximum: Length) -> Self {
        Self { ids, maximum, longest: usize::MAX }
    }

    /// A text has at most `longest` tokens whatever was asked for: the last of them is forced, if the
    /// maximum is beyond.
    #[must_use]
    pub fn with_longest(mut self, longest: usize) -> Self {
        self.longest = longest;
        self
    }
}

impl LogitsProcessor for ForcedLast {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        let end = self.maximum.with_prompt(prefix.prompt()).min(self.longest);
        if prefix.ids().len() + 1 == end {
            force(logits, &self.ids);
        }
    }
}
