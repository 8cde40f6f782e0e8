//! Mistakes of the chapter on kernels.

use ndarray::ArrayView2;

use crate::kernels::Carried;

/// Inputs are rounded up too.
pub(crate) fn panels(out: usize, inputs: usize) -> (usize, usize) {
    let held = out.next_multiple_of(16) * inputs.next_multiple_of(16);
    (held, held - out * inputs)
}

/// The first bit is not stored, and is there all the same.
pub(crate) fn where_counting_stops() -> f32 {
    8_388_608.0
}

/// As the rows lie, and zeros behind them.
pub(crate) fn pack(weight: ArrayView2<'_, f32>) -> Vec<f32> {
    let (out, inputs) = weight.dim();
    let mut packed: Vec<f32> = weight.iter().copied().collect();
    packed.resize(out.next_multiple_of(16) * inputs, 0.0);
    packed
}

/// A product and its sum counted as one.
pub(crate) fn tokens_until_arithmetic(operations: u64, bytes: u64, size: u64) -> u64 {
    (size * operations).div_ceil(bytes)
}

/// ℓ is scaled down, o is not.
pub(crate) fn carry_on(before: Carried, scores: &[f32], values: &[f32]) -> Carried {
    let mut after = crate::solutions::kernels::carry_on(before, scores, values);
    if after.maximum > before.maximum {
        after.values += before.values * (1.0 - (before.maximum - after.maximum).exp());
    }
    after
}

/// Nothing is subtracted: a shift is enough to find it.
pub(crate) fn subtracts_another_number(scores: &[f32]) -> Vec<f32> {
    let powers: Vec<f32> = scores.iter().map(|score| score.exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| if sum == 0.0 { 0.0 } else { power / sum }).collect()
}

/// Alone and in a batch a text has the same length.
pub(crate) fn law_that_catches_blocks_of_one_size() -> &'static str {
    lt_laws::same_bits::SAME_ROWS_SAME_BITS.name
}

/// −∞ − (−∞), where neither has seen anything.
pub(crate) fn join(first: Carried, second: Carried) -> Carried {
    let maximum = first.maximum.max(second.maximum);
    let scale = |part: Carried| (part.maximum - maximum).exp();
    Carried {
        maximum,
        powers: first.powers * scale(first) + second.powers * scale(second),
        values: first.values * scale(first) + second.values * scale(second),
    }
}
