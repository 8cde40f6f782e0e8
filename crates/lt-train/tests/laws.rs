//! The laws that a step of training obeys.

#![allow(clippy::unwrap_used)] // what fails here is the test

mod tiny;

use lt_layers::Dropout;
use lt_train::lt_core::{Threads, Train, zeros_like};
use lt_train::{GradientTree, Moment, Objective, Result, Stepper};
use tiny::{Endless, Shard, Tiny, Topics, untrained};

fn topics() -> Topics {
    Topics { dropout: Dropout::new(0.3).unwrap() }
}

/// The shards of some step.
fn shards(count: usize, seed: u64) -> Vec<Shard> {
    let data = Endless { shards: count, examples: 1 << 20 };
    (0..count).map(|shard| data.shard(seed % 1000, shard)).collect()
}

fn gather(count: usize, seed: u64, stepper: &Stepper) -> Result<Tiny> {
    let moment = Moment { seed, step: 3 };
    let shards = shards(count, seed);
    Ok(stepper.gather(&topics(), &untrained(), &shards, moment)?.gradient)
}

fn one_by_one(count: usize, seed: u64) -> Result<Tiny> {
    let (model, shards) = (untrained(), shards(count, seed));
    let labels: usize = shards.iter().map(|shard| topics().labels(shard)).sum();
    let mut tree = GradientTree::new(count);
    for (number, shard) in shards.iter().enumerate() {
        let (mut train, mut found) = (Train::new(seed, 3), zeros_like(&model));
        let scale = (1.0 / labels as f64) as f32;
        topics().gradient(&model, shard, &mut train, scale, &mut found)?;
        tree.add(number, found)?;
    }
    Ok(tree.sum().unwrap_or(model))
}

#[test]
fn a_step_obeys_the_laws_of_shards() {
    lt_laws::shards::workers_change_no_bit(|count, seed, threads| {
        gather(count, seed, &Stepper::new(threads))
    });
    lt_laws::shards::one_by_one_is_the_step(one_by_one, |count, seed| {
        gather(count, seed, &Stepper::new(Threads::single()))
    });
}
