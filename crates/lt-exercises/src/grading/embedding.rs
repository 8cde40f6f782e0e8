//! What the exercises on embeddings are held against.

use lt_attention::{AttentionInput, DistanceBias, ScaledDotProduct};
use lt_core::{Mask, Module, Ragged, Weight};
use lt_embedding::{
    Embedding, PositionIds, Positions, Rotary, RotaryInput, RotaryLayout, sinusoidal_table,
};
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::select;
use lt_laws::rotary as laws;
use lt_laws::strategies::{batch_of_rows, numbers};
use lt_laws::{Law, Rows};
use ndarray::{Array2, ArrayView2};

use super::{Tried, breaks_only, exercises, is_caught_by};

exercises! { embedding:
    One share_of_itself [
        "What does ALiBi take off the score of the token itself, of the one before, of the one before that? What does exp make of it?",
        "The weights go like 1, e^(−slope), e^(−2·slope), …: a geometric series.",
        "The sum of 1 + r + r² + … is 1 / (1 − r).",
    ]
    One wavelengths [
        "By which angle is pair i turned at position 1? How many of these make a full turn, 2π?",
        "2π · θ^(2i/k), for i from 0 to k/2 − 1.",
    ]
    Two alike_though_far [
        "How far apart are they, in turns? Which fraction is near to π?",
        "22/7 is too coarse: 44 is 7 turns but for 0.018. A loop over all distances below 1000 finds a better one.",
        "355/113 is a very good one: 710 is 113 turns.",
    ]
    Two with_a_new_row [
        "At which end does a new row leave all other ids alone?",
        "`table.forward(&[first, second])?` looks up both rows, and refuses ids that there are not.",
        "`table.weight().to_f32()` are the numbers of the table, row after row. `Weight::new` takes them with one row more.",
    ]
    Two position_numbers [
        "Where does counting begin: for the batch, or for each text?",
        "A token of the id p is given p itself, and the next one goes on as if it were not there.",
    ]
    Two law_that_catches_counting_through_the_batch [
        "All numbers of a text are too high by the same. Does a product of two of its tokens change?",
        "Which law looks at a certain position of each text?",
    ]
    Two found_by_distance_alone [
        "Turn each row by an angle that is 0 at position 0.",
        "With an angle of p·c for any c only the distance counts. What if it does not grow evenly?",
    ]
    Three rotated [
        "Three loops: over the texts of the batch, over the places in a text, over the pairs of a row.",
        "Positions count from the beginning of each text: `for (position, row) in range.enumerate()`.",
        "Column i and column i + k/2 make a pair. Read both from `rows` before you write either.",
    ]
}

/// See [`share_of_itself`].
const SHARES_ARE_THOSE_OF_ATTENTION: Law = Law {
    name: "the share of the token itself is what attention gives it",
    statement: "share(slope) is the weight of the last of 300 tokens for itself",
    tolerance: "1e-4: the text has a beginning",
};

fn share_of_itself(answer: fn(f32) -> f32) {
    SHARES_ARE_THOSE_OF_ATTENTION.hold(&select(vec![0.5_f32, 1.0, 0.25, 0.125]), |slope| {
        const TOKENS: usize = 300;
        let (alike, batch, causal) =
            (Array2::zeros((TOKENS, 1)), Ragged::single(TOKENS), Mask::causal());
        // 1 at the last token, so that what comes out there is its own weight.
        let value = Array2::from_shape_fn((TOKENS, 1), |(at, _)| f32::from(at == TOKENS - 1));
        let slopes = [slope];
        let input = AttentionInput::new(alike.view(), alike.view(), value.view(), &batch)
            .mask(&causal)
            .bias(DistanceBias::of_slopes(&slopes));
        let output = ScaledDotProduct::new(1).and_then(|layer| layer.forward(input));
        let expected = output.map_err(|error| error.to_string())?[[TOKENS - 1, 0]];
        match answer(slope) {
            share if (share - expected).abs() < 1e-4 => Ok(()),
            share => {
                Err(format!("with the slope {slope} the share is {share}, expected {expected}"))
            }
        }
    });
}

/// See [`wavelengths`].
const ONCE_ROUND_IS_A_FULL_TURN: Law = Law {
    name: "a pair that has gone round once has made a full turn",
    statement: "positions · frequency = 2π for each pair, the fastest first",
    tolerance: "1e-4 of the turn: powers are rounded",
};

/// A rotary head.
#[derive(Debug, Clone)]
struct Head {
    width: usize,
    theta: f32,
}

fn wavelengths(answer: fn(usize, f32) -> Vec<f32>) {
    let heads = (1..=8_usize, select(vec![10_000.0_f32, 100.0, 500_000.0]))
        .prop_map(|(pairs, theta)| Head { width: 2 * pairs, theta });
    ONCE_ROUND_IS_A_FULL_TURN.hold(&heads, |Head { width, theta }| {
        let rotary = Rotary::new(width, theta, RotaryLayout::Halves);
        let rotary = rotary.map_err(|error| error.to_string())?;
        let (got, pairs) = (answer(width, theta), rotary.frequencies().len());
        if got.len() != pairs {
            return Err(format!("{} numbers, expected one for each of {pairs} pairs", got.len()));
        }
        for (pair, (&got, frequency)) in got.iter().zip(rotary.frequencies()).enumerate() {
            let expected = std::f32::consts::TAU / frequency;
            let near = (got - expected).abs() <= 1e-4 * expected;
            if !near {
                return Err(format!("pair {pair} begins again after {got}, expected {expected}"));
            }
        }
        Ok(())
    });
}

fn alike_though_far(answer: fn() -> (usize, usize)) {
    let (first, second) = answer();
    assert!(first != second, "both are position {first}, expected two different ones");
    assert!(first.max(second) < 1000, "{first} and {second}: expected positions below 1000");
    let table = sinusoidal_table(1000, 2).expect("a small table");
    let rows = table.matrix();
    let apart = (&rows.row(first) - &rows.row(second)).mapv(f32::abs);
    let most = apart.iter().copied().fold(0.0, f32::max);
    assert!(
        most < 0.001,
        "the rows of {first} and {second} differ by {most} in a column, expected less than 0.001"
    );
}

/// A table, and two pieces of it, or one beyond it.
#[derive(Debug, Clone)]
struct Grown {
    table: Rows,
    first: u32,
    second: u32,
}

fn grown() -> impl Strategy<Value = Grown> {
    (1..=4_usize, 1..=3_usize, numbers(), 0..5_u32, 0..5_u32).prop_map(
        |(rows, width, numbers, first, second)| {
            let beyond = rows as u32 + 1; // one of them is not there
            let (first, second) = (first % beyond, second % beyond);
            Grown { table: numbers.rows(rows, width), first, second }
        },
    )
}

/// See [`with_a_new_row`].
const A_NEW_ROW_IS_A_MEAN: Law = Law {
    name: "a new row is the mean of two, and the others stay",
    statement: "T′[i] = T[i] for i < v, T′[v] = (T[first] + T[second]) / 2; else an error",
    tolerance: "1e-6: a mean may be rounded twice",
};

fn with_a_new_row(answer: fn(&Embedding, u32, u32) -> lt_core::Result<Embedding>) {
    A_NEW_ROW_IS_A_MEAN.hold(&grown(), |Grown { table, first, second }| {
        let (v, d) = table.dim();
        let weight = Weight::new(&[v, d], table.iter().copied().collect());
        let before = weight.and_then(Embedding::new).map_err(|error| error.to_string())?;
        let looked_up = before.forward(&[first, second]);
        let (after, both) = match (answer(&before, first, second), looked_up) {
            (Err(_), Err(_)) => return Ok(()),
            (Ok(_), Err(error)) => return Err(format!("it was accepted, expected: {error}")),
            (Err(error), Ok(_)) => return Err(format!("it was refused: {error}")),
            (Ok(after), Ok(both)) => (after, both),
        };
        if after.weight().shape() != [v + 1, d] {
            let got = after.weight().shape();
            return Err(format!("the table is {got:?}, expected [{}, {d}]", v + 1));
        }
        let rows = after.weight().matrix();
        if let Some(id) = (0..v).find(|&id| rows.row(id) != table.row(id)) {
            return Err(format!("row {id} is no longer what it was: {}", rows.row(id)));
        }
        let (got, expected) = (rows.row(v), (&both.row(0) + &both.row(1)) / 2.0);
        if got.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-6) {
            Ok(())
        } else {
            Err(format!("the new row is {got}, expected {expected}"))
        }
    });
}

/// Texts of a batch, and the id of padding for a family that numbers behind it.
#[derive(Debug, Clone)]
struct Texts {
    texts: Vec<Vec<u32>>,
    padding: Option<u32>,
}

fn texts() -> impl Strategy<Value = Texts> {
    let texts = vec(vec(0..5_u32, 1..=5), 1..=3);
    let padding = select(vec![None, Some(1), Some(0)]);
    (texts, padding).prop_map(|(texts, padding)| Texts { texts, padding })
}

/// See [`position_numbers`].
const NUMBERS_ARE_THOSE_OF_THE_FAMILY: Law = Law {
    name: "positions are numbered as the family numbers them",
    statement: "the numbers of each text are those of `Positions::numbers`",
    tolerance: "none: positions are counted",
};

fn position_numbers(answer: fn(&[u32], &Ragged, Option<u32>) -> Vec<usize>) {
    NUMBERS_ARE_THOSE_OF_THE_FAMILY.hold(&texts(), |Texts { texts, padding }| {
        let numbering = padding.map_or(PositionIds::FromZero, PositionIds::AfterPadding);
        let table = Embedding::new(Weight::zeros(&[16, 1]));
        let positions = table.and_then(|table| Positions::new(table, numbering));
        let positions = positions.map_err(|error| error.to_string())?;
        let (ids, batch) = Ragged::concatenate(&texts);
        let numbers = |text: &Vec<u32>| positions.numbers(text, 0).collect::<Vec<_>>();
        let expected: Vec<usize> = texts.iter().flat_map(numbers).collect();
        match answer(&ids, &batch, padding) {
            got if got == expected => Ok(()),
            got => Err(format!("the numbers are {got:?}, expected {expected:?}")),
        }
    });
}

/// A rotation, as the laws take it.
type Rotation = fn(ArrayView2<'_, f32>, &Ragged) -> Array2<f32>;

/// For heads of width 2.
const LAWS: &[Tried<Rotation>] = &[
    (&laws::ONLY_THE_DISTANCE_COUNTS, |f| laws::only_the_distance_counts(2, f)),
    (&laws::LENGTHS_ARE_KEPT, |f| laws::lengths_are_kept(2, f)),
    (&laws::THE_FIRST_POSITION_IS_NOT_TURNED, |f| laws::the_first_position_is_not_turned(2, f)),
];

/// All texts of the batch as if they were one.
fn through_the_batch(rows: ArrayView2<'_, f32>, batch: &Ragged) -> Array2<f32> {
    crate::solutions::embedding::rotated(rows, &Ragged::single(batch.tokens()))
}

fn law_that_catches_counting_through_the_batch(answer: fn() -> &'static str) {
    let mutant: Rotation = through_the_batch;
    is_caught_by(answer(), LAWS, &mutant);
}

fn found_by_distance_alone(answer: Rotation) {
    breaks_only(&laws::ONLY_THE_DISTANCE_COUNTS, LAWS, &answer);
}

/// Texts of a batch, of these lengths, and their rows.
#[derive(Debug, Clone)]
struct Rotated {
    lengths: Vec<usize>,
    rows: Rows,
}

/// See [`rotated`].
const NUMBERS_ARE_THOSE_OF_ROTARY: Law = Law {
    name: "the numbers are those of the library's rotary positions",
    statement: "the rows are those of `Rotary` with halves and base 10000",
    tolerance: "3e-4: angles of up to 270 are rounded to f32",
};

fn rotated(answer: Rotation) {
    laws::all(6, answer);
    let rotary = Rotary::new(6, 10_000.0, RotaryLayout::Halves).expect("an even width");
    let cases = batch_of_rows(6).prop_map(|(batch, rows)| {
        let lengths = batch.ranges().map(|range| range.len()).collect();
        Rotated { lengths, rows }
    });
    NUMBERS_ARE_THOSE_OF_ROTARY.hold(&cases, |Rotated { lengths, rows }| {
        let batch = Ragged::from_lengths(lengths);
        let expected = rotary.forward(RotaryInput::new(rows.view(), &batch));
        let (got, expected) = (answer(rows.view(), &batch), expected.map_err(|e| e.to_string())?);
        for (at, (got, expected)) in got.outer_iter().zip(expected.outer_iter()).enumerate() {
            if !got.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 3e-4) {
                return Err(format!("row {at} is {got}, expected {expected}"));
            }
        }
        Ok(())
    });
}
