//! What dropout drops: a function of a row and a column.

use crate::instructions::{Arithmetic, Instructions, Work};

/// Which numbers are dropped, and what the others are multiplied with.
///
/// Whether a number is dropped depends on the key of its row and on its column alone: no generator
/// has a state, so that a row drops the same whatever stands around it, and a backward pass need not
/// remember what the forward pass dropped.
///
/// ```
/// use lt_kernels::{Dropping, Instructions};
/// let dropping = Dropping::new(0.25);
/// let mut row = [1.0; 1000];
/// dropping.apply(Instructions::best(), 7, &mut row);
/// assert!(row.iter().all(|&x| x == 0.0 || x == 1.0 / 0.75));
/// let dropped = row.iter().filter(|&&x| x == 0.0).count();
/// assert!((200..300).contains(&dropped));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropping {
    rate: f32,
    /// A number is dropped if its 32 random bits are below this.
    threshold: u32,
    /// 1 / (1 − rate).
    keep: f32,
}

impl Dropping {
    /// Dropping at a rate p, at least 0 and below 1: rounded to a multiple of 2⁻³².
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn new(rate: f32) -> Self {
        assert!((0.0..1.0).contains(&rate), "a rate of at least 0 and below 1");
        let threshold = (f64::from(rate) * 4_294_967_296.0) as u32;
        Self { rate, threshold, keep: 1.0 / (1.0 - rate) }
    }

    /// p, the share that is dropped.
    #[must_use]
    pub fn rate(self) -> f32 {
        self.rate
    }

    /// Multiplies each number of a row with 0 or 1 / (1 − p): forward y = x·m ⇒ backward dx = dy·m.
    pub fn apply(self, instructions: Instructions, key: u64, row: &mut [f32]) {
        instructions.run(Row { dropping: self, key, row });
    }

    /// What the number of a column is multiplied with.
    #[inline(always)]
    pub(crate) fn multiplier(self, key: u64, column: u32) -> f32 {
        if bits(key, column) < self.threshold { 0.0 } else { self.keep }
    }
}

/// 32 random bits of a row and a column: two rounds of multiplying and folding, in 32 bits, so that
/// the compiler computes eight or sixteen at once.
#[inline(always)]
fn bits(key: u64, column: u32) -> u32 {
    let mut x = column.wrapping_mul(0x9e37_79b1) ^ key as u32;
    x = (x ^ x >> 16).wrapping_mul(0x7feb_352d);
    x = (x ^ x >> 15 ^ (key >> 32) as u32).wrapping_mul(0x846c_a68b);
    x ^ x >> 16
}

struct Row<'a> {
    dropping: Dropping,
    key: u64,
    row: &'a mut [f32],
}

impl Work for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        for (column, number) in (0_u32..).zip(self.row) {
            let multiplier = self.dropping.multiplier(self.key, column);
            // Chosen, not multiplied: what is dropped may be infinite.
            *number = if multiplier == 0.0 { 0.0 } else { *number * multiplier };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share that is dropped, of rows and of columns, is p within what chance allows: six
    /// deviations of a binomial distribution.
    #[test]
    fn rows_and_columns_drop_their_share() {
        for rate in [0.0, 0.1, 0.5, 0.9] {
            let dropping = Dropping::new(rate);
            let n = 400_u32;
            let dropped = |row: u64, column| {
                u32::from(dropping.multiplier(crate::math::scramble(row), column) == 0.0)
            };
            let expected = f64::from(rate) * f64::from(n);
            let bound = 6.0 * (expected * (1.0 - f64::from(rate))).sqrt();
            for line in 0..n {
                let of_row: u32 = (0..n).map(|column| dropped(u64::from(line), column)).sum();
                let of_column: u32 = (0..n).map(|row| dropped(u64::from(row), line)).sum();
                for count in [of_row, of_column] {
                    assert!((f64::from(count) - expected).abs() <= bound, "{rate}: {count}");
                }
            }
        }
    }

    /// Neighbours in a row, and the same column of neighbouring rows, are dropped independently.
    #[test]
    fn neighbours_are_independent() {
        let dropping = Dropping::new(0.5);
        let dropped =
            |row: u64, column| dropping.multiplier(crate::math::scramble(row), column) == 0.0;
        let n = 200_u32;
        let mut together = [0_u32; 2];
        for row in 0..u64::from(n) {
            for column in 0..n {
                let here = dropped(row, column);
                together[0] += u32::from(here && dropped(row, column + 1));
                together[1] += u32::from(here && dropped(row + 1, column));
            }
        }
        let all = f64::from(n * n);
        for count in together {
            let deviation = (all * 0.25 * 0.75).sqrt();
            assert!((f64::from(count) - all * 0.25).abs() < 6.0 * deviation, "{count} of {all}");
        }
    }
}
