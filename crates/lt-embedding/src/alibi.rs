//! Positions as a slope: attention with linear biases.

use lt_core::{Error, Result};
use lt_kernels::DistanceBias;
use lt_kernels::math::exp_f64;

/// ALiBi: each head takes off a number from a score for each place between query and key. Nothing
/// is added to the vectors, and no length is the last.
///
/// The slopes of h heads are 2^(−8/h), 2^(−16/h), …, 2^(−8) where h is a power of two. Else they
/// are those of the next smaller power, and then every other one of the next larger.
///
/// [Press, Smith & Lewis 2021](https://arxiv.org/abs/2108.12409), section 3. PyTorch: transformers'
/// `build_alibi_tensor` of BLOOM.
///
/// ```
/// let alibi = lt_embedding::Alibi::new(8)?;
/// assert_eq!(alibi.slopes(), [0.5, 0.25, 0.125, 0.0625, 0.031_25, 0.015_625, 0.007_812_5, 0.003_906_25]);
/// // Two places back, the first head takes off 2 · 0.5.
/// assert_eq!(alibi.bias().at(0, 5, 3), -1.0);
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Alibi {
    slopes: Vec<f32>,
}

impl Alibi {
    /// For so many heads.
    ///
    /// # Errors
    /// [`Error::Config`] if there are none, or more than 65 536.
    pub fn new(heads: usize) -> Result<Self> {
        if heads == 0 || heads > 1 << 16 {
            return Err(Error::Config {
                at: "Alibi::new",
                field: "heads",
                got: heads.to_string(),
                expected: "from 1 to 65536".to_owned(),
            });
        }
        let power = 1_usize << heads.ilog2();
        // 2^(−8i/n), the i-th of n slopes.
        // formula: alibi
        let slope = |i: usize, n: usize| {
            exp_f64(-8.0 * i as f64 / n as f64 * std::f64::consts::LN_2) as f32
        };
        let smaller = (1..=power).map(|i| slope(i, power));
        let larger = (1..).step_by(2).map(|i| slope(i, 2 * power)).take(heads - power);
        Ok(Self { slopes: smaller.chain(larger).collect() })
    }

    /// The slope of each head, `[h]`.
    #[must_use]
    pub fn slopes(&self) -> &[f32] {
        &self.slopes
    }

    /// What attention adds to its scores.
    #[must_use]
    pub fn bias(&self) -> DistanceBias<'_> {
        DistanceBias::of_slopes(&self.slopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `build_alibi_tensor` of transformers 5.23 for 6 and 3 heads.
    #[test]
    fn other_numbers_of_heads_borrow_from_the_next_power() {
        let slopes = |heads| Alibi::new(heads).unwrap().slopes;
        let six = [0.25, 0.0625, 0.015_625, 0.003_906_25, 0.5, 0.125];
        assert!(slopes(6).iter().zip(six).all(|(got, slope)| (got - slope).abs() <= 1e-9));
        assert_eq!(slopes(3), [0.0625, 0.003_906_25, 0.25]);
        assert!(Alibi::new(0).is_err() && Alibi::new(1 << 17).is_err());
    }
}
