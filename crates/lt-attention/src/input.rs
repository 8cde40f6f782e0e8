//! What attention takes in.

use lt_core::{Error, Mask, Ragged, Result};
use lt_kernels::DistanceBias;
use ndarray::ArrayView2;

/// What an input that names no mask has.
static ALL: Mask = Mask::all();

/// Rows of a batch, where its sequences begin, and who may look at whom: the input of
/// self-attention and of every layer around it.
///
/// ```
/// use lt_attention::{HiddenStates, lt_core::{Mask, Ragged}};
/// let (rows, batch, causal) = (ndarray::array![[1.0], [2.0]], Ragged::single(2), Mask::causal());
/// let input = HiddenStates::new(rows.view(), &batch).mask(&causal);
/// # drop(input);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct HiddenStates<'a> {
    /// One row per token, `[tokens, d]`.
    pub hidden: ArrayView2<'a, f32>,
    /// Where each sequence begins.
    pub sequences: &'a Ragged,
    /// Which token may look at which of its own sequence.
    pub mask: &'a Mask,
    /// What is added to scores, by distance: the relative position that the layers of a model
    /// share.
    pub bias: Option<DistanceBias<'a>>,
}

impl<'a> HiddenStates<'a> {
    /// These rows of these sequences; every token may look at every token of its sequence.
    #[must_use]
    pub fn new(hidden: ArrayView2<'a, f32>, sequences: &'a Ragged) -> Self {
        Self { hidden, sequences, mask: &ALL, bias: None }
    }

    /// With a mask.
    #[must_use]
    pub fn mask(self, mask: &'a Mask) -> Self {
        Self { mask, ..self }
    }

    /// With numbers that are added to the scores, by distance.
    #[must_use]
    pub fn bias<'b>(self, bias: DistanceBias<'b>) -> HiddenStates<'b>
    where
        'a: 'b,
    {
        HiddenStates { hidden: self.hidden.reborrow(), bias: Some(bias), ..self }
    }

    /// The same sequences, mask and bias with other rows.
    #[must_use]
    pub fn with<'b>(&'b self, hidden: ArrayView2<'b, f32>) -> HiddenStates<'b> {
        HiddenStates { hidden, ..*self }
    }

    /// Looking at another text, the memory, in place of its own: sequence `i` at memory `i`. The
    /// mask then says which token may look at which of its memory. A place in one text is at no
    /// distance from a place in another, so a bias is left out.
    #[must_use]
    pub fn attending_to(
        self,
        memory: ArrayView2<'a, f32>,
        memories: &'a Ragged,
    ) -> CrossAttentionInput<'a> {
        let Self { hidden, sequences, mask, .. } = self;
        CrossAttentionInput { hidden, sequences, memory, memories, mask, bias: None }
    }
}

/// The input of cross-attention: the queries come from one text, keys and values from another,
/// the memory. Made by [`HiddenStates::attending_to`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
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
    /// What is added to scores, by distance, where the memory is the text itself.
    pub bias: Option<DistanceBias<'a>>,
}

impl<'a> From<HiddenStates<'a>> for CrossAttentionInput<'a> {
    /// Self-attention is cross-attention of a text to itself.
    fn from(input: HiddenStates<'a>) -> Self {
        Self { bias: input.bias, ..input.attending_to(input.hidden, input.sequences) }
    }
}

/// Queries, keys and values, ready to be compared: the input of
/// [`ScaledDotProduct`](crate::ScaledDotProduct).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AttentionInput<'a> {
    /// `[tokens, h·k]`; head `i` is the columns from `i·k` to `(i + 1)·k`.
    pub query: ArrayView2<'a, f32>,
    /// `[key tokens, g·k]`: g heads of keys, h where none are shared.
    pub key: ArrayView2<'a, f32>,
    /// `[key tokens, g·v]`.
    pub value: ArrayView2<'a, f32>,
    /// Where each sequence of the queries begins.
    pub queries: &'a Ragged,
    /// Where each sequence of the keys begins: as many as there are of queries.
    pub keys: &'a Ragged,
    /// Which query may look at which key.
    pub mask: &'a Mask,
    /// What is added to scores, by distance.
    pub bias: Option<DistanceBias<'a>>,
}

impl<'a> AttentionInput<'a> {
    /// Queries, keys and values of the same sequences; every query may look at every key.
    #[must_use]
    pub fn new(
        query: ArrayView2<'a, f32>,
        key: ArrayView2<'a, f32>,
        value: ArrayView2<'a, f32>,
        sequences: &'a Ragged,
    ) -> Self {
        Self { query, key, value, queries: sequences, keys: sequences, mask: &ALL, bias: None }
    }

    /// With keys and values of other sequences, as many of them.
    #[must_use]
    pub fn keys(self, keys: &'a Ragged) -> Self {
        Self { keys, ..self }
    }

    /// With a mask.
    #[must_use]
    pub fn mask(self, mask: &'a Mask) -> Self {
        Self { mask, ..self }
    }

    /// With numbers that are added to the scores, by distance.
    #[must_use]
    pub fn bias(self, bias: impl Into<Option<DistanceBias<'a>>>) -> Self {
        Self { bias: bias.into(), ..self }
    }
}

/// Refuses sequences and a mask that do not fit each other.
pub(crate) fn check_sequences(
    at: &'static str,
    queries: &Ragged,
    keys: &Ragged,
    mask: &Mask,
) -> Result<()> {
    if queries.len() != keys.len() {
        return Err(Error::Config {
            at,
            field: "the number of sequences of keys",
            got: keys.len().to_string(),
            expected: format!("{}, as many as of queries", queries.len()),
        });
    }
    mask.check(at, queries, keys)
}
