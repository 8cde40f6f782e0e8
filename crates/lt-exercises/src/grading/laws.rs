//! What the exercises on laws are held against.

mod subjects;

use std::panic::{AssertUnwindSafe, catch_unwind};

use lt_core::Weight;
use lt_kernels::{Activation, LayerNorm, Norm, RmsNorm, RootMeanSquare, reference};
use lt_laws::attention::{self, Inputs};
use lt_laws::{Law, position_wise, softmax};
use ndarray::{Array2, ArrayView2};
use subjects::{MEANS, NO_MEANS, NO_REVERSE, REVERSE, Reverse, favours_later_keys};

use super::{Told, Tried, breaks_only, exercises, is, is_caught_by, told};
use crate::laws::Pool;

exercises! { laws:
    One laws_of_equal_shares [
        "The laws are: rows sum to one, a shift, ratios, large scores, nothing allowed. What does each say of a hidden score?",
        "A score of −∞ must get 0, says the first one; and 1/d is not 0.",
        "Whose scores are not looked at, does not notice a shift.",
    ]
    One smallest_case [
        "A case is made smaller as long as the law stays broken.",
        "Which is the least n whose square is 1000 or more?",
    ]
    Two law_of_reversal [
        "A function that changes nothing obeys \"twice gives the list\". What does it get wrong?",
        "Say where each number goes: what stands at place i of the result? Or what becomes of two lists in a row?",
        "Place i of the result is place n − 1 − i of the list, and both are n long.",
    ]
    Two slope [
        "To one side, the bend of the function is taken for its slope. To the other side the same error has the other sign.",
        "How far apart are x − h and x + h?",
    ]
    Two law_that_catches_the_number_of_the_key [
        "What does a key know of its number, if attention is right?",
        "Shuffle the keys with their values: what changes now, and what should?",
    ]
    Two rows_that_hide_it [
        "Layer norm is (x − μ) / √(σ² + ε), and without the mean x / √(mean(x²) + ε). When are they the same?",
        "When μ is 0: of each row by itself, not of all together.",
    ]
    Two right_but_for_bits [
        "Write a right softmax first. Which of its steps rounds, and depends on an order?",
        "A sum from the last to the first is a right sum. Take it only if there is more than one row.",
    ]
    Three laws_of_a_mean [
        "Of what lies between the least and the largest there is much: the first token, the largest, the middle. What is true of the mean alone?",
        "How far are the tokens of a text from their mean, taken together?",
        "Σ (x − mean) = 0, text by text and column by column, within some 1e-5 a token.",
    ]
}

type Softmax = fn(ArrayView2<'_, f32>) -> Array2<f32>;

const SOFTMAX: &[Tried<Softmax>] = &[
    (&softmax::ROWS_SUM_TO_ONE, |f| softmax::rows_sum_to_one(f)),
    (&softmax::A_SHIFT_CHANGES_NOTHING, |f| softmax::a_shift_changes_nothing(f)),
    (&softmax::RATIOS_ARE_EXPONENTIALS, |f| softmax::ratios_are_exponentials(f)),
    (&softmax::LARGE_SCORES_SURVIVE, |f| softmax::large_scores_survive(f)),
    (&softmax::NOTHING_ALLOWED_GIVES_ZEROS, |f| softmax::nothing_allowed_gives_zeros(f)),
    (&position_wise::EACH_ROW_STANDS_ALONE, |f| position_wise::each_row_stands_alone(9, f)),
];

fn laws_of_equal_shares(answer: fn() -> [bool; 5]) {
    let equal: Softmax = |scores| scores.mapv(|_| 1.0 / scores.ncols() as f32);
    for (number, (said, (law, hold))) in answer().into_iter().zip(SOFTMAX).enumerate() {
        let broken = catch_unwind(AssertUnwindSafe(|| hold(&equal))).err();
        let case = broken.as_ref().map(|panic| panic.downcast_ref::<String>().cloned());
        let name = law.name;
        match (said, case) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(case)) => panic!(
                "place {number}: you say that equal shares obey \"{name}\", but they break it\n{}",
                case.unwrap_or_default()
            ),
            (false, None) => panic!(
                "place {number}: you say that equal shares break \"{name}\", but no case was found in which they do"
            ),
        }
    }
}

/// See [`smallest_case`].
const SQUARES_ARE_SMALL: Law =
    Law { name: "squares are small", statement: "n·n < 1000", tolerance: "none" };

fn smallest_case(answer: fn() -> u32) {
    let hold = || {
        SQUARES_ARE_SMALL.hold(&(0_u32..1000), |n| match n * n {
            0..1000 => Ok(()),
            square => Err(format!("{n}·{n} = {square}")),
        });
    };
    let answer = answer();
    let said = catch_unwind(hold).err().and_then(|panic| panic.downcast_ref::<String>().cloned());
    let printed = said.as_ref().and_then(|said| said.lines().last()?.parse().ok());
    is("which number is printed?", answer, printed.unwrap_or(0));
}

/// Puts right implementations and wrong ones to a law of the reader's.
#[track_caller]
fn tells_apart<F: Copy>(law: fn(F), right: &[F], wrong: &[(&str, F)]) {
    for &right in right {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| law(right))) {
            let said = panic.downcast_ref::<String>().map_or_else(
                || panic.downcast_ref::<&str>().copied().unwrap_or("without a message"),
                String::as_str,
            );
            panic!("a right function breaks your law:\n{said}");
        }
    }
    for (what, wrong) in wrong {
        let found = catch_unwind(AssertUnwindSafe(|| law(*wrong))).is_err();
        assert!(found, "your law lets a function pass that {what}");
    }
}

fn law_of_reversal(answer: fn(Reverse)) {
    tells_apart(answer, REVERSE, NO_REVERSE);
}

/// See [`slope`].
const A_SLOPE_IS_MEASURED: Law = Law {
    name: "a slope that is measured is the derivative",
    statement: "your slope = f′(x)",
    tolerance: "2e-4: h²·f‴/6 with h = 1/64; f is rounded to f32",
};

fn slope(answer: fn(&dyn Fn(f64) -> f64, f64, f64) -> f64) {
    let all = [Activation::Gelu, Activation::Silu, Activation::Tanh];
    A_SLOPE_IS_MEASURED.hold(&told((0_usize..3, -192_i16..192)), |Told((which, place))| {
        let (activation, step) = (all[which], 1.0 / 64.0);
        let x = f64::from(place) * step;
        let got = answer(&|x| activation.apply(x as f32).into(), x, step);
        let expected = f64::from(activation.derivative(x as f32));
        if (got - expected).abs() <= 2e-4 {
            return Ok(());
        }
        Err(format!("{activation:?} at {x}: you measure {got}, the derivative is {expected}"))
    });
}

/// Attention whose scores depend on the number of the key.
type Attention = fn(Inputs<'_>) -> lt_core::Result<Array2<f32>>;

const ATTENTION: &[Tried<Attention>] = &[
    (&attention::OUTPUT_LIES_AMONG_THE_VALUES, |f| attention::output_lies_among_the_values(f)),
    (&attention::ORDER_OF_KEYS_DOES_NOT_MATTER, |f| attention::order_of_keys_does_not_matter(f)),
    (&attention::OUTPUT_FOLLOWS_THE_QUERIES, |f| attention::output_follows_the_queries(f)),
    (&attention::A_HIDDEN_KEY_MAY_HOLD_ANYTHING, |f| attention::a_hidden_key_may_hold_anything(f)),
    (&attention::A_QUERY_WITHOUT_KEYS_GETS_ZEROS, |f| {
        attention::a_query_without_keys_gets_zeros(f);
    }),
    (&attention::MASKS_INTERSECT, |f| attention::masks_intersect(f)),
    (&attention::A_MASK_OF_ANOTHER_BATCH_IS_REFUSED, |f| {
        attention::a_mask_of_another_batch_is_refused(f);
    }),
];

fn law_that_catches_the_number_of_the_key(answer: fn() -> &'static str) {
    let mutant: Attention = favours_later_keys;
    is_caught_by(answer(), ATTENTION, &mutant);
}

fn rows_that_hide_it(answer: fn(u64) -> Array2<f32>) {
    assert!(answer(0) != answer(1), "two seeds give the same rows");
    for seed in 0..20 {
        let rows = answer(seed);
        let (n, d) = rows.dim();
        assert!(
            n >= 2 && d >= 2,
            "seed {seed}: [{n}, {d}], expected two rows of two numbers or more"
        );
        let Ok(ones) = Weight::new(&[d], vec![1.0; d]) else { unreachable!("d numbers") };
        let right = reference::layer_norm(&LayerNorm::new(rows.view(), Norm::new(&ones, 1e-5)));
        let root = RootMeanSquare::new(&ones, 1e-5);
        let forgetful = reference::rms_norm(&RmsNorm::new(rows.view(), root));
        for (number, row) in rows.rows().into_iter().enumerate() {
            let said = format!("seed {seed}: row {number}, {:?}", row.to_vec());
            let squares = row.iter().map(|x| x * x).sum::<f32>() / d as f32;
            assert!(squares >= 0.01, "{said}: the mean of its squares is {squares}");
            let (right, forgetful) = (right.row(number), forgetful.row(number));
            let alike = right.iter().zip(forgetful).all(|(a, b)| (a - b).abs() < 1e-4);
            assert!(alike, "{said}, becomes {right}, and without the mean {forgetful}: it shows");
        }
    }
}

fn right_but_for_bits(answer: Softmax) {
    breaks_only(&position_wise::EACH_ROW_STANDS_ALONE, SOFTMAX, &answer);
}

fn laws_of_a_mean(answer: fn(Pool)) {
    tells_apart(answer, MEANS, NO_MEANS);
}
