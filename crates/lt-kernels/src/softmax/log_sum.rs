//! Softmax of one row, and the logarithm that the loss needs.

use crate::instructions::{Arithmetic, Instructions, Work};
use crate::layer_norm::join;
use crate::math::ln_f64;
use crate::tile::{COLUMNS, Lanes};
use crate::vector_math::exp;

/// Turns logits into probabilities, pᵢ = e^zᵢ / Σⱼ e^zⱼ, in their place, and gives ln Σⱼ e^zⱼ: the
/// cross-entropy of a label y is that less the logit of y, and its gradient is p less 1 at y.
///
/// The maximum is taken off before, so that no exponential overflows; the sum is taken in f64. A
/// logit that is NaN makes all of it NaN.
///
/// ```
/// use lt_kernels::{Instructions, softmax_and_log_sum};
/// let mut row = [1000.0, 1000.0];
/// let log_sum = softmax_and_log_sum(Instructions::best(), &mut row);
/// assert_eq!(row, [0.5, 0.5]);
/// assert!((log_sum - (1000.0 + 2.0_f64.ln())).abs() < 1e-9);
/// ```
///
/// PyTorch: `torch.logsumexp` and `torch.softmax` of one row.
pub fn softmax_and_log_sum(instructions: Instructions, row: &mut [f32]) -> f64 {
    instructions.run(Row { row })
}

struct Row<'a> {
    row: &'a mut [f32],
}

impl Work for Row<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f64 {
        let (all, rest) = self.row.as_chunks_mut::<COLUMNS>();
        let mut last = [f32::NEG_INFINITY; COLUMNS];
        last[..rest.len()].copy_from_slice(rest);
        // Not f32::max, which passes over NaN.
        let higher = |a: f32, b: f32| if b <= a { a } else { b };
        let mut highest: Lanes = last;
        for lanes in &*all {
            for (highest, &z) in highest.iter_mut().zip(lanes) {
                *highest = if *highest >= z { *highest } else { z };
            }
        }
        let highest = join(highest, |a, b| if a.is_nan() { a } else { higher(a, b) });
        let mut sums = [0.0_f64; COLUMNS];
        for lanes in &mut *all {
            for (sum, z) in sums.iter_mut().zip(lanes) {
                *z = exp::<A>(*z - highest);
                *sum += f64::from(*z);
            }
        }
        for (sum, z) in sums.iter_mut().zip(&mut *rest) {
            *z = exp::<A>(*z - highest);
            *sum += f64::from(*z);
        }
        // The upper half on the lower, until one is left.
        let mut half = COLUMNS / 2;
        while half > 0 {
            for lane in 0..half {
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        let share = (1.0 / sums[0]) as f32;
        all.as_flattened_mut().iter_mut().chain(rest).for_each(|p| *p *= share);
        f64::from(highest) + ln_f64(sums[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_as_exact_as_f32_allows() {
        for set in Instructions::available() {
            for length in 1..=70 {
                let logits: Vec<f32> =
                    (0..length).map(|n| (n * 37 % 61) as f32 * 0.3 - 9.0).collect();
                let mut row = logits.clone();
                let log_sum = softmax_and_log_sum(set, &mut row);
                let exact: f64 = logits.iter().map(|&z| f64::from(z).exp()).sum();
                assert!((log_sum - exact.ln()).abs() < 1e-6, "{set:?} {length}");
                for (&p, &z) in row.iter().zip(&logits) {
                    let exact = f64::from(z).exp() / exact;
                    assert!((f64::from(p) - exact).abs() <= 2e-6 * exact, "{set:?} {length}");
                }
            }
        }
    }

    #[test]
    fn a_logit_that_is_no_number_shows_wherever_it_stands() {
        for set in Instructions::available() {
            for place in 0..40 {
                let mut row = [0.5; 40];
                row[place] = f32::NAN;
                assert!(softmax_and_log_sum(set, &mut row).is_nan(), "{set:?} {place}");
                assert!(row.iter().all(|p| p.is_nan()), "{set:?} {place}");
            }
        }
    }
}
