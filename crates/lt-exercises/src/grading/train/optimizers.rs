//! Optimisers, held by those of the library.

use lt_core::{Module, Threads, Weight};
use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::sample::select;
use lt_layers::Linear;
use lt_train::loss::squared_error;
use lt_train::{Moments, Optimizer, Rule, Sgd};
use lt_weights::{SafetensorsBytes, TensorSource};
use ndarray::array;

use crate::train::{Lion, Trained};

/// See [`adamw`].
const IS_ADAMW: Law = Law {
    name: "a number moves as AdamW moves it",
    statement: "w ← (1 − η·λ)·w − η·m̂ / (√v̂ + ε)",
    tolerance: "1e-5: f32",
};

pub(super) fn adamw(answer: fn(Trained, f64, i32, f64, Moments) -> Trained) {
    // Gradients of 0.0001 to 3000: ε is to be seen where they are small.
    let gradients = vec((-3_i16..=3, select(vec![1.0, 1e-4, 1e3])), 1..6);
    let settings = (select(vec![0.0, 0.1]), select(vec![1e-8, 1e-4]), 0_i16..5);
    IS_ADAMW.hold(&(gradients, settings), |(gradients, (weight_decay, epsilon, start))| {
        const RATE: f64 = 0.1;
        let moments = Moments { weight_decay, epsilon, ..Moments::default() };
        // With two sides: a vector is not decayed.
        let one = |number: f64| Weight::new(&[1, 1], vec![number as f32]).expect("one number");
        let mut theirs = one(f64::from(start));
        let mut optimizer = Optimizer::new(Rule::AdamW(moments), &theirs, &[])
            .map_err(|error| error.to_string())?;
        let mut number = Trained { weight: f64::from(start), first: 0.0, second: 0.0 };
        for (step, (count, unit)) in (1..).zip(gradients) {
            let (before, gradient) = (number, f64::from(count) * unit);
            optimizer
                .step(&mut theirs, &one(gradient), RATE, 1.0, &Threads::single())
                .map_err(|error| error.to_string())?;
            number = answer(before, gradient, step, RATE, moments);
            let expected = theirs.f32()[0];
            if number.weight.is_nan() || (number.weight - f64::from(expected)).abs() > 1e-5 {
                let found = number.weight;
                return Err(format!(
                    "step {step}, rate {RATE}, gradient {gradient}, {moments:?}: {before:?} became \
                     {found}, expected {expected}"
                ));
            }
        }
        Ok(())
    });
}

/// See [`lion`].
const IS_LION: Law = Law {
    name: "numbers move as Lion moves them",
    statement: "w ← w − η·(sign(β₁·m + (1 − β₁)·g) + λ·w), then m ← β₂·m + (1 − β₂)·g",
    tolerance: "1e-5: f32",
};

/// A step of Lion, as the exercise has it.
type Step = fn(&mut [f32], &mut [f32], &[f32], Lion);

pub(super) fn lion(answer: Step) {
    let gradients = vec([-20_i8..=20, -1_i8..=1], 1..6);
    let settings = (select(vec![(0.9, 0.99), (0.5, 0.9)]), select(vec![0.0_f32, 0.1]));
    IS_LION.hold(&(gradients, settings), |(gradients, ((beta1, beta2), decay))| {
        let settings = Lion { rate: 0.1, beta1, beta2, decay };
        let (mut weights, mut momentum) = ([2.0, -1.0], [0.0; 2]);
        let mut history = average_of(beta2);
        for gradient in gradients {
            let gradient = gradient.map(f32::from);
            let ahead = with(&average_of(beta1), &history, gradient);
            history = with(&history, &history, gradient);
            let (direction, kept) = (average(&ahead), average(&history));
            if direction.iter().any(|x| *x != 0.0 && x.abs() < 1e-5) {
                return Ok(()); // rounding decides which way
            }
            let sign = direction.map(|x| if x == 0.0 { 0.0 } else { x.signum() });
            let expected = descended(weights, sign, settings);
            let before = (weights, momentum);
            answer(&mut weights, &mut momentum, &gradient, settings);
            let said =
                format!("w = {:?}, m = {:?}, g = {gradient:?}, {settings:?}", before.0, before.1);
            near("w", &said, weights, expected)?;
            near("m", &said, momentum, kept)?;
        }
        Ok(())
    });
    the_line_is_found(answer);
}

fn near(what: &str, said: &str, found: [f32; 2], expected: [f32; 2]) -> lt_laws::Verdict {
    if found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5) {
        return Ok(());
    }
    Err(format!("{said}: {what} became {found:?}, expected {expected:?}"))
}

/// Two numbers, with two sides, so that they decay.
fn two(numbers: [f32; 2]) -> Weight {
    Weight::new(&[1, 2], numbers.to_vec()).expect("two numbers")
}

/// Adam is used for its average of gradients alone.
fn average_of(beta: f32) -> Optimizer {
    let moments = Moments { beta1: f64::from(beta), ..Moments::default() };
    Optimizer::new(Rule::Adam(moments), &two([0.0; 2]), &[]).expect("sound settings")
}

/// The average that was kept, and one gradient more, by this rule.
fn with(rule: &Optimizer, kept: &Optimizer, gradient: [f32; 2]) -> Optimizer {
    let mut optimizer = rule.clone();
    optimizer.resume(kept.state().clone()).expect("a state of two numbers");
    let step = optimizer.step(&mut two([0.0; 2]), &two(gradient), 0.0, 1.0, &Threads::single());
    step.expect("a gradient of two numbers");
    optimizer
}

fn average(optimizer: &Optimizer) -> [f32; 2] {
    let bytes = optimizer.state().to_bytes().expect("a file of it");
    let file = SafetensorsBytes::new(bytes).expect("a sound file");
    let average = file.weight(".exp_avg").expect("Adam's first buffer");
    [average.f32()[0], average.f32()[1]]
}

/// A step of gradient descent, whose decay is added to the gradient.
fn descended(weights: [f32; 2], gradient: [f32; 2], settings: Lion) -> [f32; 2] {
    let sgd = Sgd { momentum: 0.0, weight_decay: f64::from(settings.decay) };
    let mut weights = two(weights);
    let mut optimizer = Optimizer::new(Rule::Sgd(sgd), &weights, &[]).expect("sound settings");
    let (rate, threads) = (f64::from(settings.rate), Threads::single());
    optimizer.step(&mut weights, &two(gradient), rate, 1.0, &threads).expect("two numbers");
    [weights.f32()[0], weights.f32()[1]]
}

/// The points of the chapter, with a rate that falls to 0.
fn the_line_is_found(answer: Step) {
    const STEPS: u8 = 200;
    let (x, y) = (array![[0.0], [1.0], [2.0]], array![[-1.0], [2.0], [5.0]]);
    let (mut slope, mut begin, mut momenta) = ([0.0_f32], [0.0_f32], [[0.0_f32]; 2]);
    for step in 0..STEPS {
        let numbers = |of: [f32; 1], shape: &[usize]| Weight::new(shape, of.to_vec());
        let line =
            numbers(slope, &[1, 1]).and_then(|w| Linear::new(w, Some(numbers(begin, &[1])?)));
        let output = line.and_then(|line| line.forward(x.view())).expect("a line");
        let gradient = squared_error(output.view(), y.view()).expect("as many").scaled(1.0 / 3.0);
        let rate = 0.1 * (1.0 - f32::from(step) / f32::from(STEPS));
        let settings = Lion { rate, beta1: 0.9, beta2: 0.99, decay: 0.0 };
        let [of_slope, of_begin] = &mut momenta;
        answer(&mut slope, of_slope, &[(&gradient * &x).sum()], settings);
        answer(&mut begin, of_begin, &[gradient.sum()], settings);
    }
    let ([slope], [begin]) = (slope, begin);
    let is_found = (slope - 3.0).abs() < 0.02 && (begin + 1.0).abs() < 0.02;
    assert!(is_found, "after {STEPS} steps the line is {slope}·x + {begin}, expected 3·x − 1");
}
