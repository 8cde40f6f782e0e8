//! Optimisers and schedules, fed what PyTorch's and transformers' were fed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lt_laws::sample;
use lt_train::lt_core::{self, Params, Path, Threads, Weight, params, weights};
use lt_train::{Buffers, Moments, Optimizer, Rule, Schedule, Sgd, State, clip};
use serde_json::Value;

const STEPS: u64 = 200;

#[derive(Clone, PartialEq, Debug)]
struct Affine {
    weight: Weight,
    bias: Weight,
}
params!(Affine { weight, bias });

fn affine(seed: u64) -> Affine {
    sample::filled(Affine { weight: Weight::zeros(&[4, 6]), bias: Weight::zeros(&[6]) }, seed)
}

fn adam(weight_decay: f64) -> Moments {
    Moments { weight_decay, ..Moments::default() }
}

fn optimizer(rule: Rule, model: &impl Params) -> Optimizer {
    Optimizer::new(rule, model, &[]).unwrap()
}

#[test]
fn two_hundred_steps_are_pytorchs() {
    let golden: Value = serde_json::from_str(include_str!("golden/optimizers.json")).unwrap();
    let other = Moments { beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weight_decay: 0.1 };
    let cases = [
        ("sgd", 0.05, Rule::Sgd(Sgd::default())),
        ("sgd_momentum", 0.05, Rule::Sgd(Sgd { momentum: 0.9, weight_decay: 0.1 })),
        ("adam", 1e-2, Rule::Adam(other)),
        ("adamw", 1e-2, Rule::AdamW(adam(0.1))),
        ("adamw_clipped_linear", 1e-2, Rule::AdamW(adam(0.1))),
    ];
    for (name, peak, rule) in cases {
        let mut model = affine(7);
        let mut optimizer = optimizer(rule, &model);
        let threads = Threads::single();
        for step in 0..STEPS {
            let gradient = affine(1000 + step);
            let (mut rate, mut scale) = (peak, 1.0);
            if name == "adamw_clipped_linear" {
                rate *= Schedule::Linear { warmup: 20, steps: STEPS }.factor(step);
                scale = clip(optimizer.norm(&gradient, &threads), 1.0);
                assert!(scale < 1.0, "nothing is clipped");
            }
            optimizer.step(&mut model, &gradient, rate, scale, &threads).unwrap();
        }
        for (parameter, weight) in weights(&model) {
            let expected = golden["cases"][name][&parameter].as_array().unwrap();
            assert_eq!(expected.len(), weight.len());
            for (expected, &got) in expected.iter().zip(weight.f32()) {
                let error = (f64::from(got) - expected.as_f64().unwrap()).abs();
                assert!(error <= 1e-6, "{name}, {parameter}: {got}, not {expected}");
            }
        }
    }
}

#[test]
fn schedules_are_those_of_transformers() {
    let golden: Value = serde_json::from_str(include_str!("golden/schedules.json")).unwrap();
    for (name, schedule) in [
        ("constant", Schedule::Constant { warmup: 10 }),
        ("linear", Schedule::Linear { warmup: 10, steps: 50 }),
        ("cosine", Schedule::Cosine { warmup: 10, steps: 50 }),
    ] {
        let expected = golden["cases"][name].as_array().unwrap();
        assert_eq!(expected.len(), 60);
        // Behind the end of the run ours stays at 0, where transformers' cosine rises again.
        let shown = if name == "cosine" { 51 } else { 60 };
        for (step, expected) in (0..).zip(expected).take(shown) {
            let got = schedule.factor(step);
            let error = (got - expected.as_f64().unwrap()).abs();
            assert!(error < 1e-9, "{name}, step {step}: {got}, not {expected}");
        }
    }
}

/// A parameter of several pieces, so that there is something to share out.
#[test]
fn threads_change_no_bit() {
    let shape = [3, 30_000];
    let gradient = sample::weight(&shape, 2);
    let run = |threads: &Threads| {
        let mut weight = sample::weight(&shape, 1);
        let mut optimizer = optimizer(Rule::AdamW(adam(0.1)), &weight);
        for _ in 0..3 {
            let scale = clip(optimizer.norm(&gradient, threads), 1.0);
            optimizer.step(&mut weight, &gradient, 1e-3, scale, threads).unwrap();
        }
        (weight, optimizer)
    };
    let alone = run(&Threads::single());
    for threads in [2, 3] {
        assert_eq!(run(&lt_kernels::pool(threads).unwrap()), alone, "{threads} threads");
    }
}

#[test]
fn a_gradient_that_is_absent_is_one_of_zeros() {
    let (mut absent, mut zeros) = (affine(1), affine(1));
    let mut of_zeros = affine(3);
    of_zeros.visit_mut(&mut Path::new(), &mut |_, weight| weight.make_mut().fill(0.0));
    let none = lt_core::zeros_like(&absent);
    let threads = Threads::single();
    let [mut a, mut b] = [&absent, &zeros].map(|model| optimizer(Rule::AdamW(adam(0.1)), model));
    for step in 0..3 {
        let first = affine(step);
        let (to_a, to_b) = if step == 0 { (&first, &first) } else { (&none, &of_zeros) };
        a.step(&mut absent, to_a, 0.1, 1.0, &threads).unwrap();
        b.step(&mut zeros, to_b, 0.1, 1.0, &threads).unwrap();
    }
    assert_eq!(absent, zeros);
    assert_ne!(absent, affine(1)); // averages and decay go on
}

/// PyTorch's dense `AdamW`: averages and decay go on where a table's rows were not touched. Rows lie
/// across the borders of the pieces that threads share.
#[test]
fn a_gradient_of_some_rows_is_one_with_zeros_in_the_others() {
    let shape = [1000, 33];
    let [mut rows, mut dense] = [1, 1].map(|seed| sample::weight(&shape, seed));
    let [mut a, mut b] = [&rows, &dense].map(|weight| optimizer(Rule::AdamW(adam(0.1)), weight));
    let threads = lt_kernels::pool(2).unwrap();
    for step in 0..3 {
        let mut some = Weight::zeros(&shape);
        for row in [0, 496, 497, 700 + step, 999] {
            let numbers: Vec<f32> = sample::numbers((row + step) as u64).take(33).collect();
            some.add_row(row, &numbers);
        }
        let all = Weight::new(&shape, some.to_f32()).unwrap();
        let (norm, expected) = (a.norm(&some, &threads), b.norm(&all, &threads));
        assert!((norm - expected).abs() < 1e-12 * expected);
        a.step(&mut rows, &some, 0.1, 1.0, &threads).unwrap();
        b.step(&mut dense, &all, 0.1, 1.0, &threads).unwrap();
        assert_eq!(rows, dense);
    }
    assert_eq!(a, b);
}

#[test]
fn what_is_frozen_keeps_its_numbers_and_costs_no_buffer() {
    let mut model = affine(1);
    let frozen = ["wei*".to_owned()];
    let mut optimizer = Optimizer::new(Rule::AdamW(adam(0.1)), &model, &frozen).unwrap();
    let lengths: Vec<usize> = optimizer.state().buffers().iter().map(Buffers::len).collect();
    assert_eq!(lengths, [0, 2 * 6]);
    let gradient = affine(2);
    // The norm is that of what is trained: PyTorch's has no gradient for the rest.
    let bias = gradient.bias.f32().iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
    assert!((optimizer.norm(&gradient, &Threads::single()) - bias.sqrt()).abs() < 1e-12);
    optimizer.step(&mut model, &gradient, 0.1, 1.0, &Threads::single()).unwrap();
    assert_eq!(model.weight, affine(1).weight);
    assert_ne!(model.bias, affine(1).bias);
}

#[test]
fn a_state_that_was_saved_is_the_same_and_another_is_refused() {
    let mut model = affine(1);
    let mut trained = optimizer(Rule::AdamW(adam(0.0)), &model);
    for step in 0..5 {
        trained.step(&mut model, &affine(step), 0.1, 1.0, &Threads::single()).unwrap();
    }
    let bytes = trained.state().to_bytes().unwrap();
    let mut fresh = optimizer(Rule::AdamW(adam(0.0)), &affine(9));
    let state: State = fresh.state().from_bytes(&bytes).unwrap();
    fresh.resume(state).unwrap();
    assert_eq!(fresh, trained);
    assert_eq!(fresh.state().steps(), 5);

    let sgd = optimizer(Rule::Sgd(Sgd::default()), &model);
    let error = sgd.state().from_bytes(&bytes).unwrap_err().to_string();
    assert!(error.contains("weight.exp_avg"), "{error}");
    let other = optimizer(Rule::AdamW(adam(0.0)), &Weight::zeros(&[3]));
    assert!(other.state().from_bytes(&bytes).is_err());
    assert!(fresh.resume(other.state().clone()).is_err());
    assert!(fresh.state().from_bytes(&bytes[..40]).is_err());
    let mut other_model = Weight::zeros(&[3]);
    let gradient = Weight::zeros(&[3]);
    assert!(
        optimizer(Rule::AdamW(adam(0.0)), &Weight::zeros(&[4]))
            .step(&mut other_model, &gradient, 0.1, 1.0, &Threads::single())
            .is_err()
    );
}

#[test]
fn numbers_out_of_their_range_are_refused_by_name() {
    for (rule, setting) in [
        (Rule::Sgd(Sgd { momentum: 1.0, weight_decay: 0.0 }), "momentum"),
        (Rule::Adam(Moments { beta2: -0.1, ..Moments::default() }), "beta2"),
        (Rule::AdamW(Moments { epsilon: f64::NAN, ..Moments::default() }), "epsilon"),
        (Rule::AdamW(adam(-1.0)), "weight_decay"),
    ] {
        let error = Optimizer::new(rule, &affine(1), &[]).unwrap_err().to_string();
        assert!(error.starts_with(setting), "{error}");
    }
}
