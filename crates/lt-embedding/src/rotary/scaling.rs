//! Frequencies for texts longer than those of training.

use std::f64::consts::PI;

use lt_core::{Error, Result};
use lt_kernels::math::exp_f64;

use super::angles::ln;

/// How the frequencies of a [`Rotary`](crate::Rotary) were changed, so that a model trained on
/// short texts reads longer ones.
///
/// PyTorch: the `rope_type` of `rope_parameters` in transformers' configurations; each step is
/// rounded as there.
///
/// ```
/// use lt_embedding::{Rotary, RotaryLayout, RotaryScaling};
/// // Half as fast: position 2 is turned as position 1 was.
/// let half = Rotary::new(2, 10_000.0, RotaryLayout::Halves)?
///     .with_scaling(RotaryScaling::Linear { factor: 2.0 })?;
/// assert_eq!(half.frequencies(), [0.5]);
/// # Ok::<(), lt_embedding::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum RotaryScaling {
    /// Not at all.
    #[default]
    Default,
    /// Each frequency is divided by a factor: positions are packed more closely.
    ///
    /// [Chen et al. 2023](https://arxiv.org/abs/2306.15595), equation 4.
    Linear {
        /// By how much longer texts are.
        factor: f32,
    },
    /// θ grows with the text once that is longer than those of training: each length has its own
    /// angles.
    ///
    /// So a text that grows token by token, whose keys are kept, is not turned as the same text
    /// read at once, as soon as it is beyond that length; nor is it in transformers.
    Dynamic {
        /// By how much longer texts are.
        factor: f32,
        /// The longest text of training.
        original: usize,
    },
    /// Slow pairs are divided by a factor, fast ones are left alone, those between are blended:
    /// Llama 3.1.
    Llama3 {
        /// By how much longer texts are.
        factor: f32,
        /// Pairs that turn less than so many times in a text of training are slow.
        low_frequency_factor: f32,
        /// Pairs that turn more than so many times are fast.
        high_frequency_factor: f32,
        /// The longest text of training.
        original: usize,
    },
    /// As Llama 3's with another blend, and queries and keys are made longer, so that the softmax
    /// is sharper.
    ///
    /// [Peng et al. 2023](https://arxiv.org/abs/2309.00071), sections 3.2 to 3.4.
    Yarn {
        /// By how much longer texts are.
        factor: f32,
        /// The longest text of training.
        original: usize,
        /// Pairs that turn more often than this are left alone.
        beta_fast: f32,
        /// Pairs that turn less often than this are divided.
        beta_slow: f32,
        /// Whether the borders between them are whole pairs.
        borders: YarnBorders,
        /// What cosines and sines are multiplied by; usually 0.1·ln(factor) + 1.
        attention_factor: f32,
    },
}

/// Where the blend of [`RotaryScaling::Yarn`] begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YarnBorders {
    /// At a whole pair: rounded outwards.
    Whole,
    /// Where the formula says, between pairs.
    Exact,
}

impl RotaryScaling {
    /// What cosines and sines are multiplied by.
    pub(super) fn length(self) -> f32 {
        match self {
            Self::Yarn { attention_factor, .. } => attention_factor,
            _ => 1.0,
        }
    }

    /// Refuses what has no meaning.
    pub(super) fn check(self, turned: usize) -> Result<()> {
        const AT: &str = "Rotary::with_scaling";
        let refuse = |field, got: String, expected: &str| {
            Err(Error::Config { at: AT, field, got, expected: expected.into() })
        };
        let positive = |field, number: f32| match number > 0.0 && number.is_finite() {
            true => Ok(()),
            false => refuse(field, number.to_string(), "a finite number above 0"),
        };
        let original = |length: usize| match length {
            0 => refuse("original", "0".into(), "a length of at least 1"),
            _ => Ok(()),
        };
        match self {
            Self::Default => Ok(()),
            Self::Linear { factor } => positive("factor", factor),
            Self::Dynamic { factor, original: length } => {
                positive("factor", factor)?;
                if turned <= 2 {
                    return refuse("columns that are turned", turned.to_string(), "more than 2");
                }
                original(length)
            }
            Self::Llama3 {
                factor,
                low_frequency_factor,
                high_frequency_factor,
                original: length,
            } => {
                positive("factor", factor)?;
                positive("low_frequency_factor", low_frequency_factor)?;
                if !(high_frequency_factor > low_frequency_factor
                    && high_frequency_factor.is_finite())
                {
                    let expected =
                        format!("more than low_frequency_factor, {low_frequency_factor}");
                    let got = high_frequency_factor.to_string();
                    return refuse("high_frequency_factor", got, &expected);
                }
                original(length)
            }
            Self::Yarn {
                factor, original: length, beta_fast, beta_slow, attention_factor, ..
            } => {
                positive("factor", factor)?;
                positive("beta_fast", beta_fast)?;
                positive("beta_slow", beta_slow)?;
                positive("attention_factor", attention_factor)?;
                original(length)
            }
        }
    }

    /// The frequencies of `turned` columns, `[turned/2]`, for a text of this length.
    pub(super) fn frequencies(self, turned: usize, theta: f32, length: usize) -> Vec<f32> {
        let theta = self.base(turned, theta, length);
        // As transformers computes them: each step is rounded to f32.
        let ln_theta = ln(f64::from(theta));
        let wave = |column: usize| {
            let exponent = column as f32 / turned as f32;
            exp_f64(f64::from(exponent) * ln_theta) as f32
        };
        let waves = (0..turned).step_by(2).map(wave);
        match self {
            Self::Default | Self::Dynamic { .. } => waves.map(|wave| 1.0 / wave).collect(),
            Self::Linear { factor } => waves.map(|wave| 1.0 / wave / factor).collect(),
            Self::Llama3 { factor, low_frequency_factor, high_frequency_factor, original } => {
                let original = original as f32;
                let (longest, shortest) =
                    (original / low_frequency_factor, original / high_frequency_factor);
                let scaled = |wave: f32| {
                    let frequency = 1.0 / wave;
                    let length = (2.0 * PI) as f32 / frequency;
                    if length > longest {
                        frequency / factor
                    } else if length < shortest {
                        frequency
                    } else {
                        let smooth = (original / length - low_frequency_factor)
                            / (high_frequency_factor - low_frequency_factor);
                        (1.0 - smooth) * frequency / factor + smooth * frequency
                    }
                };
                waves.map(scaled).collect()
            }
            Self::Yarn { factor, original, beta_fast, beta_slow, borders, .. } => {
                // The column at which a pair turns so often in a text of training.
                let column = |turns: f32| {
                    let waves = original as f64 / (f64::from(turns) * 2.0 * PI);
                    turned as f64 * signed_ln(waves) / (2.0 * ln_theta)
                };
                let (mut low, mut high) = (column(beta_fast), column(beta_slow));
                if borders == YarnBorders::Whole {
                    (low, high) = (low.floor(), high.ceil());
                }
                let low = low.max(0.0);
                let mut high = high.min(turned as f64 - 1.0);
                if low == high {
                    high += 0.001; // a blend of no width
                }
                let blended = |(pair, wave): (usize, f32)| {
                    let ramp = (pair as f32 - low as f32) / (high - low) as f32;
                    let alone = 1.0 - ramp.clamp(0.0, 1.0);
                    1.0 / (factor * wave) * (1.0 - alone) + 1.0 / wave * alone
                };
                waves.enumerate().map(blended).collect()
            }
        }
    }

    /// θ for a text of this length.
    fn base(self, turned: usize, theta: f32, length: usize) -> f32 {
        match self {
            Self::Dynamic { factor, original } if length > original => {
                let stretch = factor * length as f32 / original as f32 - (factor - 1.0);
                let exponent = (turned as f64 / (turned as f64 - 2.0)) as f32;
                theta * exp_f64(f64::from(exponent) * ln(f64::from(stretch))) as f32
            }
            _ => theta,
        }
    }
}

/// ln x for any x above 0.
fn signed_ln(x: f64) -> f64 {
    if x < 1.0 { -ln(1.0 / x) } else { ln(x) }
}
