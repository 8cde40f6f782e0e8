//! Tokenized texts laid end to end.

use lt_core::Ragged;
use lt_tokenizer::Encoding;

/// So many tokens go through the model at a time: enough to keep it busy, few enough that what
/// lies between its layers stays small.
const TOKENS: usize = 2048;

/// The ids of some texts, end to end. No text is padded, so that neither order nor company
/// changes what comes out.
#[derive(Debug, Default)]
pub(crate) struct TokenBatch {
    pub(crate) ids: Vec<u32>,
    pub(crate) segments: Vec<u32>,
    lengths: Vec<usize>,
}

impl TokenBatch {
    /// Whether this text had better go into the next batch. One that is longer than a batch goes
    /// alone.
    pub(crate) fn is_full_for(&self, encoding: &Encoding) -> bool {
        !self.ids.is_empty() && self.ids.len() + encoding.len() > TOKENS
    }

    pub(crate) fn push(&mut self, encoding: &Encoding) {
        self.ids.extend_from_slice(&encoding.ids);
        self.segments.extend_from_slice(&encoding.segments);
        self.lengths.push(encoding.len());
    }

    /// How many texts it holds.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Where each text begins.
    pub(crate) fn sequences(&self) -> Ragged {
        Ragged::from_lengths(self.lengths.iter().copied())
    }

    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.segments.clear();
        self.lengths.clear();
    }
}
