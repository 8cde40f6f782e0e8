//! What the exercises on the contract are held against.

use std::cell::Cell;

use lt_core::{Error, Mask, Place, Ragged, Result, Train, Weight, params, weights};
use lt_kernels::{Product, reference};
use lt_laws::gradient::{self as laws, Subject};
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::*;
use lt_laws::strategies::{numbers, one};
use lt_laws::{Law, Rows, Verdict};
use ndarray::{Array2, ArrayView2};

use super::{Told, Tried, breaks_only, exercises, is_caught_by, told};
use crate::core::{Brick, Shift, Wall};

exercises! { core:
    One names_of_a_wall [
        "A name is made of fields, joined by dots. What is the name of a part of a `Vec`?",
        "Parts are named 0, 1, …; a bias that is `None` is not visited.",
    ]
    One shift [
        "`lt_core::check_columns` refuses rows of another width.",
        "`rows + bias` of two arrays does the rest: `layer.bias.vector()` is added to each row.",
    ]
    Two without_padding [
        "Tokenizers of decoders pad on the left. Where is the first token of such a row?",
        "As many tokens as there are ones, from the first 1 on. If one of these places is 0, there is a gap.",
        "The offsets begin with 0, and after each row there is one more: how many ids there are now.",
    ]
    Two looks_at_the_first [
        "A place is allowed by one of two reasons: `place.key` is one of the first, or it is not ahead of `place.query`.",
        "The first n have the numbers 0 to n − 1. Which text it is does not matter.",
    ]
    Two shift_backward [
        "The same b is added to each row. What does a small step of b change, and how often?",
        "dx = dy, and db is the sum of the rows of dy.",
        "`grads.bias.add(&sum)` adds a sum that is ready; `check_shape(…, Shape::of(rows.shape()), d_output.shape())` comes first.",
    ]
    Two law_that_catches_rows_added_one_by_one [
        "In the first pass the gradient is 0 at first, and all is well. And in the second?",
        "g + a + b is (g + a) + b, not g + (a + b). Which law compares two passes to the bit?",
    ]
    Two wrong_by_its_slope_alone [
        "It must add, be there for each parameter, refuse wrong shapes, and do the same every time.",
        "All of that is true of a gradient that is twice as large.",
    ]
    Three is_dropped [
        "Five numbers decide: seed, step, site, what identifies the row, and the column.",
        "Fold them into one: `scramble(so_far ^ next)`, beginning with 0. The row is `train.row_key(row)`.",
        "The upper 24 bits of the result, divided by 2²⁴, are spread evenly from 0 to 1: compare with the rate.",
    ]
}

fn names_of_a_wall(answer: fn() -> Vec<&'static str>) {
    let brick = |bias| Brick { weight: Weight::zeros(&[2, 2]), bias };
    let layers = vec![brick(Some(Weight::zeros(&[2]))), brick(None)];
    let wall = Wall { layers, norm: Weight::zeros(&[2]) };
    let names: Vec<String> = weights(&wall).into_iter().map(|(name, _)| name).collect();
    let answer = answer();
    let unknown = answer.iter().find(|answer| names.iter().all(|name| name != *answer));
    if let Some(unknown) = unknown {
        panic!("{answer:?}: no parameter is called `{unknown}`");
    }
    let twice = (1..answer.len()).find(|&at| answer[..at].contains(&answer[at]));
    if let Some(at) = twice {
        panic!("{answer:?}: `{}` is listed twice", answer[at]);
    }
    let (listed, there) = (answer.len(), names.len());
    assert!(listed == there, "{answer:?}: these are {listed}, and the wall has {there} parameters");
    assert!(answer == names, "{answer:?}: they are visited in another order");
}

/// See [`shift`].
const A_SHIFT_IS_ADDED: Law = Law {
    name: "a shift is added to rows of its width, and others are refused",
    statement: "y = x·I + b for rows [tokens, d]; else Error::Shape",
    tolerance: "none: one addition a number",
};

fn shift(answer: fn(&Shift, ArrayView2<'_, f32>) -> Result<Array2<f32>>) {
    let widths = prop_oneof![(1_usize..5).prop_map(|d| (d, d)), (1_usize..5, 1_usize..5)];
    let cases = (widths, 1_usize..4, numbers(), numbers());
    let cases = cases.prop_map(|((d, columns), tokens, rows, bias)| {
        (rows.rows(tokens, columns), bias.rows(1, d))
    });
    A_SHIFT_IS_ADDED.hold(&cases, |(x, b)| {
        let (d, columns) = (b.ncols(), x.ncols());
        let said = format!("rows {:?} for d = {d}, both below", x.shape());
        let weight = |shape: &[usize], values: Vec<f32>| {
            Weight::new(shape, values).map_err(|error| error.to_string())
        };
        let layer = Shift { bias: weight(&[d], b.iter().copied().collect())? };
        match answer(&layer, x.view()) {
            Ok(y) if columns != d => Err(format!("{said}: accepted, and gave {:?}", Rows(y))),
            Err(Error::Shape { .. }) if columns != d => Ok(()),
            Err(error) => Err(format!("{said}: refused with {error}")),
            Ok(y) => {
                let ones = weight(&[d, d], Array2::eye(d).into_iter().collect())?;
                let expected = Product::new(x.view(), &ones).bias(Some(&layer.bias));
                let expected = reference::product(&expected);
                if y == expected {
                    return Ok(());
                }
                Err(format!("{said}: gave {:?}, expected {:?}", Rows(y), Rows(expected)))
            }
        }
    });
}

/// From a padded batch to a ragged one.
type Unpad = fn(ArrayView2<'_, u32>, ArrayView2<'_, u8>) -> Option<(Vec<u32>, Vec<usize>)>;

/// See [`without_padding`].
const PADDING_IS_DROPPED: Law = Law {
    name: "padding is dropped, and what is no padding mask is refused",
    statement: "your answer = Ragged::from_padded(ids, mask)",
    tolerance: "none",
};

fn without_padding(answer: Unpad) {
    // Of each row: how long it is, whether padding is on the left, and one place that is changed.
    let row = (0_usize..5, any::<bool>(), prop_oneof![9 => Just(9), 1 => 0_usize..5], 0_u8..3);
    PADDING_IS_DROPPED.hold(&(1_usize..5, vec(row, 0..4)), |(longest, rows)| {
        let mask = Array2::from_shape_fn((rows.len(), longest), |(row, place)| {
            let (length, left, changed, to) = rows[row];
            let padding = longest.saturating_sub(length);
            let is_token = if left { place >= padding } else { place < length };
            if place == changed { to } else { u8::from(is_token) }
        });
        let ids = Array2::from_shape_fn(mask.dim(), |(row, place)| (10 * row + place) as u32);
        let read = Ragged::from_padded(ids.view(), mask.view()).ok();
        let read = read.map(|(ids, batch)| (ids, batch.offsets().to_vec()));
        match answer(ids.view(), mask.view()) {
            got if got == read => Ok(()),
            got => Err(format!(
                "for the ids {ids} and the mask {mask}\nyou say {got:?}, expected {read:?}"
            )),
        }
    });
}

/// See [`looks_at_the_first`].
const THE_PREFIX_IS_SEEN: Law = Law {
    name: "the first n tokens are seen by all, and else only what is not ahead",
    statement: "your mask allows what Mask::prefix allows, in each text",
    tolerance: "none",
};

fn looks_at_the_first(answer: fn(usize) -> Mask) {
    let places = (0_usize..3, 0_usize..5, 0_usize..5);
    THE_PREFIX_IS_SEEN.hold(&told((0_usize..6, places)), |Told((n, (sequence, query, key)))| {
        let place = Place { sequence, query, key };
        let (got, expected) = (answer(n).allows(place), Mask::prefix([n; 3]).allows(place));
        if got == expected {
            return Ok(());
        }
        let said = |allowed| if allowed { "allowed" } else { "not allowed" };
        Err(format!("n = {n}, {place:?}: {}, expected: {}", said(got), said(expected)))
    });
}

/// A backward pass of [`Shift`].
type Pass = fn(ArrayView2<'_, f32>, &Array2<f32>, &mut Shift) -> Result<Array2<f32>>;

thread_local! {
    /// The laws make the layer themselves, and know nothing of the pass that it shall have.
    static PASS: Cell<Pass> = const { Cell::new(crate::solutions::core::shift_backward) };
}

/// A shift with a backward pass.
#[derive(Clone)]
struct Held {
    shift: Shift,
    pass: Pass,
}
params!(Held { shift });

fn subject(pass: Pass) -> Subject<Held> {
    PASS.set(pass);
    Subject {
        layer: || Held { shift: Shift { bias: Weight::zeros(&[5]) }, pass: PASS.get() },
        inputs: vec![[4, 5]],
        without_gradient: Vec::new(),
        wrong: Vec::new(),
        forward: |layer, inputs| crate::solutions::core::shift(&layer.shift, inputs[0].view()),
        forward_in: |layer, inputs, _| {
            crate::solutions::core::shift(&layer.shift, inputs[0].view())
        },
        forward_cached: |layer, inputs| {
            crate::solutions::core::shift(&layer.shift, inputs[0].view())
        },
        backward: |layer, inputs, d_output, grads, _| {
            (layer.pass)(inputs[0].view(), d_output, &mut grads.shift).map(|rows| vec![rows])
        },
    }
}

const LAWS: &[Tried<Subject<Held>>] = &[
    (&laws::FORWARD_PASSES_AGREE, |layer| laws::forward_passes_agree(layer)),
    (&laws::BACKWARD_IS_THE_SLOPE, |layer| laws::backward_is_the_slope(layer)),
    (&laws::BACKWARD_ADDS, |layer| laws::backward_adds(layer)),
    (&laws::EVERY_PARAMETER_HAS_A_GRADIENT, |layer| laws::every_parameter_has_a_gradient(layer)),
    (&laws::WRONG_SHAPES_ARE_REFUSED, |layer| laws::wrong_shapes_are_refused(layer)),
];

fn shift_backward(answer: Pass) {
    LAWS.iter().for_each(|(_, hold)| hold(&subject(answer)));
}

/// Each row as it comes.
fn one_by_one(
    rows: ArrayView2<'_, f32>,
    d_output: &Array2<f32>,
    grads: &mut Shift,
) -> Result<Array2<f32>> {
    lt_core::check_shape("Shift::backward", lt_core::Shape::of(rows.shape()), d_output.shape())?;
    d_output.rows().into_iter().for_each(|row| grads.bias.add(&row.to_vec()));
    Ok(d_output.clone())
}

fn law_that_catches_rows_added_one_by_one(answer: fn() -> &'static str) {
    is_caught_by(answer(), LAWS, &subject(one_by_one));
}

fn wrong_by_its_slope_alone(answer: Pass) {
    breaks_only(&laws::BACKWARD_IS_THE_SLOPE, LAWS, &subject(answer));
}

/// Whether a number is dropped.
type Decides = fn(&Train, u64, usize, usize, f32) -> bool;

/// See [`is_dropped`].
const NO_BATCH_COUNTS: Law = Law {
    name: "a token is dropped alike, alone and in a batch",
    statement: "row offset + p of the batch is row p of the text alone",
    tolerance: "none",
};

/// See [`is_dropped`].
const EACH_PART_COUNTS: Law = Law {
    name: "seed, step, site, row and column decide, and a share of `rate` is dropped",
    statement: "with one of them changed, half are decided otherwise at a rate of 0.5",
    tolerance: "of 2500 numbers: 0.06 of the share, and 0.3 to 0.7 in place of a half",
};

fn is_dropped(answer: Decides) {
    let cases = (vec(1_usize..5, 1..4), 0_u64..99, 0_u64..99, one());
    NO_BATCH_COUNTS.hold(&cases, |(lengths, seed, step, one)| {
        let (text, batch) = (one.index(lengths.len()), Ragged::from_lengths(lengths.clone()));
        let whole = Train::new(seed, step).with_sequences(0, &batch);
        let single = Ragged::single(lengths[text]);
        let alone = Train::new(seed, step).with_sequences(text as u64, &single);
        let drops = |train: &Train, row| [0, 1, 2, 3, 4, 5].map(|c| answer(train, 0, row, c, 0.5));
        for (p, row) in batch.ranges().nth(text).unwrap_or_default().enumerate() {
            let (among, by_itself) = (drops(&whole, row), drops(&alone, p));
            if among != by_itself {
                return Err(format!(
                    "texts of {lengths:?} tokens, token {p} of text {text}, columns 0 to 5: \
                     dropped in the batch {among:?}, alone {by_itself:?}"
                ));
            }
        }
        Ok(())
    });
    let cases = (0_u64..99, 0_u64..99, 0_u64..9, 1_u8..10);
    EACH_PART_COUNTS.hold_for(16, &cases, |(seed, step, site, tenths)| {
        let rate = f32::from(tenths) / 10.0;
        parts_count(answer, [seed, step, site], rate)
            .map_err(|why| format!("seed {seed}, step {step}, site {site}: {why}"))
    });
}

fn parts_count(answer: Decides, [seed, step, site]: [u64; 3], rate: f32) -> Verdict {
    let text = Ragged::single(51);
    let train = |seed, step| Train::new(seed, step).with_sequences(0, &text);
    let here = train(seed, step);
    let places = || (0..50).flat_map(|row| (0..50).map(move |column| (row, column)));
    let share = |of: &dyn Fn(usize, usize) -> bool| {
        places().filter(|&(row, column)| of(row, column)).count() as f32 / 2500.0
    };
    let dropped = share(&|row, column| answer(&here, site, row, column, rate));
    if (dropped - rate).abs() > 0.06 {
        return Err(format!("at a rate of {rate} a share of {dropped} is dropped"));
    }
    type Move = fn(usize, usize) -> (usize, usize);
    let others: [(&str, Train, u64, Move); 6] = [
        ("another seed", train(seed + 1, step), site, |row, column| (row, column)),
        ("another step", train(seed, step + 1), site, |row, column| (row, column)),
        ("another site", train(seed, step), site + 1, |row, column| (row, column)),
        ("another row", train(seed, step), site, |row, column| (row + 1, column)),
        ("another column", train(seed, step), site, |row, column| (row, column + 1)),
        ("row and column exchanged", train(seed, step), site, |row, column| (column, row)),
    ];
    for (what, there, its_site, moved) in others {
        let otherwise = share(&|row, column| {
            let (its_row, its_column) = moved(row, column);
            answer(&here, site, row, column, 0.5)
                != answer(&there, its_site, its_row, its_column, 0.5)
        });
        if !(0.3..0.7).contains(&otherwise) {
            return Err(format!("{what}: a share of {otherwise} is decided otherwise, not a half"));
        }
    }
    Ok(())
}
