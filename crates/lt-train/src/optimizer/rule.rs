//! The rules by which a parameter follows its gradient.

use serde::{Deserialize, Serialize};

use crate::{Result, TrainError};

/// By which rule parameters follow their gradients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Rule {
    /// Stochastic gradient descent (随机梯度下降), with momentum: b ← μ·b + g, w ← w − η·b.
    /// PyTorch: `torch.optim.SGD`.
    Sgd(Sgd),
    /// Adam: each number has a rate of its own, from the averages of its gradient and its square
    /// ([Kingma & Ba 2014](https://arxiv.org/abs/1412.6980), algorithm 1). Decay is added to the
    /// gradient. PyTorch: `torch.optim.Adam`.
    Adam(Moments),
    /// Adam with decay apart from the gradient
    /// ([Loshchilov & Hutter 2017](https://arxiv.org/abs/1711.05101), algorithm 2). PyTorch:
    /// `torch.optim.AdamW`.
    AdamW(Moments),
}

/// The numbers of stochastic gradient descent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sgd {
    /// μ, how much of the last direction is kept: 0 for none.
    pub momentum: f64,
    /// λ, added to the gradient as λ·w.
    pub weight_decay: f64,
}

/// The numbers of Adam and `AdamW`; by default PyTorch's, with no decay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Moments {
    /// β₁, how much of the average gradient is kept.
    pub beta1: f64,
    /// β₂, how much of the average square is kept.
    pub beta2: f64,
    /// ε, keeps the division finite.
    pub epsilon: f64,
    /// λ, the weight decay (权重衰减).
    pub weight_decay: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

impl Rule {
    /// How many numbers it remembers for each number that it trains.
    pub(super) fn buffers(&self) -> usize {
        match self {
            Self::Sgd(sgd) => usize::from(sgd.momentum != 0.0),
            Self::Adam(_) | Self::AdamW(_) => 2,
        }
    }

    /// Refuses numbers out of their range.
    pub(super) fn check(&self) -> Result<()> {
        let share = |setting, value: f64| {
            let refused = || TrainError::setting(setting, value, "at least 0 and below 1");
            (0.0..1.0).contains(&value).then_some(()).ok_or_else(refused)
        };
        let positive = |setting, value: f64| {
            let refused = || TrainError::setting(setting, value, "a finite number, at least 0");
            (value >= 0.0 && value.is_finite()).then_some(()).ok_or_else(refused)
        };
        match self {
            Self::Sgd(sgd) => {
                share("momentum", sgd.momentum)?;
                positive("weight_decay", sgd.weight_decay)
            }
            Self::Adam(moments) | Self::AdamW(moments) => {
                share("beta1", moments.beta1)?;
                share("beta2", moments.beta2)?;
                positive("epsilon", moments.epsilon)?;
                positive("weight_decay", moments.weight_decay)
            }
        }
    }

    /// What is done to each number in the step of this number, counted from 1. All that is the
    /// same for every number is computed here, in f64.
    pub(super) fn update(&self, step: u64, rate: f64, scale: f32) -> Update {
        match *self {
            Self::Sgd(sgd) => Update::Sgd {
                scale,
                decay: sgd.weight_decay as f32,
                momentum: sgd.momentum as f32,
                rate: rate as f32,
            },
            Self::Adam(moments) => {
                let decay = Decay::Gradient(moments.weight_decay as f32);
                Update::Adam { scale, decay, steps: Steps::new(&moments, step, rate) }
            }
            Self::AdamW(moments) => {
                let decay = Decay::Weight((1.0 - rate * moments.weight_decay) as f32);
                Update::Adam { scale, decay, steps: Steps::new(&moments, step, rate) }
            }
        }
    }
}

/// What is done to each number in one step.
pub(super) enum Update {
    Sgd { scale: f32, decay: f32, momentum: f32, rate: f32 },
    Adam { scale: f32, decay: Decay, steps: Steps },
}

/// Where weight decay comes in.
#[derive(Clone, Copy)]
pub(super) enum Decay {
    /// λ: λ·w is added to the gradient.
    Gradient(f32),
    /// 1 − η·λ: the weight is multiplied by it.
    Weight(f32),
}

/// Adam's numbers for one step.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    epsilon: f32,
    /// √(1 − β₂ᵗ): the averages began at 0, and are too small by this much.
    root_of_correction: f32,
    /// η / (1 − β₁ᵗ).
    step_size: f32,
}

impl Steps {
    fn new(moments: &Moments, step: u64, rate: f64) -> Self {
        Self {
            one_minus_beta1: (1.0 - moments.beta1) as f32,
            beta2: moments.beta2 as f32,
            one_minus_beta2: (1.0 - moments.beta2) as f32,
            epsilon: moments.epsilon as f32,
            root_of_correction: (1.0 - power(moments.beta2, step)).sqrt() as f32,
            step_size: (rate / (1.0 - power(moments.beta1, step))) as f32,
        }
    }
}

/// xⁿ by squaring: `powi` may differ between systems.
fn power(mut x: f64, mut n: u64) -> f64 {
    let mut result = 1.0;
    while n > 0 {
        if n & 1 == 1 {
            result *= x;
        }
        x *= x;
        n >>= 1;
    }
    result
}

/// A piece of a parameter, with what is remembered for it.
pub(super) struct Piece<'a> {
    pub(super) weight: &'a mut [f32],
    pub(super) first: &'a mut [f32],
    pub(super) second: &'a mut [f32],
    /// Whether it is decayed: biases and gains are not.
    pub(super) decays: bool,
}

impl Update {
    /// Changes a piece of a parameter; the operations and their order are PyTorch's.
    pub(super) fn apply(&self, piece: &mut Piece<'_>, gradient: &[f32]) {
        match *self {
            Self::Sgd { scale, decay, momentum, rate } => {
                let decay = if piece.decays { decay } else { 0.0 };
                if momentum == 0.0 {
                    for (w, g) in piece.weight.iter_mut().zip(gradient) {
                        *w -= rate * (g * scale + decay * *w);
                    }
                    return;
                }
                let remembered = piece.first.iter_mut();
                for ((w, b), g) in piece.weight.iter_mut().zip(remembered).zip(gradient) {
                    *b = momentum * *b + (g * scale + decay * *w);
                    *w -= rate * *b;
                }
            }
            Self::Adam { scale, decay, steps } => {
                let (shrink, pull) = match decay {
                    _ if !piece.decays => (1.0, 0.0),
                    Decay::Gradient(decay) => (1.0, decay),
                    Decay::Weight(factor) => (factor, 0.0),
                };
                let remembered = piece.first.iter_mut().zip(piece.second.iter_mut());
                for ((w, (m, v)), g) in piece.weight.iter_mut().zip(remembered).zip(gradient) {
                    let g = g * scale + pull * *w;
                    // m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g²
                    // formula: adamw
                    *m += steps.one_minus_beta1 * (g - *m);
                    *v = steps.beta2 * *v + steps.one_minus_beta2 * (g * g);
                    // w ← w·(1 − η·λ) − η·m̂ / (√v̂ + ε)
                    // formula: adamw
                    let deviation = v.sqrt() / steps.root_of_correction + steps.epsilon;
                    *w = *w * shrink - steps.step_size * (*m / deviation);
                }
            }
        }
    }
}
