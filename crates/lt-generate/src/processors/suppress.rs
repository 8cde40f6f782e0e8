//! Tokens that are never written.

use super::forbid;
use crate::{Buffers, LogitsProcessor, Prefix};

/// Forbids these tokens.
///
/// transformers: `SuppressTokensLogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::Suppress};
/// let mut logits = [1.0, 2.0];
/// Suppress::new(vec![1]).process(Prefix::new(&[], 0), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, f32::NEG_INFINITY]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppress(Vec<u32>);

impl Suppress {
    /// Forbids these tokens.
    #[must_use]
    pub fn new(ids: Vec<u32>) -> Self {
        Self(ids)
    }
}

impl LogitsProcessor for Suppress {
    fn process(&self, _: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        forbid(logits, &self.0);
    }
}
