//! No n tokens twice.

use super::forbid;
use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result};

/// Forbids a token that would complete n tokens which stand in the text already, prompt included.
///
/// [Paulus, Xiong & Socher 2017](https://arxiv.org/abs/1705.04304), section 2.5. transformers:
/// `NoRepeatNGramLogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::NoRepeatNGram};
/// let mut logits = [1.0, 1.0, 1.0];
/// let prefix = Prefix::new(&[0, 1, 0, 2, 0], 1); // 0 1 and 0 2 stand there; 0 comes next
/// NoRepeatNGram::new(2)?.process(prefix, &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, f32::NEG_INFINITY, f32::NEG_INFINITY]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRepeatNGram(usize);

impl NoRepeatNGram {
    /// No `n` tokens twice.
    ///
    /// # Errors
    /// If n is 0.
    pub fn new(n: usize) -> Result<Self> {
        if n > 0 {
            return Ok(Self(n));
        }
        Err(GenerateError::setting("no_repeat_ngram", n, "at least 1: leave it out to allow all"))
    }
}

impl LogitsProcessor for NoRepeatNGram {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        let ids = prefix.ids();
        let Some(start) = (ids.len() + 1).checked_sub(self.0) else { return };
        let ending = &ids[start..];
        for window in ids.windows(self.0) {
            if window.starts_with(ending) {
                forbid(logits, &window[self.0 - 1..]);
            }
        }
    }
}
