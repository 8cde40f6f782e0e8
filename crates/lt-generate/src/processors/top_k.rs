//! The k likeliest.

use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result, rank};

/// Keeps the k tokens with the highest scores, of equal ones those with the lower id, and forbids
/// the others.
///
/// The vocabulary is not sorted: only the k that stay are.
///
/// [Fan, Lewis & Dauphin 2018](https://arxiv.org/abs/1805.04833), section 5. transformers:
/// `TopKLogitsWarper`, which keeps more than k if the k-th has equals.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::TopK};
/// let mut logits = [3.0, 1.0, 2.0, 2.0];
/// TopK::new(2)?.process(Prefix::new(&[], 0), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [3.0, f32::NEG_INFINITY, 2.0, f32::NEG_INFINITY]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK(usize);

impl TopK {
    /// Keeps k tokens; all, if there are fewer.
    ///
    /// # Errors
    /// If k is 0.
    pub fn new(k: usize) -> Result<Self> {
        if k > 0 {
            return Ok(Self(k));
        }
        Err(GenerateError::setting("top_k", k, "at least 1: leave it out to keep all"))
    }
}

impl LogitsProcessor for TopK {
    fn process(&self, _: Prefix<'_>, logits: &mut [f32], buffers: &mut Buffers) {
        rank::ranked(logits, &mut buffers.ranks);
        if self.0 < buffers.ranks.len() {
            buffers.ranks.select_nth_unstable(self.0);
            rank::forbid(logits, &buffers.ranks[self.0..]);
        }
    }
}
