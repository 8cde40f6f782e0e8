//! Chapter: weights. `cargo xtask grade weights`
//!
//! Fill in one function at a time. What you compute is compared with what is read, saved, converted
//! and loaded by the library.

use lt_core::Weight;
use lt_weights::TensorSource;

/// A matrix in a file, as the header has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix {
    /// s, where it begins: the first of its `data_offsets`.
    pub start: usize,
    /// How many columns it has.
    pub columns: usize,
    /// The bytes of a number: 4 for `F32`, 2 for `F16`.
    pub bytes: usize,
}

/// ★ Return at which byte of the file the number in this row and column begins.
///
/// `header` is N, the length of the header. With N = 80, the number 1.2 of *The formula* (row 1,
/// column 2 of three, f32, s = 0) begins at byte 108. Held by files that are made and read.
pub fn place(header: usize, matrix: Matrix, row: usize, column: usize) -> usize {
    todo!()
}

/// ★ Return the bytes of a file that holds a matrix `table` `[3, 3]` of `F16` and a vector `bias`
/// `[2]` of `F32`, all of them 0.
///
/// The data begins at a multiple of 8, and each tensor at a multiple of the bytes of its numbers. In
/// which order do both lie so? The header is JSON, and may end with spaces. Held by
/// [`lt_weights::SafetensorsBytes`].
pub fn table_and_bias() -> Vec<u8> {
    todo!()
}

/// ★★ A row of a matrix in eight bits: return its scale s, and each number as a multiple of s from
/// −127 to 127.
///
/// (2.54, −1, 0) becomes 0.02 and (127, −50, 0). A row of zeros is zeros again when it is read, not
/// NaN. Held by "a number moves by half a scale at most", and by [`lt_weights::convert`].
pub fn eight_bits(row: &[f32]) -> (f32, Vec<i8>) {
    todo!()
}

/// A tensor without its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// What does not fit, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Misfit {
    /// Parameters that the file does not have.
    pub missing: Vec<String>,
    /// Tensors of another shape than the parameter of that name.
    pub wrong_shape: Vec<String>,
    /// Tensors that no parameter takes.
    pub unused: Vec<String>,
}

/// ★★ Strict loading looks at everything before it loads anything: return all that does not fit,
/// each list in any order. Neither the parameters nor the tensors are sorted.
///
/// A model with `weight` `[2, 2]` and `bias` `[2]`, and a file with `bias` `[3]` and `wieght` `[2, 2]`:
/// `weight` is missing, `bias` has another shape, `wieght` is unused. Held by [`lt_weights::load`].
pub fn misfit(model: &[Named], file: &[Named]) -> Misfit {
    todo!()
}

/// ★★ Return a [`TensorSource`] that holds these tensors in memory; each name is there once. Write
/// the struct that it needs above this function.
///
/// [`TensorSource::info`] looks names up by halving the list, and you need not write it: which order
/// must [`TensorSource::tensors`] have? Held by every name being found, and by [`lt_weights::load`].
pub fn in_memory(tensors: Vec<(String, Weight)>) -> Box<dyn TensorSource> {
    todo!()
}

/// A tensor of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bits of a number: 32 or 16.
    pub bits: usize,
    /// The shape.
    pub shape: Vec<usize>,
    /// Where it begins in the data.
    pub start: usize,
    /// Where it ends (exclusive).
    pub end: usize,
}

/// ★★ Break it: in the function `size` of the chapter, the products are those of a processor:
///
/// ```text
/// let count = entry.shape.iter().fold(1_usize, |count, &side| count.wrapping_mul(side));
/// let bits = count.wrapping_mul(entry.dtype.bitsize());        // was: checked_mul, twice
/// ```
///
/// Return the name of the law that catches it, and think of a shape that it lets pass. The laws are:
///
/// - "a sound file is taken"
/// - "a hole before a tensor is refused"
/// - "an overlap is refused"
/// - "a file that is cut off or too long is refused"
/// - "a tensor of more or fewer bytes than its shape says is refused"
/// - "a shape beyond counting is refused"
pub fn law_that_catches_a_product_that_wraps() -> &'static str {
    todo!()
}

/// How three matrices `[out, in]` are stored as one tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fused {
    /// `[3·out, in]`: part below part.
    Below,
    /// `[in, 3·out]`: part beside part, each of them transposed (GPT-2's `c_attn`).
    Beside,
}

/// ★★★ Query, key and value lie in one tensor: return the one with this index (0, 1 or 2), row by
/// row, as a matrix of the shape `[out, in]`.
///
/// `stored` has the numbers in the order of the file. `Below`, `[1, 2]`: the part 1 of (1, 2, 3, 4, 5, 6) is
/// (3, 4). `Beside`, `[1, 2]`: it is (2, 5). Held by [`lt_weights::load`] with
/// [`lt_core::Rule::Fuse`].
pub fn unfused(stored: &[f32], fused: Fused, index: usize, shape: [usize; 2]) -> Vec<f32> {
    todo!()
}

/// ★★★ Break it: write the check of a header so that it lets holes pass, in which a stranger can
/// hide anything. Of the laws above only "a hole before a tensor is refused" may find it wrong.
///
/// `entries` are sorted by where they begin, and the file has `data` bytes of data. Return whether the
/// header is sound.
pub fn sound_but_for_holes(entries: &[Entry], data: usize) -> bool {
    todo!()
}
