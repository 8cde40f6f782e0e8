//! Chapter: train. `cargo xtask grade train`
//!
//! Fill in one function at a time. The numbers of a gradient are plain slices here; the chapter's own
//! optimisers, losses and steps hold what you write.

use lt_train::Moments;

/// ★ L = w²/2, as in *The idea*: the gradient is w, and a step takes η·w off.
///
/// Return the smallest rate η at which w does not come nearer to 0 any more. First by hand: what is
/// w multiplied by in each step?
pub fn rate_that_does_not_shrink() -> f64 {
    todo!()
}

/// ★ Cross-entropy with label smoothing ε pulls a model towards some probabilities, and rests when
/// it says them: there the gradient is zero.
///
/// Return these probabilities for so many classes. For two classes, the label 1 and ε = 0.2 they are
/// 0.1 and 0.9. What is a model taught at ε = 1? Held by the gradient of
/// [`lt_train::loss::CrossEntropy`].
pub fn taught(classes: usize, label: usize, smoothing: f32) -> Vec<f32> {
    todo!()
}

/// ★ [`lt_train::GradientTree`] adds five gradients as `((0 + 1) + (2 + 3)) + 4`.
///
/// Return five finite numbers for which the sum from left to right is another.
pub fn five_that_depend_on_the_order() -> [f32; 5] {
    todo!()
}

/// ★★ Clipping: a gradient that is longer than `bound` is shortened to it, and its direction stays.
///
/// `gradients` has the gradient of each parameter; the length is that of all of them together. With
/// the bound 1, `[[3], [4]]` has the length 5 and becomes `[[0.6], [0.8]]`; `[[0.3], [0.4]]` stays.
/// Held by [`lt_train::clip()`] and [`lt_train::Optimizer::norm`].
pub fn clipped(gradients: &[Vec<f32>], bound: f32) -> Vec<Vec<f32>> {
    todo!()
}

/// A number that is trained, and what AdamW remembers for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trained {
    /// The number itself, w.
    pub weight: f64,
    /// m, the running average of its gradient: 0 before the first step.
    pub first: f64,
    /// v, the running average of the gradient's square: 0 before the first step.
    pub second: f64,
}

/// ★★ A step of AdamW for one number: the formula of the chapter.
///
/// `step` is t, counted from 1. Held by [`lt_train::Optimizer`], over several steps.
pub fn adamw(number: Trained, gradient: f64, step: i32, rate: f64, moments: Moments) -> Trained {
    todo!()
}

/// ★★ Break it: each worker adds up the shards that it has computed, in a tree, and then the sums of
/// the workers are added, in a tree too. No worker has to wait for another:
///
/// ```text
/// let sums = pieces(&shards, threads.count()).map(|piece| tree(piece));
/// tree(&sums)                                 // was: tree(&shards)
/// ```
///
/// Return the name of the law that catches it:
/// `lt_laws::shards::WORKERS_CHANGE_NO_BIT.name`, `lt_laws::shards::ONE_BY_ONE_IS_THE_STEP.name`, or
/// one of those of [`wrong_where_shards_differ`]. Which sums do the others compare, and on how many
/// workers?
pub fn law_that_catches_a_sum_for_each_worker() -> &'static str {
    todo!()
}

/// The settings of Lion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    /// η, the learning rate.
    pub rate: f32,
    /// β₁, how much of the average counts for the direction: 0.9.
    pub beta1: f32,
    /// β₂, how much of the average is kept: 0.99.
    pub beta2: f32,
    /// λ, the weight decay.
    pub decay: f32,
}

/// ★★★ A step of Lion, an optimiser that was found by a program
/// ([Chen et al. 2023](https://arxiv.org/abs/2302.06675), program 1): every number moves by η, up or
/// down, and one average is remembered in place of Adam's two.
///
/// The direction is the sign of `β₁·m + (1 − β₁)·g`, and the sign of 0 is 0. The weight decays as AdamW's does:
/// `w ← w − η·(direction + λ·w)`. Then `m ← β₂·m + (1 − β₂)·g`. All slices are equally long.
///
/// Held by the averages of [`lt_train::Rule::Adam`], by the steps of [`lt_train::Rule::Sgd`], and by
/// the line of *The code*, which it must find.
pub fn lion(weights: &mut [f32], momentum: &mut [f32], gradient: &[f32], settings: Lion) {
    todo!()
}

/// ★★★ Break it: the gradient of a step, as a number. `shards` has, for each shard, the gradient of
/// each of its labels; no shard is empty.
///
/// Write it wrong, and so that of these laws the first alone finds it:
///
/// - "how a step is cut changes nothing": shards with the same labels in all give the same gradient
///   (but for rounding);
/// - "the order of shards changes nothing" (but for rounding);
/// - "equal shards give the mean": where all shards have as many labels, the gradient is the mean of all labels.
///
/// It is a mistake that many training programs have made.
pub fn wrong_where_shards_differ(shards: &[Vec<f32>]) -> f32 {
    todo!()
}
