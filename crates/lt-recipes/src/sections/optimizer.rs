//! `[optimizer]`, `[schedule]` and `[lora]`: how parameters change.

use lt_train::{LoraSettings, Moments, Rule, Schedule, Sgd};
use serde::{Deserialize, Serialize};

/// `[optimizer]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct OptimizerSection {
    /// The rule: `adamw`, `adam` or `sgd`.
    pub kind: OptimizerName,
    /// The learning rate at its peak: 5e-5.
    pub rate: f64,
    /// λ, the weight decay: 0.01.
    pub weight_decay: f64,
    /// β₁ of Adam.
    pub beta1: f64,
    /// β₂ of Adam.
    pub beta2: f64,
    /// ε of Adam.
    pub epsilon: f64,
    /// μ of SGD.
    pub momentum: f64,
    /// The largest norm of the gradient, to which a larger one is scaled down: 1, and 0 for none.
    pub clip: f64,
    /// The norm of the gradient at which the run stops; none if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explodes_at: Option<f64>,
    /// Patterns of the parameters that are not trained: `encoder.embeddings.*`.
    pub freeze: Vec<String>,
}

impl Default for OptimizerSection {
    fn default() -> Self {
        let Moments { beta1, beta2, epsilon, .. } = Moments::default();
        Self {
            kind: OptimizerName::default(),
            rate: 5e-5,
            weight_decay: 0.01,
            beta1,
            beta2,
            epsilon,
            momentum: 0.0,
            clip: 1.0,
            explodes_at: None,
            freeze: Vec::new(),
        }
    }
}

/// Rules by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OptimizerName {
    /// Adam with decay apart from the gradient.
    #[default]
    Adamw,
    /// Adam.
    Adam,
    /// Stochastic gradient descent.
    Sgd,
}

impl OptimizerSection {
    pub(crate) fn rule(&self) -> Rule {
        let &Self { beta1, beta2, epsilon, weight_decay, momentum, .. } = self;
        let moments = Moments { beta1, beta2, epsilon, weight_decay };
        match self.kind {
            OptimizerName::Adamw => Rule::AdamW(moments),
            OptimizerName::Adam => Rule::Adam(moments),
            OptimizerName::Sgd => Rule::Sgd(Sgd { momentum, weight_decay }),
        }
    }
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ScheduleSection {
    /// `linear`, `cosine`, `constant` or `inverse-square-root`.
    pub kind: ScheduleName,
    /// How many steps the rate rises.
    pub warmup: u64,
}

/// Schedules by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ScheduleName {
    /// Evenly down to 0 at the end.
    #[default]
    Linear,
    /// Along half a wave of the cosine down to 0 at the end.
    Cosine,
    /// The peak, to the end.
    Constant,
    /// As the root of the steps grows.
    InverseSquareRoot,
}

impl ScheduleSection {
    pub(crate) fn schedule(&self, steps: u64) -> Schedule {
        let warmup = self.warmup;
        match self.kind {
            ScheduleName::Linear => Schedule::Linear { warmup, steps },
            ScheduleName::Cosine => Schedule::Cosine { warmup, steps },
            ScheduleName::Constant => Schedule::Constant { warmup },
            ScheduleName::InverseSquareRoot => Schedule::InverseSquareRoot { warmup },
        }
    }
}

/// `[lora]`: the model is not trained, but two thin matrices beside each of some of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LoraSection {
    /// r, how thin they are.
    pub rank: usize,
    /// α: their product is multiplied by α / r. It is r if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f32>,
    /// Patterns of the matrices that are adapted: queries and values if none is said.
    #[serde(default = "queries_and_values")]
    pub targets: Vec<String>,
    /// Patterns of the parameters that are trained themselves, those of a new head among them.
    #[serde(default)]
    pub full: Vec<String>,
}

fn queries_and_values() -> Vec<String> {
    vec!["*.query.weight".to_owned(), "*.value.weight".to_owned()]
}

impl LoraSection {
    pub(crate) fn settings(&self, seed: u64) -> LoraSettings {
        let mut settings = LoraSettings::new(self.rank, &[]);
        settings.targets.clone_from(&self.targets);
        settings.full.clone_from(&self.full);
        settings.seed = seed;
        if let Some(alpha) = self.alpha {
            settings.alpha = alpha;
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_says_is_what_is_usual() {
        let usual = OptimizerSection::default();
        assert_eq!((usual.rate, usual.weight_decay), (5e-5, 0.01));
        assert_eq!((usual.beta1, usual.beta2, usual.epsilon), (0.9, 0.999, 1e-8));
    }
}
