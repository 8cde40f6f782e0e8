//! Solutions of the chapter on recipes.

use lt_recipes::ScalingLaw;
use lt_train::data::Draw;
use serde_json::Value;

use crate::recipes::Run;

/// Rounded up in each epoch: what is left over makes a step.
pub(crate) fn steps_of_a_run(examples: u64, examples_per_step: u64, epochs: u64) -> u64 {
    examples.div_ceil(examples_per_step) * epochs
}

/// The recipe decides: shards say where the brackets of sums are, the seed what is drawn. Who
/// computes, how often it is saved and whether it was cut off are none of its business. Of the models of one
/// shard and of four, none is more right than the other.
pub(crate) fn decides_a_bit() -> [bool; 5] {
    [false, true, false, true, false]
}

/// The sum of the sides, not their product: that is all there is to LoRA's thrift.
pub(crate) fn numbers_of_adapters(matrices: &[[usize; 2]], rank: usize) -> usize {
    matrices.iter().map(|[out, inner]| rank * (out + inner)).sum()
}

/// Table beside table: a key is looked up where it stands, and nowhere else.
pub(crate) fn keys_that_mean_nothing(recipe: &Value, known: &Value) -> Vec<String> {
    let (Some(recipe), Some(known)) = (recipe.as_object(), known.as_object()) else {
        return Vec::new(); // a value, which has no keys
    };
    let of = |(key, value): (&String, &Value)| match known.get(key) {
        None => vec![key.clone()],
        Some(known) => {
            let within = keys_that_mean_nothing(value, known).into_iter();
            within.map(|inner| format!("{key}.{inner}")).collect()
        }
    };
    recipe.iter().flat_map(of).collect()
}

/// Measured by the best so far, not by the last.
pub(crate) fn evaluations(losses: &[f64], patience: usize) -> usize {
    let (mut best, mut since) = (f64::INFINITY, 0);
    for (made, &loss) in (1..).zip(losses) {
        // A comparison with NaN is false: so it is never better.
        if loss < best {
            (best, since) = (loss, 0);
        } else {
            since += 1;
        }
        if since == patience {
            return made;
        }
    }
    losses.len()
}

/// A generator begins again with the program, and draws once more what it has drawn before. A run that is not cut off
/// does not notice.
pub(crate) fn law_that_catches_a_generator_with_a_state() -> &'static str {
    "a run that was cut off goes on as one that was not"
}

/// The epoch is forgotten: well shuffled, and always the same. The call is `set_epoch`.
pub(crate) fn wrong_from_the_second_epoch_on(run: Run) -> Vec<Vec<u32>> {
    (run.from..run.to).map(|_| Draw::of(run.seed).order(run.examples)).collect()
}

/// With D = K/N and K = C/6, the derivative of A·N^−α + B·(N/K)^β is zero at
/// N^(α + β) = αA/(βB) · K^β ([Hoffmann et al. 2022](https://arxiv.org/abs/2203.15556), equation 4).
pub(crate) fn best_size(law: &ScalingLaw, operations: f64) -> f64 {
    let (alpha, beta) = (law.parameter_exponent, law.token_exponent);
    let ratio = alpha * law.parameter_factor / (beta * law.token_factor);
    (ratio * (operations / 6.0).powf(beta)).powf(1.0 / (alpha + beta))
}
