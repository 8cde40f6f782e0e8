//! The loop: it learns, stops when it should, and tells what it does.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod tiny;

use lt_layers::Dropout;
use lt_train::lt_core::Threads;
use lt_train::{
    End, EvaluationMetrics, JsonLines, Observer, Recipe, Schedule, StepMetrics, Stepper, Trainer,
};
use serde_json::Value;
use tiny::{Endless, Same, Topics, untrained};

const DATA: Endless = Endless { shards: 4, examples: 1 << 20 };

#[test]
fn a_few_examples_are_learnt_by_heart() {
    let data = Same((0..4).map(|shard| DATA.shard(0, shard)).collect());
    let topics = Topics::default();
    let mut model = untrained();
    let mut recipe = Recipe::new(150, 0.02);
    recipe.clip = Some(1.0);
    recipe.schedule = Schedule::Linear { warmup: 10, steps: 150 };
    let stepper = Stepper::new(Threads::single());
    let before = stepper.loss(&topics, &model, &data.0).unwrap();
    let outcome = Trainer::new(recipe, &topics, &data).unwrap().train(&mut model).unwrap();
    let after = stepper.loss(&topics, &model, &data.0).unwrap();
    assert!(before > 0.9 && after < 0.01, "{before}, then {after}");
    assert_eq!((outcome.end, outcome.progress.step), (End::Steps, 150));
}

#[test]
fn what_was_learnt_holds_for_examples_that_were_not_seen() {
    let topics = Topics { dropout: Dropout::new(0.1).unwrap() };
    let mut model = untrained();
    let recipe = Recipe::new(200, 0.02);
    Trainer::new(recipe, &topics, &DATA).unwrap().train(&mut model).unwrap();
    let unseen: Vec<_> = (0..20).map(|shard| DATA.shard(1000, shard)).collect();
    let loss = Stepper::new(Threads::single()).loss(&topics, &model, &unseen).unwrap();
    assert!(loss < 0.05, "{loss}");
}

#[test]
fn a_run_on_two_threads_has_the_bits_of_a_run_on_one() {
    let run = |threads| {
        let topics = Topics { dropout: Dropout::new(0.1).unwrap() };
        let mut model = untrained();
        let mut recipe = Recipe::new(10, 0.02);
        recipe.clip = Some(0.5);
        let trainer = Trainer::new(recipe, &topics, &DATA).unwrap().threads(threads);
        trainer.train(&mut model).unwrap();
        model
    };
    let alone = run(Threads::single());
    assert_eq!(run(lt_kernels::pool(2).unwrap()), alone);
    assert_ne!(alone, untrained());
}

/// Remembers what it was told.
#[derive(Default)]
struct Told {
    steps: Vec<StepMetrics>,
    evaluations: Vec<EvaluationMetrics>,
}

impl Observer for Told {
    fn step(&mut self, metrics: &StepMetrics) -> std::io::Result<()> {
        self.steps.push(*metrics);
        Ok(())
    }

    fn evaluated(&mut self, metrics: &EvaluationMetrics) -> std::io::Result<()> {
        self.evaluations.push(*metrics);
        Ok(())
    }
}

#[test]
fn a_run_that_becomes_no_better_ends_early() {
    let topics = Topics::default();
    let mut recipe = Recipe::new(1000, 0.01);
    recipe.evaluate_every = Some(2);
    recipe.patience = Some(3);
    let scores = [3.0, 2.0, 2.5, f64::NAN, 2.0, 0.0];
    let asked = std::cell::Cell::new(0);
    let evaluation = |_: &_| {
        asked.set(asked.get() + 1);
        Ok(scores[asked.get() - 1])
    };
    let mut told = Told::default();
    let trainer = Trainer::new(recipe, &topics, &DATA).unwrap();
    let trainer = trainer.evaluation(&evaluation).observer(&mut told);
    let outcome = trainer.train(&mut untrained()).unwrap();
    assert_eq!((outcome.end, outcome.progress.step), (End::Patience, 10));
    assert_eq!(outcome.progress.best.map(|best| (best.step, best.loss)), Some((4, 2.0)));
    let best: Vec<bool> = told.evaluations.iter().map(|evaluation| evaluation.best).collect();
    assert_eq!(best, [true, true, false, false, false]);
    assert_eq!(told.steps.len(), 10);
}

#[test]
fn each_step_is_a_line_of_json() {
    let topics = Topics::default();
    let mut recipe = Recipe::new(3, 0.01);
    recipe.evaluate_every = Some(2);
    recipe.schedule = Schedule::Constant { warmup: 2 };
    let mut lines = JsonLines(Vec::new());
    let evaluation = |_: &_| Ok(0.5);
    let trainer = Trainer::new(recipe, &topics, &DATA).unwrap();
    trainer.evaluation(&evaluation).observer(&mut lines).train(&mut untrained()).unwrap();
    let text = String::from_utf8(lines.0).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3 + 2); // after two steps, and after the last
    assert_eq!(lines[1]["step"], 1);
    assert_eq!(lines[1]["learning_rate"], 0.005);
    assert_eq!(lines[1]["labels"], 3 + 4 + 5 + 3);
    for field in ["loss", "gradient_norm", "tokens", "seconds"] {
        assert!(lines[1][field].as_f64().unwrap() > 0.0, "{field}");
    }
    assert_eq!(lines[2]["evaluation"], 0.5);
    assert_eq!(lines[4]["step"], 3);
}

#[test]
fn settings_that_cannot_be_are_refused_before_the_first_step() {
    let topics = Topics::default();
    let refused = |change: fn(&mut Recipe)| {
        let mut recipe = Recipe::new(3, 0.01);
        change(&mut recipe);
        let trainer = Trainer::new(recipe, &topics, &DATA);
        let result = trainer.and_then(|trainer| trainer.train(&mut untrained()));
        result.unwrap_err().to_string()
    };
    assert!(refused(|recipe| recipe.clip = Some(0.0)).starts_with("clip is 0"));
    assert!(refused(|recipe| recipe.peak = f64::NAN).starts_with("peak is NaN"));
    assert!(refused(|recipe| recipe.patience = Some(0)).starts_with("patience is 0"));
    let frozen = refused(|recipe| recipe.frozen = vec!["wrods".into()]);
    assert!(frozen.starts_with("frozen is `wrods`"), "{frozen}");
}
