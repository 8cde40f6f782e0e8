//! What the exercises on training are held against.

mod optimizers;
mod shards;

use lt_core::{Threads, Weight};
use lt_laws::Law;
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::sample::select;
use lt_train::loss::CrossEntropy;
use lt_train::{GradientTree, Optimizer, Rule, Sgd, clip};
use ndarray::Array2;

use super::{Told, Tried, breaks_only, exercises, is_caught_by, told};
use optimizers::{adamw, lion};
use shards::{law_that_catches_a_sum_for_each_worker, wrong_where_shards_differ};

exercises! { train:
    One rate_that_does_not_shrink [
        "w − η·w is w times what?",
        "|1 − η| < 1 is what shrinks, from side to side where η is above 1. Which η is the first beyond?",
    ]
    One taught [
        "The gradient is what the model says, less what it is taught. Where is that zero?",
        "1 − ε goes to the label, and ε is spread over all classes: the label is one of them.",
    ]
    One five_that_depend_on_the_order [
        "Between large numbers of f32 there is no room for a 1.",
        "Let two large numbers cancel, once before the small one is added, once behind it.",
    ]
    Two clipped [
        "How many lengths are there, and how many factors?",
        "√ of the sum of all squares, of all parameters; then min(1, bound / (length + 1e-6)), for all of them.",
    ]
    Two adamw [
        "At the first step m is 0.1·g and v is 0.001·g². What are they divided by, so that they are g and g²?",
        "`1 − β₁ᵗ` and `1 − β₂ᵗ`, with `powi(step)`. What is kept in `first` and `second` is not divided.",
        "ε is outside the root, and decay does not go through m and v: `weight · (1 − rate · weight_decay)`.",
    ]
    Two law_that_catches_a_sum_for_each_worker [
        "Write the brackets for six shards on one worker, and on two.",
        "On one worker it is the tree of all shards. Which law looks at two?",
    ]
    Three lion [
        "Look before you write: the direction is made of the average as it was before this step.",
        "`f32::signum` of 0 is 1, not 0.",
        "Decay is multiplied by η as well: `w −= rate · (direction + decay · w)`.",
    ]
    Three wrong_where_shards_differ [
        "It is right where all shards have as many labels.",
        "See *Traps*: what has each label to be divided by, and what is it divided by in `(mean(a) + mean(b)) / 2`?",
    ]
}

fn rate_that_does_not_shrink(answer: fn() -> f64) {
    // Where 8 is after so many steps of the optimiser.
    let after = |rate: f64| {
        let mut w = Weight::new(&[1], vec![8.0]).expect("one number");
        let mut optimizer = descent(&w);
        for _ in 0..50 {
            let gradient = w.clone();
            optimizer.step(&mut w, &gradient, rate, 1.0, &Threads::single()).expect("its gradient");
        }
        w.f32()[0]
    };
    let rate = answer();
    assert!(rate > 0.0, "η = {rate}: expected a rate above 0");
    let (below, at) = (after(0.99 * rate), after(rate));
    assert!(at.abs() >= 8.0, "at η = {rate}, w = 8 is {at} after 50 steps: it does shrink");
    let below_rate = 0.99 * rate;
    assert!(
        below.abs() < 8.0,
        "at η = {below_rate:.4}, which is less, w = 8 is {below} after 50 steps: it does not shrink either"
    );
}

/// Gradient descent, and nothing else.
fn descent(model: &impl lt_core::Params) -> Optimizer {
    Optimizer::new(Rule::Sgd(Sgd::default()), model, &[]).expect("sound settings")
}

/// See [`taught`].
const NOTHING_PULLS: Law = Law {
    name: "a model that says what it is taught rests",
    statement: "∂L/∂z = 0 where softmax(z) = taught",
    tolerance: "1e-5: f32",
};

fn taught(answer: fn(usize, usize, f32) -> Vec<f32>) {
    let cases = (2_usize..7, 0_usize..7, select(vec![1.0_f32, 0.5, 0.2, 0.1]));
    NOTHING_PULLS.hold(&told(cases), |Told((classes, label, smoothing))| {
        let label = label % classes;
        let said = answer(classes, label, smoothing);
        let case = format!("classes: {classes}, label {label}, ε = {smoothing}: {said:?}");
        if said.len() != classes {
            return Err(format!("{case}: expected a number for each class"));
        }
        if (said.iter().sum::<f32>() - 1.0).abs() > 1e-5 {
            return Err(format!("{case}: probabilities sum to 1"));
        }
        let logits = Array2::from_shape_fn((1, classes), |(_, class)| said[class].ln());
        let loss = CrossEntropy::new().smoothing(smoothing).expect("between 0 and 1");
        let loss = loss.sum(logits.view(), &[label as u32]).map_err(|error| error.to_string())?;
        let pull = loss.gradient.iter().enumerate().find(|(_, d)| d.is_nan() || d.abs() > 1e-5);
        pull.map_or(Ok(()), |(class, d)| {
            Err(format!("{case}, but the gradient of class {class} is {d} there"))
        })
    });
}

fn five_that_depend_on_the_order(answer: fn() -> [f32; 5]) {
    let numbers = answer();
    assert!(numbers.iter().all(|x| x.is_finite()), "{numbers:?}: expected finite numbers");
    let (tree, row) = (in_a_tree(&numbers), numbers.iter().sum::<f32>());
    assert!(tree != row, "{numbers:?}: in the tree they are {tree}, and from left to right too");
}

fn in_a_tree(numbers: &[f32]) -> f32 {
    let mut tree = GradientTree::new(numbers.len());
    for (shard, &number) in numbers.iter().enumerate() {
        let gradient = Weight::new(&[1], vec![number]).expect("one number");
        tree.add(shard, gradient).expect("a shard of it");
    }
    tree.sum().expect("all shards").f32()[0]
}

/// See [`clipped`].
const ONE_FACTOR: Law = Law {
    name: "a gradient is shortened as a whole",
    statement: "g · min(1, c / (‖g‖ + 1e-6)), ‖g‖ of all parameters together",
    tolerance: "1e-5: f32",
};

/// The gradient of each parameter, and the bound.
type Clip = fn(&[Vec<f32>], f32) -> Vec<Vec<f32>>;

fn clipped(answer: Clip) {
    let gradients = vec(vec(-4_i8..=4, 1..4), 1..4);
    ONE_FACTOR.hold(&told((gradients, 1_u8..12)), |Told((gradients, bound))| {
        let gradients: Vec<Vec<f32>> =
            gradients.iter().map(|of| of.iter().map(|&g| f32::from(g)).collect()).collect();
        let weight = |of: &Vec<f32>| Weight::new(&[of.len()], of.clone()).expect("its length");
        let gradient: Vec<Weight> = gradients.iter().map(weight).collect();
        let (threads, mut moved) = (Threads::single(), lt_core::zeros_like(&gradient));
        let mut optimizer = descent(&moved);
        let norm = optimizer.norm(&gradient, &threads);
        let scale = clip(norm, f64::from(bound));
        // From zero, with rate 1: the step is what the clipped gradient is, the other way.
        optimizer.step(&mut moved, &gradient, 1.0, scale, &threads).map_err(|e| e.to_string())?;
        let expected: Vec<Vec<f32>> =
            moved.iter().map(|of| of.f32().iter().map(|w| 0.0 - w).collect()).collect();
        let found = answer(&gradients, f32::from(bound));
        let lengths = |of: &[Vec<f32>]| of.iter().map(Vec::len).collect::<Vec<_>>();
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        let is_near = lengths(&found) == lengths(&expected)
            && found.iter().flatten().zip(expected.iter().flatten()).all(near);
        if is_near {
            return Ok(());
        }
        Err(format!(
            "{gradients:?} has the length {norm:.4}; with the bound {bound} it became {found:?}, \
             expected {expected:?}"
        ))
    });
}
