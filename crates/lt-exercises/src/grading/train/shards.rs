//! Laws of a step that is cut into shards, and steps that break them.

use lt_core::{Result, Scratch, Threads, Train, Weight};
use lt_laws::proptest::collection::vec;
use lt_laws::{Law, Verdict, shards as laws};
use lt_train::{Moment, Objective, Stepper};

use super::{Tried, breaks_only, in_a_tree, is_caught_by};

/// A step of a gradient that is one number, on so many workers.
type Step = fn(&[Vec<f32>], &Threads) -> Weight;

/// See [`wrong_where_shards_differ`].
const CUTS_CHANGE_NOTHING: Law = Law {
    name: "how a step is cut changes nothing",
    statement: "gradient(any shards) = gradient(one shard of all their labels)",
    tolerance: "1e-4: f32",
};

fn cuts_change_nothing(step: impl Fn(&[Vec<f32>]) -> f32) {
    CUTS_CHANGE_NOTHING.hold(&vec(vec(-9_i8..=9, 1..4), 1..4), |shards| {
        let shards = in_f32(&shards);
        near(&shards, step(&shards), of_the_library(&shards, &Threads::single()).f32()[0])
    });
}

/// See [`wrong_where_shards_differ`].
const ORDER_CHANGES_NOTHING: Law = Law {
    name: "the order of shards changes nothing",
    statement: "gradient(a, b, …) = gradient(…, b, a)",
    tolerance: "1e-4: f32",
};

fn order_changes_nothing(step: impl Fn(&[Vec<f32>]) -> f32) {
    ORDER_CHANGES_NOTHING.hold(&vec(vec(-9_i8..=9, 1..4), 1..4), |shards| {
        let shards = in_f32(&shards);
        let turned: Vec<Vec<f32>> = shards.iter().rev().cloned().collect();
        near(&turned, step(&turned), step(&shards))
    });
}

/// See [`wrong_where_shards_differ`].
const EQUAL_SHARDS_GIVE_THE_MEAN: Law = Law {
    name: "equal shards give the mean",
    statement: "gradient(shards of n labels each) = the mean of all labels",
    tolerance: "1e-4: f32",
};

fn equal_shards_give_the_mean(step: impl Fn(&[Vec<f32>]) -> f32) {
    EQUAL_SHARDS_GIVE_THE_MEAN.hold(&(vec(-9_i8..=9, 4..12), 1_usize..4), |(labels, each)| {
        let shards: Vec<Vec<i8>> = labels.chunks_exact(each).map(<[i8]>::to_vec).collect();
        let shards = in_f32(&shards);
        near(&shards, step(&shards), of_the_library(&shards, &Threads::single()).f32()[0])
    });
}

fn in_f32(shards: &[Vec<i8>]) -> Vec<Vec<f32>> {
    shards.iter().map(|shard| shard.iter().map(|&g| f32::from(g)).collect()).collect()
}

fn near(shards: &[Vec<f32>], found: f32, expected: f32) -> Verdict {
    if (found - expected).abs() < 1e-4 {
        return Ok(());
    }
    Err(format!("the shards {shards:?} give {found}, expected {expected}"))
}

/// Labels of which each is its own gradient.
struct OwnGradient;

impl Objective for OwnGradient {
    type Model = Weight;
    type Shard = Vec<f32>;

    fn labels(&self, shard: &Vec<f32>) -> usize {
        shard.len()
    }

    fn gradient(
        &self,
        _: &Weight,
        shard: &Vec<f32>,
        _: &mut Train,
        scale: f32,
        grads: &mut Weight,
    ) -> Result<f64> {
        grads.add(&[shard.iter().sum::<f32>() * scale]);
        Ok(0.0)
    }

    fn loss(&self, _: &Weight, _: &Vec<f32>, _: &mut Scratch) -> Result<f64> {
        Ok(0.0)
    }
}

fn of_the_library(shards: &[Vec<f32>], threads: &Threads) -> Weight {
    let (model, moment) = (Weight::zeros(&[1]), Moment { seed: 0, step: 0 });
    let gathered = Stepper::new(threads.clone()).gather(&OwnGradient, &model, shards, moment);
    gathered.expect("labels").gradient
}

/// So many shards of unequal size.
fn some(count: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut numbers = lt_laws::sample::numbers(seed);
    (0..count).map(|shard| numbers.by_ref().take(1 + shard % 3).collect()).collect()
}

/// What each shard adds to the gradient of the step.
fn parts(shards: &[Vec<f32>]) -> Vec<f32> {
    let labels: usize = shards.iter().map(Vec::len).sum();
    let scale = (1.0 / labels as f64) as f32;
    shards.iter().map(|shard| shard.iter().sum::<f32>() * scale).collect()
}

const LAWS: &[Tried<Step>] = &[
    (&laws::WORKERS_CHANGE_NO_BIT, |step| {
        laws::workers_change_no_bit(|count, seed, threads| {
            Ok::<_, lt_core::Error>(step(&some(count, seed), &threads))
        });
    }),
    (&laws::ONE_BY_ONE_IS_THE_STEP, |step| {
        laws::one_by_one_is_the_step(
            |count, seed| Weight::new(&[1], vec![in_a_tree(&parts(&some(count, seed)))]),
            |count, seed| Ok(step(&some(count, seed), &Threads::single())),
        );
    }),
    (&CUTS_CHANGE_NOTHING, |step| cuts_change_nothing(on_one(step))),
    (&ORDER_CHANGES_NOTHING, |step| order_changes_nothing(on_one(step))),
    (&EQUAL_SHARDS_GIVE_THE_MEAN, |step| equal_shards_give_the_mean(on_one(step))),
];

fn on_one(step: &Step) -> impl Fn(&[Vec<f32>]) -> f32 {
    let step = *step;
    move |shards| step(shards, &Threads::single()).f32()[0]
}

/// The line that was changed.
fn a_sum_for_each_worker(shards: &[Vec<f32>], threads: &Threads) -> Weight {
    let parts = parts(shards);
    let each = parts.len().div_ceil(threads.count());
    let sums: Vec<f32> = parts.chunks(each).map(in_a_tree).collect();
    Weight::new(&[1], vec![in_a_tree(&sums)]).expect("one number")
}

pub(super) fn law_that_catches_a_sum_for_each_worker(answer: fn() -> &'static str) {
    let mutant: Step = a_sum_for_each_worker;
    is_caught_by(answer(), LAWS, &mutant);
}

/// A step of a gradient that is one number, as the exercise has it.
type Gradient = fn(&[Vec<f32>]) -> f32;

pub(super) fn wrong_where_shards_differ(answer: Gradient) {
    const LAWS: &[Tried<Gradient>] = &[
        (&CUTS_CHANGE_NOTHING, |step| cuts_change_nothing(step)),
        (&ORDER_CHANGES_NOTHING, |step| order_changes_nothing(step)),
        (&EQUAL_SHARDS_GIVE_THE_MEAN, |step| equal_shards_give_the_mean(step)),
    ];
    breaks_only(&CUTS_CHANGE_NOTHING, LAWS, &answer);
}
