//! The recipe: all that decides what a run will be.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Moments, Result, Rule, Schedule, TrainError};

/// All that decides what a run will be, besides the model it begins with: two runs of one recipe
/// have the same bits. What a machine decides (threads, where and how often it is saved) is not here.
///
/// ```
/// use lt_train::{Recipe, Schedule};
/// let mut recipe = Recipe::new(1000, 5e-5);
/// recipe.schedule = Schedule::Linear { warmup: 100, steps: 1000 };
/// recipe.clip = Some(1.0);
/// assert_eq!(recipe.rate(50), 2.5e-5); // half of the way up
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Recipe {
    /// Where all randomness comes from.
    pub seed: u64,
    /// How many steps there are.
    pub steps: u64,
    /// By which rule parameters follow their gradients.
    pub rule: Rule,
    /// The learning rate at its peak.
    pub peak: f64,
    /// How it changes.
    pub schedule: Schedule,
    /// The largest norm of the gradient: one that is larger is scaled down to it.
    pub clip: Option<f64>,
    /// The norm of the gradient, before it is clipped, at which the run stops.
    pub explodes_at: Option<f64>,
    /// Patterns of the parameters that keep their values: `embeddings.*`.
    pub frozen: Vec<String>,
    /// After how many steps, each time, the model is evaluated; and after the last.
    pub evaluate_every: Option<u64>,
    /// How many evaluations without a better one end the run early.
    pub patience: Option<u64>,
    /// What the data and the objective are, in their own words: files, shards of a step, shares.
    pub data: Value,
}

impl Recipe {
    /// So many steps of `AdamW` at this rate: seed 0, without warm-up, decay, clipping, evaluation.
    #[must_use]
    pub fn new(steps: u64, peak: f64) -> Self {
        Self {
            seed: 0,
            steps,
            rule: Rule::AdamW(Moments::default()),
            peak,
            schedule: Schedule::Constant { warmup: 0 },
            clip: None,
            explodes_at: None,
            frozen: Vec::new(),
            evaluate_every: None,
            patience: None,
            data: Value::Null,
        }
    }

    /// The learning rate of a step, from 0.
    #[must_use]
    pub fn rate(&self, step: u64) -> f64 {
        self.peak * self.schedule.factor(step)
    }

    /// What tells this recipe from any other: of its text, to the last digit.
    pub(crate) fn fingerprint(&self) -> std::io::Result<String> {
        Ok(crate::checkpoint::fingerprint(serde_json::to_string(self)?.as_bytes()))
    }

    /// Refuses numbers out of their range.
    ///
    /// # Errors
    /// [`TrainError::Setting`] with the first that is.
    pub fn check(&self) -> Result<()> {
        let finite = "a finite number, at least 0";
        if !(self.peak >= 0.0 && self.peak.is_finite()) {
            return Err(TrainError::setting("peak", self.peak, finite));
        }
        for (setting, bound) in [("clip", self.clip), ("explodes_at", self.explodes_at)] {
            if let Some(bound) = bound
                && !(bound > 0.0 && bound.is_finite())
            {
                return Err(TrainError::setting(setting, bound, "a finite number above 0"));
            }
        }
        let counts = [("evaluate_every", self.evaluate_every), ("patience", self.patience)];
        match counts.iter().find(|(_, count)| *count == Some(0)) {
            Some((setting, _)) => Err(TrainError::setting(setting, 0, "at least 1, or none")),
            None => Ok(()),
        }
    }
}
