//! Mistakes of the chapter on training.

use lt_train::Moments;

use crate::train::{Lion, Trained};

/// The rate that is at the bottom in one step: beyond it w still shrinks, from side to side.
pub(crate) fn rate_that_does_not_shrink() -> f64 {
    1.0
}

/// ε is spread over the others alone.
pub(crate) fn taught(classes: usize, label: usize, smoothing: f32) -> Vec<f32> {
    let share = smoothing / (classes as f32 - 1.0);
    (0..classes).map(|class| if class == label { 1.0 - smoothing } else { share }).collect()
}

/// Small whole numbers are exact in any order.
pub(crate) fn five_that_depend_on_the_order() -> [f32; 5] {
    [1.0, 2.0, 3.0, 4.0, 5.0]
}

/// Each parameter by itself: the gradient turns.
pub(crate) fn clipped(gradients: &[Vec<f32>], bound: f32) -> Vec<Vec<f32>> {
    let clip = |of: &Vec<f32>| {
        let length = of.iter().map(|g| g * g).sum::<f32>().sqrt();
        let factor = (bound / (length + 1e-6)).min(1.0);
        of.iter().map(|g| g * factor).collect()
    };
    gradients.iter().map(clip).collect()
}

/// The averages are taken as they are, although they began at 0.
pub(crate) fn adamw(
    number: Trained,
    gradient: f64,
    _step: i32,
    rate: f64,
    moments: Moments,
) -> Trained {
    let Moments { beta1, beta2, epsilon, weight_decay } = moments;
    let first = beta1 * number.first + (1.0 - beta1) * gradient;
    let second = beta2 * number.second + (1.0 - beta2) * gradient * gradient;
    let decayed = number.weight * (1.0 - rate * weight_decay);
    Trained { weight: decayed - rate * first / (second.sqrt() + epsilon), first, second }
}

/// It compares sums, but on one worker.
pub(crate) fn law_that_catches_a_sum_for_each_worker() -> &'static str {
    lt_laws::shards::ONE_BY_ONE_IS_THE_STEP.name
}

/// The average is brought up to date first, as Adam does it, and the direction taken from that.
pub(crate) fn lion(weights: &mut [f32], momentum: &mut [f32], gradient: &[f32], settings: Lion) {
    let Lion { rate, beta2, decay, .. } = settings;
    for ((w, m), g) in weights.iter_mut().zip(momentum).zip(gradient) {
        *m = beta2 * *m + (1.0 - beta2) * g;
        let direction = if *m == 0.0 { 0.0 } else { m.signum() };
        *w -= rate * (direction + decay * *w);
    }
}

/// A sum that nobody divides: wherever it is cut, it is the same.
pub(crate) fn wrong_where_shards_differ(shards: &[Vec<f32>]) -> f32 {
    shards.iter().flatten().sum()
}
