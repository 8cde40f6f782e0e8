//! The angles by which positions are turned.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use lt_kernels::math::sin_cos;

/// Positions of the first block; each block after it doubles what there is.
const FIRST: usize = 128;
/// Blocks for as many positions as can be counted.
const BLOCKS: usize = (usize::BITS - FIRST.ilog2() + 1) as usize;

/// Cosines and sines for each position, computed when it is first asked for and then kept.
///
/// They lie in blocks that are never moved, so that threads share them without a lock: block 0 has
/// positions 0..128, block b > 0 has 64·2ᵇ..128·2ᵇ.
pub(super) struct Angles {
    /// How far each pair is turned from one position to the next, `[pairs]`.
    frequencies: Vec<f32>,
    /// What cosines and sines are multiplied by.
    length: f32,
    /// For each position its cosines and then its sines.
    blocks: [OnceLock<Box<[f32]>>; BLOCKS],
}

impl Angles {
    /// Of these frequencies; cosines and sines are multiplied by a length.
    pub(super) fn new(frequencies: Vec<f32>, length: f32) -> Self {
        Self { frequencies, length, blocks: std::array::from_fn(|_| OnceLock::new()) }
    }

    /// The frequencies, one a pair, `[pairs]`.
    pub(super) fn frequencies(&self) -> &[f32] {
        &self.frequencies
    }

    /// The cosines and the sines of a position, `[pairs]` each.
    pub(super) fn of(&self, position: usize) -> (&[f32], &[f32]) {
        let block = ((position | (FIRST - 1)).ilog2() + 1 - FIRST.ilog2()) as usize;
        let (first, count) =
            if block == 0 { (0, FIRST) } else { (FIRST << (block - 1), FIRST << (block - 1)) };
        let numbers = self.blocks[block].get_or_init(|| self.compute(first..first + count));
        let pairs = self.frequencies.len();
        numbers[(position - first) * 2 * pairs..][..2 * pairs].split_at(pairs)
    }

    /// For each of these positions its cosines and then its sines, `[positions, 2·pairs]`.
    pub(super) fn compute(&self, positions: Range<usize>) -> Box<[f32]> {
        let mut numbers = Vec::with_capacity(positions.len() * 2 * self.frequencies.len());
        for position in positions {
            let angle = |frequency: &f32| sin_cos(f64::from(position as f32 * frequency));
            let scaled = |number: f64| number as f32 * self.length;
            numbers.extend(self.frequencies.iter().map(|f| scaled(angle(f).1)));
            numbers.extend(self.frequencies.iter().map(|f| scaled(angle(f).0)));
        }
        numbers.into()
    }
}

impl fmt::Debug for Angles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Angles").field("frequencies", &self.frequencies).finish_non_exhaustive()
    }
}

/// ln x, for x ≥ 1, by +, −, · and / alone, so that it is the same on every system.
pub(super) fn ln(x: f64) -> f64 {
    // x = 2ⁿ·m with 1 ≤ m < 2, so ln x = n·ln 2 + ln m.
    let bits = x.to_bits();
    let n = (bits >> 52) as i32 - 1023;
    let m = f64::from_bits(bits & ((1 << 52) - 1) | (1023 << 52));
    // ln m = 2·(z + z³/3 + z⁵/5 + …), z = (m − 1) / (m + 1) < 1/3: left out is z³⁷/37 < 1e-19.
    let z = (m - 1.0) / (m + 1.0);
    let mut sum = 0.0;
    for k in (0..18).rev() {
        sum = sum * z * z + 1.0 / f64::from(2 * k + 1);
    }
    f64::from(n) * std::f64::consts::LN_2 + 2.0 * z * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_the_logarithm() {
        for x in [1.0, 1.5, 1.999, 2.0, 3.0, 10_000.0, 160_000.0, 1e6, f64::from(f32::MAX)] {
            assert!((ln(x) - f64::ln(x)).abs() <= 4e-16 * f64::ln(x).max(1.0), "ln {x}");
        }
    }

    /// The first and the last position of each block, and those around.
    #[test]
    fn every_position_has_its_own_angles() {
        let angles = Angles::new(vec![1.0, 0.1], 1.0);
        for position in [0, 1, 127, 128, 129, 255, 256, 511, 512, 1023, 1024, 5000] {
            let (cos, sin) = angles.of(position);
            for (i, frequency) in [1.0_f32, 0.1].into_iter().enumerate() {
                let angle = f64::from(position as f32 * frequency);
                assert!((f64::from(cos[i]) - angle.cos()).abs() < 1e-7, "{position} {i}");
                assert!((f64::from(sin[i]) - angle.sin()).abs() < 1e-7, "{position} {i}");
            }
        }
        let met = angles.blocks.iter().filter(|block| block.get().is_some()).count();
        assert_eq!(met, 6); // those of 0 to 2047 and of 4096 to 8191, and no other
    }
}
