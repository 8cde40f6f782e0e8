//! What attention takes in.

use lt_core::{Mask, Ragged, Result, check_shape, shape};
use ndarray::ArrayView2;

/// Rows of a batch, where its sequences begin, and who may look at whom: the input of
/// self-attention and of every layer around it.
#[derive(Debug, Clone, Copy)]
pub struct HiddenStates<'a> {
    /// One row per token, `[tokens, d]`.
    pub hidden: ArrayView2<'a, f32>,
    /// Where each sequence begins.
    pub sequences: &'a Ragged,
    /// Which token may look at which of its own sequence.
    pub mask: &'a Mask,
}

impl HiddenStates<'_> {
    /// The same sequences and mask with other rows.
    #[must_use]
    pub fn with<'b>(&'b self, hidden: ArrayView2<'b, f32>) -> HiddenStates<'b> {
        HiddenStates { hidden, sequences: self.sequences, mask: self.mask }
    }
}

/// The input of cross-attention: the queries come from one text, keys and values from another,
/// the memory. Sequence `i` looks at memory `i`.
#[derive(Debug, Clone, Copy)]
pub struct CrossAttentionInput<'a> {
    /// Rows of the text that looks, `[tokens, d]`.
    pub hidden: ArrayView2<'a, f32>,
    /// Where each of its sequences begins.
    pub sequences: &'a Ragged,
    /// Rows of the text that is looked at, `[memory tokens, d]`.
    pub memory: ArrayView2<'a, f32>,
    /// Where each of its sequences begins: as many as there are of the other.
    pub memories: &'a Ragged,
    /// Which token may look at which of its memory.
    pub mask: &'a Mask,
}

/// Queries, keys and values, ready to be compared: the input of
/// [`ScaledDotProduct`](crate::ScaledDotProduct).
#[derive(Debug, Clone, Copy)]
pub struct AttentionInput<'a> {
    /// `[tokens, h·k]`; head `i` is the columns from `i·k` to `(i + 1)·k`.
    pub query: ArrayView2<'a, f32>,
    /// `[key tokens, h·k]`.
    pub key: ArrayView2<'a, f32>,
    /// `[key tokens, h·v]`.
    pub value: ArrayView2<'a, f32>,
    /// Where each sequence of the queries begins.
    pub queries: &'a Ragged,
    /// Where each sequence of the keys begins: as many as there are of queries.
    pub keys: &'a Ragged,
    /// Which query may look at which key.
    pub mask: &'a Mask,
}

/// Refuses sequences and a mask that do not fit each other.
pub(crate) fn check_sequences(
    at: &'static str,
    queries: &Ragged,
    keys: &Ragged,
    mask: &Mask,
) -> Result<()> {
    check_shape(at, shape![queries.len()], &[keys.len()])?;
    mask.check(at, queries, keys)
}
