//! Adapters train what they should, leave the rest, and are the merged model.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod tiny;

use lt_train::lt_core::{Params, Path, Threads, Weight, parameter_count, weights};
use lt_train::{Adapted, LoraSettings, Moment, Recipe, Stepper, Trainer, WithAdapters};
use tiny::{Endless, Shard, Topics, untrained};

const DATA: Endless = Endless { shards: 2, examples: 1 << 20 };

fn settings() -> LoraSettings {
    let mut settings = LoraSettings::new(3, &["words", "judge.up.weight"]);
    settings.full = vec!["judge.down.*".into()];
    settings.alpha = 6.0;
    settings
}

fn loss(adapted: &Adapted<tiny::Tiny>, shards: &[Shard]) -> f64 {
    let objective = WithAdapters(Topics::default());
    let stepper = Stepper::new(Threads::single());
    let moment = Moment { seed: 0, step: 0 };
    stepper.gather(&objective, adapted, shards, moment).unwrap().loss
}

#[test]
fn fresh_adapters_change_no_bit_and_names_are_those_of_peft() {
    let adapted = Adapted::new(untrained(), &settings()).unwrap();
    assert_eq!(adapted.merged(), &untrained());
    let names: Vec<String> = weights(&adapted).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[0], "judge.up.weight.lora_A");
    assert_eq!(names[1], "judge.up.weight.lora_B");
    assert!(names.contains(&"judge.down.bias".to_owned()), "{names:?}");
    assert!(parameter_count(&adapted) < parameter_count(&untrained()));
}

#[test]
fn the_gradient_of_every_adapter_is_the_slope() {
    let mut adapted = Adapted::new(untrained(), &settings()).unwrap();
    // B is zero at first, and then A has no gradient: all get numbers.
    adapted = lt_laws::sample::filled(adapted, 3);
    let shards: Vec<Shard> = (0..2).map(|shard| DATA.shard(0, shard)).collect();
    let stepper = Stepper::new(Threads::single());
    let objective = WithAdapters(Topics::default());
    let moment = Moment { seed: 0, step: 0 };
    let found = stepper.gather(&objective, &adapted, &shards, moment).unwrap().gradient;
    for (number, (name, grad)) in weights(&found).iter().enumerate() {
        let largest = grad.to_f32().iter().fold(0.0_f32, |a, g| a.max(g.abs()));
        assert!(largest > 0.0, "{name}");
        for place in (0..grad.len()).step_by(7) {
            let [above, below] = [1e-2_f32, -1e-2].map(|h| {
                let (mut moved, mut at) = (adapted.clone(), 0);
                moved.visit_mut(&mut Path::new(), &mut |_, weight| {
                    if at == number {
                        weight.make_mut()[place] += h;
                    }
                    at += 1;
                });
                loss(&moved, &shards)
            });
            let (slope, got) = ((above - below) / 2e-2, f64::from(grad.to_f32()[place]));
            let bound = 5e-3 * f64::from(largest) + 1e-5;
            assert!((slope - got).abs() < bound, "{name}[{place}]: {got}, not {slope}");
        }
    }
}

#[test]
fn adapters_are_trained_and_all_else_keeps_its_numbers() {
    let mut adapted = Adapted::new(untrained(), &settings()).unwrap();
    let shards: Vec<Shard> = (0..20).map(|shard| DATA.shard(500, shard)).collect();
    let before = loss(&adapted, &shards);
    let objective = WithAdapters(Topics::default());
    let trainer = Trainer::new(Recipe::new(60, 0.02), &objective, &DATA).unwrap();
    trainer.train(&mut adapted).unwrap();
    let after = loss(&adapted, &shards);
    assert!(after < 0.3 * before, "{before}, then {after}");
    let (merged, base) = (adapted.merged(), untrained());
    for ((name, merged), (_, base)) in weights(merged).iter().zip(weights(&base)) {
        let trained = name != "judge.up.bias";
        assert_eq!(*merged != base, trained, "{name}");
    }
    // What was trained is the merged model.
    let stepper = Stepper::new(Threads::single());
    let of_merged = stepper.loss(&Topics::default(), merged, &shards).unwrap();
    let of_adapted = stepper.loss(&objective, &adapted, &shards).unwrap();
    assert_eq!(of_merged.to_bits(), of_adapted.to_bits());
}

#[test]
fn what_cannot_be_adapted_is_refused() {
    let refused = |settings| Adapted::new(untrained(), &settings).unwrap_err().to_string();
    assert!(refused(LoraSettings::new(0, &["words"])).starts_with("rank is 0"));
    assert!(refused(LoraSettings::new(2, &["*.bias"])).contains("`judge.up.bias`, which is [16]"));
    assert!(refused(LoraSettings::new(2, &["word"])).contains("`word`"));
    assert!(Adapted::new(Weight::zeros(&[3]), &LoraSettings::new(1, &["*"])).is_err());
}
