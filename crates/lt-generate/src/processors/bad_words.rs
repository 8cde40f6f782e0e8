//! Sequences that must not be written.

use super::forbid;
use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result};

/// Forbids the last token of each of these sequences where the text ends with what stands before
/// it; a sequence of one token is never written.
///
/// transformers: `NoBadWordsLogitsProcessor`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::BadWords};
/// let mut logits = [1.0, 1.0, 1.0];
/// let bad = BadWords::new(vec![vec![0, 1], vec![2, 0]])?;
/// bad.process(Prefix::new(&[2, 0], 1), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [1.0, f32::NEG_INFINITY, 1.0]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadWords(Vec<Vec<u32>>);

impl BadWords {
    /// Forbids these sequences of ids.
    ///
    /// # Errors
    /// If one is empty.
    pub fn new(words: Vec<Vec<u32>>) -> Result<Self> {
        if words.iter().any(Vec::is_empty) {
            let expected = "at least one token in each sequence: leave it out";
            return Err(GenerateError::setting("bad_words", "an empty sequence", expected));
        }
        Ok(Self(words))
    }
}

impl LogitsProcessor for BadWords {
    fn process(&self, prefix: Prefix<'_>, logits: &mut [f32], _: &mut Buffers) {
        for word in &self.0 {
            if let [before @ .., last] = word.as_slice()
                && prefix.ids().ends_with(before)
            {
                forbid(logits, &[*last]);
            }
        }
    }
}
