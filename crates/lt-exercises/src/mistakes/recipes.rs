//! Mistakes of the chapter on recipes.

use lt_recipes::ScalingLaw;
use serde_json::Value;

use crate::recipes::Run;

/// As if a step went on in the next epoch.
pub(crate) fn steps_of_a_run(examples: u64, examples_per_step: u64, epochs: u64) -> u64 {
    (examples * epochs).div_ceil(examples_per_step)
}

/// More threads, another model: as elsewhere.
pub(crate) fn decides_a_bit() -> [bool; 5] {
    [true, true, false, true, false]
}

/// A alone.
pub(crate) fn numbers_of_adapters(matrices: &[[usize; 2]], rank: usize) -> usize {
    matrices.iter().map(|[_, inner]| rank * inner).sum()
}

/// Only tables are looked at, not what is in them.
pub(crate) fn keys_that_mean_nothing(recipe: &Value, known: &Value) -> Vec<String> {
    let keys = recipe.as_object().into_iter().flat_map(|recipe| recipe.keys());
    keys.filter(|key| known.get(key).is_none()).cloned().collect()
}

/// Measured by the evaluation before: a slow rise that dips now and then never ends.
pub(crate) fn evaluations(losses: &[f64], patience: usize) -> usize {
    let (mut before, mut since) = (f64::INFINITY, 0);
    for (made, &loss) in (1..).zip(losses) {
        since = if loss < before { 0 } else { since + 1 };
        before = loss;
        if since == patience {
            return made;
        }
    }
    losses.len()
}

/// It is the same as long as nothing is cut off.
pub(crate) fn law_that_catches_a_generator_with_a_state() -> &'static str {
    "the same run has the same order"
}

/// Nothing is shuffled at all: another seed does not matter either.
pub(crate) fn wrong_from_the_second_epoch_on(run: Run) -> Vec<Vec<u32>> {
    (run.from..run.to).map(|_| (0..run.examples as u32).collect()).collect()
}

/// α for β: the size grows as the data should.
pub(crate) fn best_size(law: &ScalingLaw, operations: f64) -> f64 {
    let (alpha, beta) = (law.parameter_exponent, law.token_exponent);
    let ratio = alpha * law.parameter_factor / (beta * law.token_factor);
    (ratio * (operations / 6.0).powf(alpha)).powf(1.0 / (alpha + beta))
}
