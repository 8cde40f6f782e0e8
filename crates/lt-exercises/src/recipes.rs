//! Chapter: recipes. `cargo xtask grade recipes`
//!
//! Fill in one function at a time. Most are held by runs of tiny models, which take a moment.

use lt_recipes::ScalingLaw;
use serde_json::Value;

/// ★ Return how many steps a run has: so many examples, so many of them in a step at most, so many
/// epochs.
///
/// The 4646 mails of the lesson, 32 a step, make 146 steps in one epoch. An epoch ends with a step of its
/// own: none has examples of two epochs. Held by [`lt_train::data::Epochs`].
pub fn steps_of_a_run(examples: u64, examples_per_step: u64, epochs: u64) -> u64 {
    todo!()
}

/// ★ The same recipe is carried out again, with one thing changed. Return for each change whether the
/// model that comes out has other bits:
///
/// 0. two threads compute, not one;
/// 1. `data.shards` is 1, not 4;
/// 2. `checkpoints.every` is 1, not 2;
/// 3. `seed` is 1, not 0;
/// 4. the program is killed in the third of four steps, and the run is gone on with.
///
/// Held by a small BERT that is trained in each of these ways.
pub fn decides_a_bit() -> [bool; 5] {
    todo!()
}

/// ★ LoRA puts two thin matrices beside each matrix `[out, in]` that it adapts: A `[r, in]` and B
/// `[out, r]`. Return how many numbers are trained.
///
/// `lora.toml` adapts the queries and the values of six layers, each `[384, 384]`, with r = 8: 73 728
/// numbers, in place of 1 769 472. Held by [`lt_train::Adapted`].
pub fn numbers_of_adapters(matrices: &[[usize; 2]], rank: usize) -> usize {
    todo!()
}

/// ★★ Find the keys of a recipe that mean nothing. `known` is a recipe in which every key stands that
/// there is; both are objects, with objects in them.
///
/// A key within a table is named with its table, `optimizer.ratte`; of a table that nobody knows the
/// name is enough. A right key in a wrong table means nothing either. Return them in any order. Held by
/// [`lt_recipes::Training`]: it refuses the recipe for each of them, and takes it when they are gone.
pub fn keys_that_mean_nothing(recipe: &Value, known: &Value) -> Vec<String> {
    todo!()
}

/// ★★ A run is evaluated again and again. It ends once `patience` evaluations in a row have brought nothing
/// better than the best before them.
///
/// `losses` is what the evaluations would give, one after another; less is better, as good is not
/// better, and what is no number is never the best. Return how many evaluations there are until the run
/// ends: all of them, if patience lasts. For 3, 2, 2, 4, 1 and the patience 2 there are four. Held by
/// [`lt_train::Trainer`].
pub fn evaluations(losses: &[f64], patience: usize) -> usize {
    todo!()
}

/// A run, or what is left of it, as far as the order of its examples goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The seed of the recipe.
    pub seed: u64,
    /// How many examples there are.
    pub examples: usize,
    /// The epoch that it begins with: 0, but for a run that was cut off and is gone on with.
    pub from: u64,
    /// The epoch that it ends before.
    pub to: u64,
}

/// ★★ Break it: the examples are shuffled by a generator with a state, as in most training programs:
///
/// ```text
/// let mut generator = Generator::new(run.seed);
/// (run.from..run.to).map(|epoch| generator.shuffled(run.examples)).collect()
/// ```
///
/// Return the name of the law that catches it:
///
/// - "every example comes once in an epoch"
/// - "the same run has the same order"
/// - "another seed is another order"
/// - "another epoch is another order"
/// - "a run that was cut off goes on as one that was not"
pub fn law_that_catches_a_generator_with_a_state() -> &'static str {
    todo!()
}

/// ★★ Break it: return for each epoch of a run the numbers of its examples in their order, and so that of
/// the laws above only "another epoch is another order" finds it wrong.
///
/// [`lt_train::data::Draw`] draws orders: `Draw::of(seed).then(7).order(examples)`. (PyTorch's
/// `DistributedSampler` does what you write here for everyone who forgets one call. Which one?)
pub fn wrong_from_the_second_epoch_on(run: Run) -> Vec<Vec<u32>> {
    todo!()
}

/// ★★★ Training a model of N parameters on D tokens takes about 6·N·D operations. There is a budget of
/// `operations`, and the scaling law `L(N, D) = E + A/N^α + B/D^β` is known.
///
/// Return the N whose loss is the smallest, by a formula or by a search. With a larger model there is
/// less text to read; with a smaller one, more. Held by [`ScalingLaw::loss`]: a model that is a fiftieth
/// larger or smaller must not be better.
pub fn best_size(law: &ScalingLaw, operations: f64) -> f64 {
    todo!()
}
