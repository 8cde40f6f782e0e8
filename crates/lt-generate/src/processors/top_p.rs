//! The nucleus.

use crate::{Buffers, GenerateError, LogitsProcessor, Prefix, Result, rank, shares};

/// Keeps the fewest likeliest tokens that have at least the probability p together (the nucleus),
/// and forbids the others. Of equal ones the lower id is the first to stay; one always stays.
///
/// The vocabulary is not sorted: the likeliest are brought forward eight times as many at a time,
/// until there are enough.
///
/// [Holtzman et al. 2020](https://arxiv.org/abs/1904.09751), section 3.1. transformers:
/// `TopPLogitsWarper`.
///
/// ```
/// use lt_generate::{Buffers, LogitsProcessor, Prefix, processors::TopP};
/// let mut logits = [0.5_f32, 0.3, 0.2].map(f32::ln);
/// TopP::new(0.7)?.process(Prefix::new(&[], 0), &mut logits, &mut Buffers::default());
/// assert_eq!(logits, [0.5_f32.ln(), 0.3_f32.ln(), f32::NEG_INFINITY]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TopP(f32);

impl TopP {
    /// Keeps the probability p.
    ///
    /// # Errors
    /// Unless 0 < p ≤ 1.
    pub fn new(p: f32) -> Result<Self> {
        if p > 0.0 && p <= 1.0 {
            return Ok(Self(p));
        }
        Err(GenerateError::setting("top_p", p, "above 0 and at most 1"))
    }
}

impl LogitsProcessor for TopP {
    fn process(&self, _: Prefix<'_>, logits: &mut [f32], buffers: &mut Buffers) {
        if self.0 == 1.0 {
            return;
        }
        let sum = shares::shares(logits, &mut buffers.shares);
        rank::ranked(logits, &mut buffers.ranks);
        let (mut kept, mut mass, mut ready) = (0, 0.0, 0);
        while kept < buffers.ranks.len() && (kept == 0 || mass < f64::from(self.0) * sum) {
            if kept == ready {
                let more = (7 * ready).max(64);
                rank::bring_forward(&mut buffers.ranks[ready..], more);
                ready += more;
            }
            mass += buffers.shares[rank::id(buffers.ranks[kept])];
            kept += 1;
        }
        rank::forbid(logits, &buffers.ranks[kept..]);
    }
}
