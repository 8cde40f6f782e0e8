//! The first token is given.

use super::force;
use crate::{Buffers, LogitsProcessor, Prefix};

/// Forces the second token of the whole text, where the first is a decoder's start token: the
/// language that a multilingual translator is to write. Behind a longer prompt it does nothing.
///
/// transformers: `ForcedBOSTokenLogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::ForcedFirst};
/// let mut logits = [1.0, 2.0];
/// ForcedFirst::new(0).process(Prefix::new(&[1], 1), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [0.0, f32::NEG_INFINITY]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForcedFirst(u32);

impl ForcedFirst {
    /// Forces this token.
    #[must_use]
    pub fn new(id: u32) -> Self {
        Self(id)
    }
}

impl LogitsProcessor for ForcedFirst {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        if prefix.ids().len() == 1 {
            force(logits, &[self.0]);
        }
    }
}
