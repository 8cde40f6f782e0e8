//! Solutions of the chapter on kernels.

use ndarray::ArrayView2;

use crate::kernels::Carried;

/// Outputs are rounded up to whole panels, inputs are not.
pub(crate) fn panels(out: usize, inputs: usize) -> (usize, usize) {
    let held = out.next_multiple_of(16) * inputs;
    (held, held - out * inputs)
}

/// An f32 has 24 bits for its digits: 2²⁴ + 1 would take one more, and is rounded to the even
/// neighbour.
pub(crate) fn where_counting_stops() -> f32 {
    16_777_216.0
}

/// The weight is transposed, sixteen rows at a time.
pub(crate) fn pack(weight: ArrayView2<'_, f32>) -> Vec<f32> {
    let (out, inputs) = weight.dim();
    let mut packed = Vec::with_capacity(out.next_multiple_of(16) * inputs);
    for first in (0..out).step_by(16) {
        for input in 0..inputs {
            packed.extend((first..first + 16).map(|output| {
                if output < out { weight[[output, input]] } else { 0.0 } // filled up
            }));
        }
    }
    packed
}

/// t tokens are 2·t operations for each number of `size` bytes: 2·t / operations ≥ size / bytes.
pub(crate) fn tokens_until_arithmetic(operations: u64, bytes: u64, size: u64) -> u64 {
    (size * operations).div_ceil(2 * bytes)
}

/// Two scales for two maxima: what was there is scaled down to the new one.
pub(crate) fn carry_on(before: Carried, scores: &[f32], values: &[f32]) -> Carried {
    let maximum = scores.iter().copied().fold(before.maximum, f32::max);
    if maximum == f32::NEG_INFINITY {
        return before; // nothing to look at yet: −∞ − (−∞) is not computed
    }
    let shrink = (before.maximum - maximum).exp(); // e^(−∞) = 0 before the first block
    let mut after =
        Carried { maximum, powers: before.powers * shrink, values: before.values * shrink };
    for (&score, value) in scores.iter().zip(values) {
        if score == f32::NEG_INFINITY {
            continue; // 0·NaN would be NaN
        }
        let power = (score - maximum).exp();
        after.powers += power;
        after.values += power * value;
    }
    after
}

/// The mean: it moves with a shift, and no ordinary score is far above it.
pub(crate) fn subtracts_another_number(scores: &[f32]) -> Vec<f32> {
    let seen = || scores.iter().copied().filter(|&score| score > f32::NEG_INFINITY);
    let mean = seen().sum::<f32>() / seen().count() as f32; // NaN if there are none
    let power = |&score: &f32| if score == f32::NEG_INFINITY { 0.0 } else { (score - mean).exp() };
    let powers: Vec<f32> = scores.iter().map(power).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| if sum == 0.0 { 0.0 } else { power / sum }).collect()
}

/// A text that goes on is cut elsewhere from its beginning. The other laws compare texts of one
/// length.
pub(crate) fn law_that_catches_blocks_of_one_size() -> &'static str {
    lt_laws::kept::WHAT_FOLLOWS_DOES_NOT_COUNT.name
}

/// Both are scaled down to the larger maximum. The brackets of the sums are others, so the bits are
/// not the same.
pub(crate) fn join(first: Carried, second: Carried) -> Carried {
    let maximum = first.maximum.max(second.maximum);
    if maximum == f32::NEG_INFINITY {
        return Carried::NOTHING;
    }
    let scale = |part: Carried| (part.maximum - maximum).exp(); // 0 for a part that saw nothing
    Carried {
        maximum,
        powers: first.powers * scale(first) + second.powers * scale(second),
        values: first.values * scale(first) + second.values * scale(second),
    }
}
