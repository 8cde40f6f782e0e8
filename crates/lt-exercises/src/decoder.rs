//! Chapter: decoder. `cargo xtask grade decoder`
//!
//! Three of the exercises are about the smallest decoder there is, that of *The idea*: words are
//! numbers, and each becomes itself plus the mean of what it may see, itself included.

#![allow(clippy::ptr_arg)] // a skeleton does not push yet

use ndarray::{Array2, ArrayView2};

/// Rows that go through the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsRead {
    /// With a cache: only what is new is read.
    pub with_cache: usize,
    /// Without: for each word the whole text so far is read again.
    pub without: usize,
}

/// ★ A prompt has `prompt` words, at least one, and `written` words are written behind it, at least
/// one.
///
/// Return how many rows go through the layers until the last word is written. Held by a generator
/// whose model counts what it reads.
pub fn rows_read(prompt: usize, written: usize) -> RowsRead {
    todo!()
}

/// ★ A layer whose attention and feed-forward layer are all zeros, so that they give zeros. Around
/// each of the two stand layer norms with gain 1 and bias 0, first as pre-LN, then as post-LN, then
/// as sandwich. There is no norm behind the layer.
///
/// Return what it makes of the row (300, 700) in the three cases, in this order, to within 0.001.
/// Held by such layers.
pub fn row_through_nothing() -> [[f32; 2]; 3] {
    todo!()
}

/// Which query (row) sees which key (column), of four words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// In a [`DecoderLayer`](lt_decoder::DecoderLayer).
    pub by_a_layer: [[bool; 4]; 4],
    /// In a [`Decoder`](lt_decoder::Decoder) of one such layer.
    pub by_a_decoder: [[bool; 4]; 4],
}

/// ★ A prefix model lets the words of the prompt look at each other, and all others back only. The
/// text has four words, of which three are the prompt: the input has the mask `Mask::prefix([3])`.
///
/// Return who sees whom. Held by the attention weights of a layer and of a decoder.
pub fn seen_with_a_prefix() -> Seen {
    todo!()
}

/// A decoder's sizes, as far as its cache depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// How many layers there are.
    pub layers: usize,
    /// How many heads of keys, and of values, each layer has.
    pub key_heads: usize,
    /// How wide each of them is.
    pub width: usize,
}

/// ★★ Beam search reads a prompt once, makes `beams` texts of it with `select`, and writes
/// `written` words behind each.
///
/// Return how many bytes keys and values take in f32. GPT-2, with 12 layers of 12 heads of width
/// 64, takes 73 728 for one token. Held by [`KvCache::bytes`](lt_decoder::KvCache::bytes). Prompts
/// and what is written are multiples of 128 words, the size of a block, which is held whole.
pub fn bytes_of_beams(prompt: usize, written: usize, beams: usize, sizes: Sizes) -> usize {
    todo!()
}

/// ★★ The smallest decoder, with a cache: row t is xₜ plus the mean of x₁ … xₜ.
///
/// `kept` is what is kept of the words that were read before, one number each; add one for each new
/// word, and return the rows of the new words. With nothing kept, 2, 4, 9 give 4, 7, 14; then
/// 1 gives 5. A text is cut back by `kept.truncate(words)`, and copied by `kept.clone()`.
///
/// Held by a [`Decoder`](lt_decoder::Decoder) of this one layer, and by the four laws of what is
/// kept (`lt_laws::kept`).
pub fn read_on(kept: &mut Vec<f32>, new: &[f32]) -> Vec<f32> {
    todo!()
}

/// The keys and values that are kept of a text, the oldest first, a row each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    /// Of width d.
    pub keys: Vec<Vec<f32>>,
    /// Of width dv.
    pub values: Vec<Vec<f32>>,
}

/// ★★★ One head of attention with a window and a cache that forgets. Each token looks at itself and
/// at the `window` − 1 tokens before it, at no others, with weights softmax(q·k / √d).
///
/// `query`, `key` and `value` are the rows of the tokens that follow; return a row `[dv]` for each
/// of them. Keep what later tokens will need, and when you return, no more than `window` tokens,
/// however many were read: a text of a million words then takes no more memory than a short one.
///
/// Held by [`ScaledDotProduct`](lt_attention::ScaledDotProduct) with a mask over the whole text.
pub fn attend_in_window(
    kept: &mut Kept,
    query: ArrayView2<'_, f32>,
    key: ArrayView2<'_, f32>,
    value: ArrayView2<'_, f32>,
    window: usize,
) -> Array2<f32> {
    todo!()
}

/// ★★ Break it: the smallest decoder gets a window of three words and a cache that forgets, as in
/// the exercise before:
///
/// ```text
/// for x in new {
///     kept.push(x);
///     if kept.len() > 3 { kept.remove(0); }    // new: nobody looks at it any more
///     rows.push(x + mean(kept));
/// }
/// ```
///
/// To cut a text back, as many of the last numbers are taken off as words are cut off, or all that
/// there are.
///
/// Return which of the first three laws of [`lt_laws::kept::LAWS`] catches it, by its name, as in
/// `lt_laws::kept::PIECES_ARE_THE_WHOLE.name`. (The fourth cuts texts, too.) So what is given up for
/// the memory?
pub fn law_that_catches_a_cache_that_forgets() -> &'static str {
    todo!()
}

/// ★★ Break it: write `read_on` again as it comes out where the mask is forgotten: a word sees those
/// that follow it in the same piece. Of the four laws of what is kept, only "a causal model does not
/// look ahead" may find it.
///
/// Why do the other three let it pass? Read with what they compare a piece: the function `read` in
/// `crates/lt-laws/src/kept.rs`.
pub fn wrong_by_what_follows_alone(kept: &mut Vec<f32>, new: &[f32]) -> Vec<f32> {
    todo!()
}
