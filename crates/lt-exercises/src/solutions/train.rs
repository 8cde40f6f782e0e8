//! Solutions of the chapter on training.

use lt_train::Moments;

use crate::train::{Lion, Trained};

/// Each step multiplies w by 1 − η: at η = 2 that is −1, and w only changes its side.
pub(crate) fn rate_that_does_not_shrink() -> f64 {
    2.0
}

/// 1 − ε at the label, and ε spread over all classes, the label's among them. At ε = 1 the label does
/// not count any more: a model is taught to say nothing.
pub(crate) fn taught(classes: usize, label: usize, smoothing: f32) -> Vec<f32> {
    let share = smoothing / classes as f32;
    (0..classes).map(|class| share + if class == label { 1.0 - smoothing } else { 0.0 }).collect()
}

/// From left to right the large numbers are gone before the 1 comes; in the tree the 1 is added to a
/// number beside which it is lost.
pub(crate) fn five_that_depend_on_the_order() -> [f32; 5] {
    [1e8, 0.0, -1e8, 1.0, 0.0]
}

/// One factor for all parameters: anything else turns the gradient.
pub(crate) fn clipped(gradients: &[Vec<f32>], bound: f32) -> Vec<Vec<f32>> {
    let squares: f64 = gradients.iter().flatten().map(|&g| f64::from(g).powi(2)).sum();
    let factor = (bound / (squares.sqrt() as f32 + 1e-6)).min(1.0);
    gradients.iter().map(|of| of.iter().map(|g| g * factor).collect()).collect()
}

/// Averages that began at 0 are divided by what they lack; decay is taken off the weight itself.
pub(crate) fn adamw(
    number: Trained,
    gradient: f64,
    step: i32,
    rate: f64,
    moments: Moments,
) -> Trained {
    let Moments { beta1, beta2, epsilon, weight_decay } = moments;
    let first = beta1 * number.first + (1.0 - beta1) * gradient;
    let second = beta2 * number.second + (1.0 - beta2) * gradient * gradient;
    let average = first / (1.0 - beta1.powi(step));
    let deviation = (second / (1.0 - beta2.powi(step))).sqrt();
    let decayed = number.weight * (1.0 - rate * weight_decay);
    Trained { weight: decayed - rate * average / (deviation + epsilon), first, second }
}

/// The brackets are then where the workers are. On one worker it is the tree of all shards, which is
/// all that the other law looks at; and the laws of the exercise below forgive rounding.
pub(crate) fn law_that_catches_a_sum_for_each_worker() -> &'static str {
    lt_laws::shards::WORKERS_CHANGE_NO_BIT.name
}

/// The direction looks ahead more than the memory does: two averages of one history.
pub(crate) fn lion(weights: &mut [f32], momentum: &mut [f32], gradient: &[f32], settings: Lion) {
    let Lion { rate, beta1, beta2, decay } = settings;
    for ((w, m), g) in weights.iter_mut().zip(momentum).zip(gradient) {
        let ahead = beta1 * *m + (1.0 - beta1) * g;
        // `signum` of 0 is 1: a row that no text looked up would move.
        let direction = if ahead == 0.0 { 0.0 } else { ahead.signum() };
        *w -= rate * (direction + decay * *w);
        *m = beta2 * *m + (1.0 - beta2) * g;
    }
}

/// The mean of the shards' means: a label counts for more where it has few beside it.
pub(crate) fn wrong_where_shards_differ(shards: &[Vec<f32>]) -> f32 {
    let mean = |numbers: &[f32]| numbers.iter().sum::<f32>() / numbers.len() as f32;
    let means: Vec<f32> = shards.iter().map(|shard| mean(shard)).collect();
    mean(&means)
}
