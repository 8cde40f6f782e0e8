//! Laws of a step of training that is cut into shards: who computes them changes no bit.

use std::fmt::Display;

use lt_core::{Params, Threads, weights};
use proptest::prelude::*;

use crate::same_bits::threads;
use crate::{Law, Verdict};

/// The laws of this module.
pub const LAWS: [&Law; 2] = [&WORKERS_CHANGE_NO_BIT, &ONE_BY_ONE_IS_THE_STEP];

/// See [`workers_change_no_bit`].
pub const WORKERS_CHANGE_NO_BIT: Law = Law {
    name: "any number of workers computes the same step",
    statement: "gradient(shards; n workers) = gradient(shards; 1 worker)",
    tolerance: "none: compared by to_bits",
};

/// The gradient of a step has the same bits on the calling thread, on one, two and four others that
/// begin with the last shard, and on two a second time.
///
/// `step` is given how many shards there are, a seed for what is in them, and the threads.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn workers_change_no_bit<P: Params, E: Display>(
    step: impl Fn(usize, u64, Threads) -> Result<P, E>,
) {
    WORKERS_CHANGE_NO_BIT.hold(&(1_usize..12, any::<u64>()), |(shards, seed)| {
        let gradient = |threads| step(shards, seed, threads).map_err(|error| error.to_string());
        let alone = gradient(Threads::single())?;
        [1, 2, 4, 2].into_iter().try_for_each(|count| {
            let name = format!("with {count} threads");
            same(&name, &gradient(threads(count))?, &alone)
        })
    });
}

/// See [`one_by_one_is_the_step`].
pub const ONE_BY_ONE_IS_THE_STEP: Law = Law {
    name: "shards gathered one by one are the step",
    statement: "Σ gradient(shard), as the step adds them = gradient(all shards)",
    tolerance: "none: compared by to_bits",
};

/// Accumulating gradients shard by shard gives the bits of the step that has all shards at once.
///
/// Both closures are given how many shards there are, and a seed for what is in them.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn one_by_one_is_the_step<P: Params, E: Display>(
    one_by_one: impl Fn(usize, u64) -> Result<P, E>,
    at_once: impl Fn(usize, u64) -> Result<P, E>,
) {
    ONE_BY_ONE_IS_THE_STEP.hold(&(1_usize..12, any::<u64>()), |(shards, seed)| {
        let gathered = one_by_one(shards, seed).map_err(|error| error.to_string())?;
        let step = at_once(shards, seed).map_err(|error| error.to_string())?;
        same("one by one", &gathered, &step)
    });
}

/// Whether two gradients have the same names and bits.
fn same(name: &str, got: &impl Params, expected: &impl Params) -> Verdict {
    let (got, expected) = (weights(got), weights(expected));
    if got.len() != expected.len() {
        return Err(format!("{name}: {} parameters, not {}", got.len(), expected.len()));
    }
    for ((parameter, got), (_, expected)) in got.iter().zip(&expected) {
        let pairs = got.to_f32().into_iter().zip(expected.to_f32());
        let other =
            pairs.enumerate().find(|(_, (got, expected))| got.to_bits() != expected.to_bits());
        if let Some((at, (got, expected))) = other {
            return Err(format!("{name}: `{parameter}`[{at}] is {got}, not {expected}"));
        }
    }
    Ok(())
}
