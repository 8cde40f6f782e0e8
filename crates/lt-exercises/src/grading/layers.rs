//! What the exercises on layers are held against.

use lt_core::{Backward, Module, Scratch, Weight, zeros_like};
use lt_laws::layer_norm as laws;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::select;
use lt_laws::strategies::{Numbers, numbers};
use lt_laws::{Law, Rows, Verdict, sample};
use lt_layers::{Activation, FeedForward, Gain, GatedFeedForward, LayerNorm, Linear, RmsNorm};
use ndarray::{Array2, ArrayView1, ArrayView2, array, s};

use super::{Tried, breaks_only, exercises, is_caught_by};

exercises! { layers:
    One norms_of_equal_numbers [
        "What is left of 7, 7, 7 when the mean is taken off? What is the root of the mean of the squares?",
        "Layer norm: 0 times the gain, plus the bias. RMS norm: 7/7 times the gain, which for Gemma is one more than the weight.",
    ]
    Two from_conv1d [
        "Which shape has the weight of a `Linear` with as many inputs and outputs?",
        "`weight.t()` is a view of the same numbers. In which order does `iter()` of it go through them?",
    ]
    Two larger_of_two [
        "Rows of the first weight make sums such as a − b out of (a, b). How do you get b itself past a ReLU?",
        "b = relu(b) − relu(−b).",
        "First weight: (1, −1), (0, 1), (0, −1). What does the second make of these three?",
    ]
    Two scale_norm [
        "What is the root of the mean of the squares of (3, 4), and what is its length?",
        "They differ by √d, and the weight can make up for it.",
    ]
    Two gated [
        "How many rows of `gate_and_up` are the gate's? `slice(s![..f, ..])` are the first f.",
        "x·Wᵀ is `x.dot(&w.t())`. Which of the two products goes through GELU, by `mapv`?",
    ]
    Two law_that_catches_one_pass [
        "Let a row lie around 500, with numbers that differ by 1. How large are the two terms, and how many digits has f32?",
        "Which law adds a number to a row?",
    ]
    Two found_by_variance_alone [
        "Rows have to keep mean 0, and a shift or a scale of x must still change nothing. What is left to be wrong?",
        "The size of the rows. The chapter's traps have a wrong divisor, d − 1; for one column it has to be at least 1.",
    ]
    Three scale_norm_backward [
        "Write y = g·n with n = x / |x|. dg is easy; and dn = g·dy.",
        "How does n change with x? Along x it does not: what points along n is taken off dn, and the rest is divided by |x|.",
        "dx = g / |x| · (dy − n·(dy·n)).",
    ]
}

/// Whether two rows agree within a tolerance; else says what is what.
fn near(what: &str, got: ArrayView1<'_, f32>, expected: ArrayView1<'_, f32>, by: f32) -> Verdict {
    let near =
        got.len() == expected.len() && got.iter().zip(expected).all(|(a, b)| (a - b).abs() <= by);
    if near { Ok(()) } else { Err(format!("{what} is {got}, expected {expected}")) }
}

fn said<T>(result: lt_core::Result<T>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn norms_of_equal_numbers(answer: fn() -> [f32; 4]) {
    const EPSILON: f32 = 1e-5;
    let x = array![[7.0, 7.0, 7.0]];
    let all = |number: f32| Weight::new(&[3], vec![number; 3]);
    let rms = |weight, gain| RmsNorm::new(all(weight)?, gain, EPSILON)?.forward(x.view());
    let layer_norm = || LayerNorm::new(all(3.0)?, all(5.0)?, EPSILON)?.forward(x.view());
    let computed = [
        ("the layer norm", layer_norm()),
        ("the RMS norm of weight 3", rms(3.0, Gain::Weight)),
        ("Gemma's norm of weight 0", rms(0.0, Gain::OnePlusWeight)),
        ("Gemma's norm without the 1", rms(0.0, Gain::Weight)),
    ];
    for (answer, (name, computed)) in answer().into_iter().zip(computed) {
        let computed = computed.map_or(f32::NAN, |rows| rows[[0, 0]]);
        let near = (answer - computed).abs() < 1e-3;
        assert!(near, "{name}: your answer is {answer}, but the layer gives something else");
    }
}

/// A weight `[in, out]` and rows to put through it.
#[derive(Debug, Clone)]
struct Stored {
    weight: Rows,
    x: Rows,
}

fn stored() -> impl Strategy<Value = Stored> {
    let sizes = (1..=3_usize, 1..=4_usize, 1..=4_usize);
    (sizes, numbers(), numbers()).prop_map(|((tokens, inputs, outputs), weight, x)| Stored {
        weight: weight.rows(inputs, outputs),
        x: x.rows(tokens, inputs),
    })
}

/// See [`from_conv1d`].
const A_STORED_WEIGHT_COMPUTES_THE_SAME: Law = Law {
    name: "the layer computes what GPT-2 computes with the stored weight",
    statement: "linear(x) = x·W + b, W [in, out]",
    tolerance: "1e-4: products are summed in another order",
};

fn from_conv1d(answer: fn(ArrayView2<'_, f32>, &[f32]) -> lt_core::Result<Linear>) {
    A_STORED_WEIGHT_COMPUTES_THE_SAME.hold(&stored(), |Stored { weight, x }| {
        let bias: Vec<f32> = (0..weight.ncols()).map(|at| at as f32).collect();
        let layer = said(answer(weight.view(), &bias))?;
        let (got, expected) =
            (said(layer.forward(x.view()))?, x.dot(&*weight) + ArrayView1::from(&bias));
        let mut rows = got.outer_iter().zip(expected.outer_iter());
        rows.try_for_each(|(got, expected)| {
            near("a row, with the bias 0, 1, …,", got, expected, 1e-4)
        })
    });
}

/// Two numbers.
#[derive(Debug, Clone)]
struct Two {
    a: f32,
    b: f32,
}

/// See [`larger_of_two`].
const THE_LARGER_COMES_OUT: Law = Law {
    name: "the larger of two numbers comes out",
    statement: "layer(a, b) = max(a, b)",
    tolerance: "1e-5: a − b + b may be rounded",
};

fn larger_of_two(answer: fn() -> lt_core::Result<FeedForward>) {
    let number = || (-30..=30_i8).prop_map(|tenths| f32::from(tenths) / 10.0);
    let pairs = (number(), number()).prop_map(|(a, b)| Two { a, b });
    THE_LARGER_COMES_OUT.hold(&pairs, |Two { a, b }| {
        let layer = said(answer())?;
        let got = said(layer.forward(array![[a, b]].view()))?;
        if got.dim() != (1, 1) {
            return Err(format!("{:?} came out, expected [1, 1]", got.shape()));
        }
        near("the larger one", got.row(0), array![a.max(b)].view(), 1e-5)
    });
}

/// A gain and a row.
#[derive(Debug, Clone)]
struct Scaled {
    gain: f32,
    row: Rows,
}

/// Rows that are not nearly 0, which have no direction.
fn scaled() -> impl Strategy<Value = Scaled> {
    let gain = select(vec![1.0_f32, 10.0, 0.5, -2.0]);
    (gain, 1..=6_usize, numbers())
        .prop_map(|(gain, d, numbers)| Scaled { gain, row: numbers.rows(1, d) })
        .prop_filter("no direction", |scaled| length(&scaled.row) > 0.1)
}

fn length(row: &Rows) -> f32 {
    row.iter().map(|x| x * x).sum::<f32>().sqrt()
}

/// See [`scale_norm`].
const SCALE_NORM_IS_AN_RMS_NORM: Law = Law {
    name: "the norm divides by the length and multiplies by g",
    statement: "norm(x) = g·x / |x|",
    tolerance: "1e-5 of g",
};

fn scale_norm(answer: fn(f32, usize) -> lt_core::Result<RmsNorm>) {
    SCALE_NORM_IS_AN_RMS_NORM.hold(&scaled(), |Scaled { gain, row }| {
        let norm = said(answer(gain, row.ncols()))?;
        let (got, expected) = (said(norm.forward(row.view()))?, &*row * (gain / length(&row)));
        near("the normalised row", got.row(0), expected.row(0), 1e-5 * gain.abs())
    });
}

/// A gated layer, as the exercise has it.
type Gated = fn(ArrayView2<'_, f32>, ArrayView2<'_, f32>, ArrayView2<'_, f32>) -> Array2<f32>;

/// See [`gated`].
const A_STORED_GATE_IS_A_GATE: Law = Law {
    name: "the numbers are those of the library's gated layer",
    statement: "gated(x) = (gelu(x·W₁ᵀ) ⊙ x·W₂ᵀ)·W₃ᵀ, W₁ the upper half of what is stored",
    tolerance: "1e-3: products are summed in another order",
};

fn gated(answer: Gated) {
    const D: usize = 3;
    const F: usize = 4;
    let (both, down) = (sample::rows(2 * F, D, 1), sample::rows(D, F, 2));
    lt_laws::gated::up_is_not_bent(D, |x, factor| {
        let mut both = both.clone();
        both.slice_mut(s![F.., ..]).mapv_inplace(|weight| weight * factor);
        answer(x, both.view(), down.view())
    });
    let linear = |rows: ArrayView2<'_, f32>| {
        let numbers = rows.iter().copied().collect();
        Linear::new(Weight::new(rows.shape(), numbers).expect("a matrix"), None).expect("not empty")
    };
    let [gate, up] = [s![..F, ..], s![F.., ..]].map(|half| linear(both.slice(half)));
    let layer = GatedFeedForward::new(gate, Activation::Gelu, up, linear(down.view()));
    let layer = layer.expect("shapes that fit");
    let rows = (1..=4_usize, numbers()).prop_map(|(tokens, x): (_, Numbers)| x.rows(tokens, D));
    A_STORED_GATE_IS_A_GATE.hold(&rows, |x| {
        let (got, expected) =
            (answer(x.view(), both.view(), down.view()), said(layer.forward(x.view()))?);
        let mut rows = got.outer_iter().zip(expected.outer_iter());
        rows.try_for_each(|(got, expected)| near("a row", got, expected, 1e-3))
    });
}

/// A layer norm, as the laws take it.
type Norm = fn(ArrayView2<'_, f32>, f32) -> Array2<f32>;

const LAWS: &[Tried<Norm>] = &[
    (&laws::MEAN_IS_ZERO, |f| laws::mean_is_zero(f)),
    (&laws::VARIANCE_IS_ONE, |f| laws::variance_is_one(f)),
    (&laws::A_SHIFT_CHANGES_NOTHING, |f| laws::a_shift_changes_nothing(f)),
    (&laws::A_SCALE_CHANGES_NOTHING, |f| laws::a_scale_changes_nothing(f)),
];

/// The variance as a difference. Nothing below 0 may come under the root.
fn one_pass(rows: ArrayView2<'_, f32>, epsilon: f32) -> Array2<f32> {
    let mut normalised = rows.to_owned();
    for mut row in normalised.rows_mut() {
        let d = row.len() as f32;
        let mean = row.sum() / d;
        let variance = row.iter().map(|x| x * x).sum::<f32>() / d - mean * mean;
        row -= mean;
        row /= (variance.max(0.0) + epsilon).sqrt();
    }
    normalised
}

fn law_that_catches_one_pass(answer: fn() -> &'static str) {
    let mutant: Norm = one_pass;
    is_caught_by(answer(), LAWS, &mutant);
}

fn found_by_variance_alone(answer: Norm) {
    breaks_only(&laws::VARIANCE_IS_ONE, LAWS, &answer);
}

/// A gain, a row, and the gradient of what the norm makes of it.
#[derive(Debug, Clone)]
struct Learned {
    gain: f32,
    x: Rows,
    d_y: Rows,
}

/// See [`scale_norm_backward`].
const SCALE_NORM_IS_DERIVED: Law = Law {
    name: "the derivative of ScaleNorm is that of the RMS norm that computes the same",
    statement: "your dx and dg = those that go back through the library's RMS norm",
    tolerance: "1e-4 · |g| · |dy| / |x| for dx, 1e-4 · |dy| for dg",
};

/// x, g and dy to dx and dg.
type RowBackward = fn(&[f32], f32, &[f32]) -> (Vec<f32>, f32);

fn scale_norm_backward(answer: RowBackward) {
    let cases = (scaled(), numbers()).prop_map(|(Scaled { gain, row }, numbers)| {
        let d_y = numbers.rows(1, row.ncols());
        Learned { gain, x: row, d_y }
    });
    SCALE_NORM_IS_DERIVED.hold(&cases, |Learned { gain, x, d_y }| {
        let norm = said(crate::solutions::layers::scale_norm(gain, x.ncols()))?;
        let (mut grads, scratch) = (zeros_like(&norm), &mut Scratch::new());
        let d_x = said(norm.backward(x.view(), &(), &d_y, &mut grads, scratch))?;
        let d_gain = grads.weight().f32().iter().sum::<f32>() / (x.ncols() as f32).sqrt();

        let row = |rows: &Rows| rows.iter().copied().collect::<Vec<_>>();
        let (got_d_x, got_d_gain) = answer(&row(&x), gain, &row(&d_y));
        let size = 1e-4 * length(&d_y);
        near("dx", ArrayView1::from(&got_d_x), d_x.row(0), size * gain.abs() / length(&x))?;
        near("dg", array![got_d_gain].view(), array![d_gain].view(), size)
    });
}
