//! Chapter: kernels. `cargo xtask grade kernels`
//!
//! Fill in one function at a time.

use ndarray::ArrayView2;

/// ★ A weight `[out, in]` is packed into panels: 16 outputs side by side, and a line for each
/// input.
///
/// Return how many numbers the panels hold, and how many of them are zeros that were filled in. A
/// weight `[3, 2]` is one panel of two lines: 32 numbers, of which 26 were filled in.
pub fn panels(out: usize, inputs: usize) -> (usize, usize) {
    todo!()
}

/// ★ A sum of f32 begins with 0, and 1 is added again and again.
///
/// Return the number at which it stands still: the first n for which n + 1 is n.
pub fn where_counting_stops() -> f32 {
    todo!()
}

/// ★★ Pack a weight `[out, in]`: one panel after the other, in a panel one line for each input, and
/// in a line the 16 numbers that meet this input. Outputs that fill no panel are filled up with
/// zeros.
///
/// Held against the product: a loop walks down your panels, and must get its bits.
pub fn pack(weight: ArrayView2<'_, f32>) -> Vec<f32> {
    todo!()
}

/// ★★ A core computes so many `operations` a second (· and + count as two), and reads so many `bytes`
/// a second. A weight of `size` bytes each is multiplied with the rows of some tokens.
///
/// Return the smallest number of tokens for which multiplying takes at least as long as reading
/// the weight. The core of the chapter, with 118·10⁹ operations, 22·10⁹ bytes and a size of 4, needs
/// 11 tokens.
pub fn tokens_until_arithmetic(operations: u64, bytes: u64, size: u64) -> u64 {
    todo!()
}

/// What softmax by blocks has in hand of one query, whose values are single numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Carried {
    /// m, the largest score so far.
    pub maximum: f32,
    /// ℓ, the sum of the powers e^(score − m).
    pub powers: f32,
    /// o, the sum of the powers times their values.
    pub values: f32,
}

impl Carried {
    /// Before the first block.
    pub const NOTHING: Self = Self { maximum: f32::NEG_INFINITY, powers: 0.0, values: 0.0 };
}

/// ★★ One step of softmax by blocks: a block of keys comes, with a score and a value each.
///
/// A key whose score is −∞ is hidden: it is skipped, and its value may be NaN. In a block, and in all
/// blocks before it, every key may be hidden.
/// Held by the laws of softmax, with blocks of one key and of three. In the end the output is o/ℓ,
/// or 0 if ℓ is 0.
pub fn carry_on(before: Carried, scores: &[f32], values: &[f32]) -> Carried {
    todo!()
}

/// ★★ Break it: on paper any number may be subtracted from the scores before exp. Write a softmax
/// that subtracts another than the largest, and that all laws of softmax but one let pass: only
/// "softmax survives large scores" may find it.
pub fn subtracts_another_number(scores: &[f32]) -> Vec<f32> {
    todo!()
}

/// ★★ Break it: attention meets its keys in blocks of 128, and 129 keys are a block of 128 and
/// one of 1. Somebody finds that untidy, and cuts them into 65 and 64:
///
/// ```text
/// let blocks = keys.div_ceil(KEY_BLOCK);
/// let size = keys.div_ceil(blocks);       // was: KEY_BLOCK
/// ```
///
/// Return the name of the law that catches it. It is one of these of [`lt_laws`]:
/// `encoder::THE_FUTURE_CHANGES_NOTHING`, `encoder::A_HIDDEN_TOKEN_CHANGES_NO_OTHER`,
/// `encoder::ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS`, `same_bits::SAME_ROWS_SAME_BITS`,
/// `kept::WHAT_FOLLOWS_DOES_NOT_COUNT`. (The blocks are of 4 keys there, in place of 128.)
pub fn law_that_catches_blocks_of_one_size() -> &'static str {
    todo!()
}

/// ★★★ A long text is shared out: one thread carries a softmax over the first keys, another over the
/// rest, each from [`Carried::NOTHING`]. Join what they have in hand into what one thread would have.
///
/// Either may have seen hidden keys only.
/// Held by the laws of softmax: each key is alone at first, and neighbours are joined until one is
/// left. Does the result have the same bits, too?
pub fn join(first: Carried, second: Carried) -> Carried {
    todo!()
}
