//! A step has the same bits for any number of workers, and stops where it makes no sense.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod tiny;

use std::sync::Arc;

use lt_layers::Dropout;
use lt_train::lt_core::{Result, Scratch, Threads, Train, Workers, weights, zeros_like};
use lt_train::{GradientTree, Moment, Objective, Recipe, Stepper, TrainError, Trainer};
use tiny::{Endless, Same, Shard, Tiny, Topics, untrained};

const MOMENT: Moment = Moment { seed: 3, step: 11 };

fn topics() -> Topics {
    Topics { dropout: Dropout::new(0.2).unwrap() }
}

fn shards(count: usize) -> Vec<Shard> {
    let data = Endless { shards: count, examples: 1000 };
    (0..count).map(|shard| data.shard(2, shard)).collect()
}

fn bits(model: &Tiny) -> Vec<u32> {
    weights(model)
        .iter()
        .flat_map(|(_, weight)| weight.f32().iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        .collect()
}

/// Runs tasks one after the other, the last first, as if there were this many threads.
struct Backwards(usize);

impl Workers for Backwards {
    fn count(&self) -> usize {
        self.0
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..tasks).rev().for_each(task);
    }
}

#[test]
fn any_number_of_workers_gives_the_same_bits() {
    let model = untrained();
    for count in [1, 2, 5, 8] {
        let shards = shards(count);
        let gather =
            |threads| Stepper::new(threads).gather(&topics(), &model, &shards, MOMENT).unwrap();
        let alone = gather(Threads::single());
        let mut others: Vec<Threads> =
            [2, 3, 4].map(|threads| lt_kernels::pool(threads).unwrap()).into();
        others.push(Threads::with(Arc::new(Backwards(2))));
        for threads in others {
            let name = format!("{count} shards, {threads:?}");
            for _ in 0..5 {
                let got = gather(threads.clone());
                assert_eq!(got.loss.to_bits(), alone.loss.to_bits(), "{name}");
                assert_eq!(bits(&got.gradient), bits(&alone.gradient), "{name}");
            }
        }
    }
}

#[test]
fn shards_gathered_one_by_one_are_the_batch_to_the_bit() {
    let (model, shards) = (untrained(), shards(5));
    let labels: usize = shards.iter().map(|shard| topics().labels(shard)).sum();
    let mut tree = GradientTree::new(shards.len());
    for (number, shard) in shards.iter().enumerate() {
        let mut found = zeros_like(&model);
        let mut train = Train::new(MOMENT.seed, MOMENT.step);
        let scale = (1.0 / labels as f64) as f32;
        topics().gradient(&model, shard, &mut train, scale, &mut found).unwrap();
        tree.add(number, found).unwrap();
    }
    let together =
        Stepper::new(Threads::single()).gather(&topics(), &model, &shards, MOMENT).unwrap();
    assert_eq!(bits(&tree.sum().unwrap()), bits(&together.gradient));
    assert_eq!(together.labels, labels);
}

/// Shards of unequal size: the mean over labels is not the mean of the shards' means.
#[test]
fn the_loss_is_the_mean_over_labels_however_the_batch_is_cut() {
    let (model, shards) = (untrained(), shards(4));
    let whole = Shard {
        first: 0,
        examples: shards.iter().flat_map(|shard| shard.examples.clone()).collect(),
    };
    let stepper = Stepper::new(Threads::single());
    let plain = Topics::default();
    let cut = stepper.gather(&plain, &model, &shards, MOMENT).unwrap();
    let whole = stepper.gather(&plain, &model, &[whole], MOMENT).unwrap();
    assert!((cut.loss - whole.loss).abs() < 1e-12);
    assert_eq!(cut.labels, whole.labels);
    let largest = whole.gradient.words.f32().iter().fold(0.0_f32, |a, g| a.max(g.abs()));
    for ((name, a), (_, b)) in weights(&cut.gradient).iter().zip(weights(&whole.gradient)) {
        for (a, b) in a.f32().iter().zip(b.f32()) {
            assert!((a - b).abs() <= 1e-6 * largest.max(1.0), "{name}: {a}, not {b}");
        }
    }
    let in_use = stepper.loss(&plain, &model, &shards).unwrap();
    assert!((in_use - cut.loss).abs() < 1e-6); // nothing is dropped by `plain`
}

/// The gradient of the whole objective is its slope, in some directions.
#[test]
fn the_gradient_of_a_step_is_the_slope_of_its_loss() {
    let (model, shards) = (untrained(), shards(3));
    let stepper = Stepper::new(Threads::single());
    let gathered = stepper.gather(&topics(), &model, &shards, MOMENT).unwrap();
    for direction in 0..4 {
        let direction = lt_laws::sample::filled(model.clone(), 100 + direction);
        let [above, below] = [1e-2_f32, -1e-2].map(|h| {
            let mut moved = model.clone();
            let mut scaled = direction.clone();
            scale(&mut scaled, h);
            lt_train::gradient::add(&mut moved, &scaled).unwrap();
            stepper.gather(&topics(), &moved, &shards, MOMENT).unwrap().loss
        });
        let slope = (above - below) / 2e-2;
        let along: f64 = weights(&gathered.gradient)
            .iter()
            .zip(weights(&direction))
            .flat_map(|((_, g), (_, d))| g.to_f32().into_iter().zip(d.to_f32()))
            .map(|(g, d)| f64::from(g) * f64::from(d))
            .sum();
        assert!((slope - along).abs() < 5e-3 * along.abs().max(0.1), "{along}, not {slope}");
    }
}

fn scale(model: &mut Tiny, h: f32) {
    use lt_train::lt_core::{Params, Path};
    model.visit_mut(&mut Path::new(), &mut |_, weight| {
        weight.make_mut().iter_mut().for_each(|x| *x *= h);
    });
}

#[test]
fn a_step_without_a_label_is_refused() {
    let empty = Shard { first: 0, examples: Vec::new() };
    let stepper = Stepper::new(Threads::single());
    for shards in [vec![], vec![empty]] {
        let error = stepper.gather(&topics(), &untrained(), &shards, MOMENT).unwrap_err();
        assert!(error.to_string().starts_with("step 11 has no label"), "{error}");
    }
}

#[test]
fn what_the_first_shard_refuses_is_what_is_said_for_any_number_of_workers() {
    let mut shards = shards(6);
    shards[2].examples[1].topic = 7;
    shards[4].examples[0].topic = 9;
    for threads in [1, 2, 4] {
        let stepper = Stepper::new(lt_kernels::pool(threads).unwrap());
        let error = stepper.gather(&topics(), &untrained(), &shards, MOMENT).unwrap_err();
        assert!(error.to_string().contains("label 7 at row 1"), "{error}");
    }
}

#[test]
fn a_loss_that_is_no_number_names_the_parameter_and_the_step() {
    let mut model = untrained();
    model.words.make_mut()[5] = f32::NAN;
    let stepper = Stepper::new(Threads::single());
    let error = stepper.gather(&topics(), &model, &shards(2), MOMENT);
    let mut all = Vec::new();
    for number in 0..60 {
        all.push(Endless::example(number));
    }
    let every_word = [Shard { first: 0, examples: all }];
    let text = match error {
        Err(error) => error.to_string(),
        Ok(_) => stepper.gather(&topics(), &model, &every_word, MOMENT).unwrap_err().to_string(),
    };
    assert!(text.contains("step 11: the loss is NaN, first in `words`: this parameter"), "{text}");
}

/// An objective whose gradient overflows though its loss does not.
struct Overflowing;

impl Objective for Overflowing {
    type Model = Tiny;
    type Shard = Shard;

    fn labels(&self, _: &Shard) -> usize {
        1
    }

    fn gradient(
        &self,
        _: &Tiny,
        _: &Shard,
        _: &mut Train,
        _: f32,
        grads: &mut Tiny,
    ) -> Result<f64> {
        grads.words.make_mut()[0] = 1.0;
        let mut names = 0;
        use lt_train::lt_core::{Params, Path};
        grads.visit_mut(&mut Path::new(), &mut |_, weight| {
            names += 1;
            if names == 3 {
                weight.make_mut()[0] = f32::INFINITY;
            }
        });
        Ok(1.0)
    }

    fn loss(&self, _: &Tiny, _: &Shard, _: &mut Scratch) -> Result<f64> {
        Ok(1.0)
    }
}

#[test]
fn a_gradient_that_is_no_number_names_its_parameter_and_changes_nothing() {
    let data = Same(shards(1));
    let mut model = untrained();
    let trainer = Trainer::new(Recipe::new(3, 0.1), &Overflowing, &data).unwrap();
    let error = trainer.train(&mut model).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { step: 0, .. }));
    let third = weights(&model)[2].0.clone();
    assert!(error.to_string().contains(&format!("first in `{third}`")), "{error}");
    assert_eq!(model, untrained());
}

#[test]
fn a_gradient_beyond_the_bound_stops_the_run_and_names_the_largest_part() {
    let data = Same(shards(2));
    let mut recipe = Recipe::new(3, 0.1);
    recipe.explodes_at = Some(1e-6);
    let topics = Topics::default();
    let trainer = Trainer::new(recipe, &topics, &data).unwrap();
    let text = trainer.train(&mut untrained()).unwrap_err().to_string();
    assert!(
        text.contains("expected at most 0.000001") && text.contains("that of `words`"),
        "{text}"
    );
}
