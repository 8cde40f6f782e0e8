//! Schedules: the learning rate of each step.

use lt_kernels::math;
use serde::{Deserialize, Serialize};

/// How the learning rate (学习率) changes over a run: the factor that the peak rate is multiplied by.
///
/// All begin with a warm-up (预热): the rate rises evenly, from 0 in all but the last, because the first
/// gradients are those of a model that knows nothing, and an optimiser's averages are still empty.
///
/// ```
/// use lt_train::Schedule;
/// let schedule = Schedule::Linear { warmup: 2, steps: 6 };
/// let factors: Vec<f64> = (0..7).map(|step| schedule.factor(step)).collect();
/// assert_eq!(factors, [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// The peak, after the warm-up. transformers: `get_constant_schedule_with_warmup`.
    Constant {
        /// How many steps the rate rises.
        warmup: u64,
    },
    /// Evenly down to 0 at the end. transformers: `get_linear_schedule_with_warmup`.
    Linear {
        /// How many steps the rate rises.
        warmup: u64,
        /// How many steps the run has.
        steps: u64,
    },
    /// Along half a wave of the cosine down to 0 at the end
    /// ([Loshchilov & Hutter 2016](https://arxiv.org/abs/1608.03983), equation 5, without
    /// restarts). transformers: `get_cosine_schedule_with_warmup`.
    Cosine {
        /// How many steps the rate rises.
        warmup: u64,
        /// How many steps the run has.
        steps: u64,
    },
    /// √(w/s) after the peak at s = w, and s/w before it, with steps s counted from 1
    /// ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), equation 3, divided by its peak:
    /// [`vaswani_peak`](Self::vaswani_peak)).
    InverseSquareRoot {
        /// The step of the peak.
        warmup: u64,
    },
}

impl Schedule {
    /// The factor of a step, counted from 0.
    #[must_use]
    pub fn factor(&self, step: u64) -> f64 {
        match *self {
            Self::Constant { warmup } => rise(step, warmup).unwrap_or(1.0),
            Self::Linear { warmup, steps } => {
                rise(step, warmup).unwrap_or_else(|| 1.0 - progress(step, warmup, steps))
            }
            Self::Cosine { warmup, steps } => rise(step, warmup).unwrap_or_else(|| {
                let (_, cosine) =
                    math::sin_cos(std::f64::consts::PI * progress(step, warmup, steps));
                (0.5 * (1.0 + cosine)).max(0.0)
            }),
            Self::InverseSquareRoot { warmup } => {
                let (step, warmup) = (step as f64 + 1.0, warmup.max(1) as f64);
                (step / warmup).min((warmup / step).sqrt())
            }
        }
    }

    /// The rate that equation 3 of Vaswani et al. reaches at its peak: 1 / √(d·w), for a model of
    /// width d.
    ///
    /// ```
    /// // The base model: width 512, 4000 steps of warm-up.
    /// let peak = lt_train::Schedule::vaswani_peak(512, 4000);
    /// assert!((peak - 6.987e-4).abs() < 1e-7);
    /// ```
    #[must_use]
    pub fn vaswani_peak(width: usize, warmup: u64) -> f64 {
        1.0 / (width as f64 * warmup as f64).sqrt()
    }
}

/// The factor during the warm-up.
fn rise(step: u64, warmup: u64) -> Option<f64> {
    (step < warmup).then(|| step as f64 / warmup as f64)
}

/// The share of the way from the end of the warm-up to the end of the run.
fn progress(step: u64, warmup: u64, steps: u64) -> f64 {
    let way = steps.saturating_sub(warmup).max(1);
    (step.saturating_sub(warmup) as f64 / way as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_peaks_at_one_and_never_leaves_zero_to_one() {
        for schedule in [
            Schedule::Constant { warmup: 7 },
            Schedule::Linear { warmup: 7, steps: 40 },
            Schedule::Cosine { warmup: 7, steps: 40 },
            Schedule::InverseSquareRoot { warmup: 8 },
            Schedule::Linear { warmup: 0, steps: 0 },
            Schedule::Cosine { warmup: 0, steps: 1 },
        ] {
            let factors: Vec<f64> = (0..100).map(|step| schedule.factor(step)).collect();
            assert!(factors.iter().all(|factor| (0.0..=1.0).contains(factor)), "{schedule:?}");
            assert_eq!(factors.iter().copied().fold(0.0, f64::max), 1.0, "{schedule:?}");
        }
    }

    #[test]
    fn the_cosine_is_half_way_at_half_time_and_nothing_at_the_end() {
        let schedule = Schedule::Cosine { warmup: 10, steps: 110 };
        assert!((schedule.factor(60) - 0.5).abs() < 1e-9);
        assert!(schedule.factor(110) < 1e-9);
        assert!(schedule.factor(500) < 1e-9);
    }

    #[test]
    fn the_inverse_square_root_is_equation_3() {
        let (width, warmup) = (64, 16);
        let schedule = Schedule::InverseSquareRoot { warmup };
        for step in 1..200_u64 {
            let s = step as f64;
            let equation =
                (width as f64).powf(-0.5) * s.powf(-0.5).min(s * (warmup as f64).powf(-1.5));
            let ours = Schedule::vaswani_peak(width, warmup) * schedule.factor(step - 1);
            assert!((ours - equation).abs() < 1e-12, "step {step}: {ours} and {equation}");
        }
    }
}
