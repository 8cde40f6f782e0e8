//! What the exercises on kernels are held against.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lt_core::{Place, Scratch, Threads, Weight};
use lt_kernels::{Instructions, PackedWeight, Product, product_with};
use lt_laws::proptest::strategy::Strategy;
use lt_laws::strategies::numbers;
use lt_laws::{Batch, Law, Rows, encoder, kept, same_bits, softmax};
use ndarray::{Array2, ArrayView2, Axis};

use super::{Told, Tried, breaks_only, exercises, is, is_caught_by, told};
use crate::kernels::Carried;
use crate::solutions::kernels as solutions;

exercises! { kernels:
    One panels [
        "A panel is never half a panel, but it has as many lines as there are inputs.",
        "Round `out` up to a multiple of 16. What is beyond `out` was filled in.",
    ]
    One where_counting_stops [
        "An f32 has 24 bits for the digits of a number (23 are stored, the first one is known).",
        "Whole numbers of up to 24 bits are exact. Which is the first that has a neighbour missing?",
    ]
    Two pack [
        "Which number of the weight is the second of the first line? It stands in the second row.",
        "Three loops, from outside: the panels, the inputs, the 16 outputs of a panel.",
        "The last panel asks for outputs that there are not: 0 in their place.",
    ]
    Two tokens_until_arithmetic [
        "How long does it take to read one number of the weight? And how long to multiply it with t tokens?",
        "2·t / operations is to be size / bytes at least.",
        "Solve it for t, and round up without leaving whole numbers: `div_ceil`.",
    ]
    Two carry_on [
        "The new maximum is the largest of the old one and of the scores. What must become of ℓ and o if it grew?",
        "Both are multiplied by e^(old − new), which is 0 before the first block.",
        "If the new maximum is still −∞, give back what there was. A hidden key is skipped, not multiplied by 0.",
    ]
    Two subtracts_another_number [
        "What you subtract has to grow by c if all scores do: else the law of the shift finds it.",
        "It must not be far below the largest while scores lie between −3 and 3, and be so for ±10⁴.",
        "The mean of the scores that are not −∞, or the smallest of them. A row of nothing gets zeros.",
    ]
    Two law_that_catches_blocks_of_one_size [
        "On what does the size of a block now depend, and on what not?",
        "Which of these laws compares two texts that are not of one length?",
    ]
    Three join [
        "It is `carry_on` with two sums in place of one: either side may have to be scaled down.",
        "Multiply each side by e^(its maximum − the larger one).",
        "What is −∞ − (−∞)? If neither side has seen a key, the answer is `Carried::NOTHING`.",
    ]
}

/// See [`panels`].
const PANELS_ARE_WHOLE: Law = Law {
    name: "a weight is packed into whole panels",
    statement: "your numbers = how many PackedWeight holds, and how many of these the weight has not",
    tolerance: "none: numbers are counted",
};

fn panels(answer: fn(usize, usize) -> (usize, usize)) {
    PANELS_ARE_WHOLE.hold(&told((1_usize..70, 1_usize..9)), |Told((out, inputs))| {
        let packed = PackedWeight::pack(&Weight::zeros(&[out, inputs]), &Threads::single());
        let held = packed.bytes() / size_of::<f32>();
        match answer(out, inputs) {
            right if right == (held, held - out * inputs) => Ok(()),
            (numbers, filled) => Err(format!(
                "a weight [{out}, {inputs}]. You say that the panels hold {numbers}, filled in: {filled}. \
                 `PackedWeight` holds {held}, and the weight has {}",
                out * inputs
            )),
        }
    });
}

fn where_counting_stops(answer: fn() -> f32) {
    let stands_still = |n: &f32| *n + 1.0 == *n;
    let computed = (0..128).map(|power| 2_f32.powi(power)).find(stands_still);
    is("where does counting stop?", answer(), computed.unwrap_or(f32::NAN));
}

/// See [`pack`].
const PANELS_GIVE_THE_PRODUCT: Law = Law {
    name: "a walk down the panels is the product",
    statement: "panels[o / 16][i][o % 16] = wₒᵢ, and 0 beyond the last output",
    tolerance: "none: the same chains of sums",
};

fn pack(answer: fn(ArrayView2<'_, f32>) -> Vec<f32>) {
    let cases = (1_usize..40, 1_usize..6, numbers()).prop_map(|(out, inputs, numbers)| {
        let all = numbers.rows(out + 1, inputs).0;
        let (x, w) = all.view().split_at(Axis(0), 1);
        (Rows(x.to_owned()), Rows(w.to_owned()))
    });
    PANELS_GIVE_THE_PRODUCT.hold(&cases, |(x, w)| {
        let (out, inputs) = w.dim();
        let panels = answer(w.view());
        let expected = out.next_multiple_of(16) * inputs;
        if panels.len() != expected {
            let got = panels.len();
            return Err(format!("{got} numbers for W [{out}, {inputs}], expected {expected}"));
        }
        let weight = Weight::new(&[out, inputs], w.iter().copied().collect());
        let weight = weight.map_err(|error| error.to_string())?;
        let problem = Product::new(x.view(), &weight);
        let y = product_with(Instructions::portable(), &problem, &mut Scratch::new());
        for (number, panel) in panels.chunks(16 * inputs).enumerate() {
            let mut sums = [0.0_f32; 16];
            for (line, &x) in panel.chunks(16).zip(x.row(0)) {
                sums.iter_mut().zip(line).for_each(|(sum, w)| *sum += x * w);
            }
            for (column, &sum) in sums.iter().enumerate() {
                let output = 16 * number + column;
                let expected = if output < out { y[[0, output]] } else { 0.0 };
                if sum.to_bits() != expected.to_bits() {
                    return Err(format!(
                        "for the x and the W below, column {column} of panel {number} gives {sum}, \
                         expected {expected}"
                    ));
                }
            }
        }
        Ok(())
    });
}

/// See [`tokens_until_arithmetic`].
const LIMITS_MEET: Law = Law {
    name: "one token fewer waits for memory",
    statement: "with t tokens multiplying takes as long as reading or longer, with t − 1 it does not",
    tolerance: "none: whole numbers",
};

fn tokens_until_arithmetic(answer: fn(u64, u64, u64) -> u64) {
    let cases = (1_u64..200, 1_u64..100, lt_laws::proptest::bool::ANY);
    LIMITS_MEET.hold(&told(cases), |Told((operations, bytes, half))| {
        let (out, inputs) = (32, 3);
        let weight = match half {
            true => Weight::shared_f16(&[out, inputs], std::sync::Arc::new(vec![0; out * inputs])),
            false => Ok(Weight::zeros(&[out, inputs])),
        };
        let weight = weight.map_err(|error| error.to_string())?;
        let size = weight.dtype().bytes() as u64;
        let reading = PackedWeight::pack(&weight, &Threads::single()).bytes() as u64;
        // Both times, multiplied by operations and by bytes a second.
        let multiplying = |tokens: u64| 2 * tokens * (out * inputs) as u64 * bytes;
        let needed = (1..).find(|&tokens| multiplying(tokens) >= reading * operations);
        match (answer(operations, bytes, size), needed.unwrap_or(0)) {
            (tokens, needed) if tokens == needed => Ok(()),
            (tokens, needed) => Err(format!(
                "in a second, operations: {operations}, bytes: {bytes}; bytes of a weight: {size}. \
                 You say {tokens}, but it is {needed}"
            )),
        }
    });
}

/// Softmax as blocks compute it: for each share, values of which one is 1. A hidden one holds NaN.
fn shares(scores: ArrayView2<'_, f32>, output: impl Fn(&[f32], &[f32]) -> Carried) -> Array2<f32> {
    Array2::from_shape_fn(scores.dim(), |(row, column)| {
        let scores = scores.row(row).to_vec();
        let value = |(key, &score): (usize, &f32)| match score == f32::NEG_INFINITY {
            true => f32::NAN,
            false => f32::from(key == column),
        };
        let values: Vec<f32> = scores.iter().enumerate().map(value).collect();
        let Carried { powers, values, .. } = output(&scores, &values);
        if powers == 0.0 { 0.0 } else { values / powers }
    })
}

fn carry_on(answer: fn(Carried, &[f32], &[f32]) -> Carried) {
    for size in [1, 3] {
        let output = |scores: &[f32], values: &[f32]| {
            let blocks = scores.chunks(size).zip(values.chunks(size));
            blocks.fold(Carried::NOTHING, |before, (s, v)| answer(before, s, v))
        };
        let held = AssertUnwindSafe(|| softmax::all(|scores| shares(scores, output)));
        if let Err(panic) = catch_unwind(held) {
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            panic!("in blocks of so many keys: {size}\n{said}");
        }
    }
}

/// A softmax of one row.
type Softmax = fn(&[f32]) -> Vec<f32>;

fn rows(softmax: Softmax) -> impl Fn(ArrayView2<'_, f32>) -> Result<Array2<f32>, String> {
    move |scores| {
        let shares = scores.outer_iter().flat_map(|row| softmax(&row.to_vec())).collect();
        Array2::from_shape_vec(scores.raw_dim(), shares).map_err(|error| error.to_string())
    }
}

const SOFTMAX: &[Tried<Softmax>] = &[
    (&softmax::ROWS_SUM_TO_ONE, |f| softmax::rows_sum_to_one(rows(*f))),
    (&softmax::A_SHIFT_CHANGES_NOTHING, |f| softmax::a_shift_changes_nothing(rows(*f))),
    (&softmax::RATIOS_ARE_EXPONENTIALS, |f| softmax::ratios_are_exponentials(rows(*f))),
    (&softmax::NOTHING_ALLOWED_GIVES_ZEROS, |f| softmax::nothing_allowed_gives_zeros(rows(*f))),
    (&softmax::LARGE_SCORES_SURVIVE, |f| softmax::large_scores_survive(rows(*f))),
];

fn subtracts_another_number(answer: Softmax) {
    breaks_only(&softmax::LARGE_SCORES_SURVIVE, SOFTMAX, &answer);
}

/// Attention of tokens to each other.
type Layer = fn(Batch<'_>) -> Array2<f32>;

const LAYER: &[Tried<Layer>] = &[
    (&encoder::THE_FUTURE_CHANGES_NOTHING, |f| encoder::the_future_changes_nothing(2, f)),
    (&encoder::A_HIDDEN_TOKEN_CHANGES_NO_OTHER, |f| encoder::a_hidden_token_changes_no_other(2, f)),
    (&encoder::ORDER_IS_NOT_SEEN_WITHOUT_POSITIONS, |f| {
        encoder::order_is_not_seen_without_positions(2, f);
    }),
    (&same_bits::SAME_ROWS_SAME_BITS, |f| {
        same_bits::same_rows_same_bits(2, f, |batch, _| f(batch));
    }),
    (&kept::WHAT_FOLLOWS_DOES_NOT_COUNT, |f| kept::what_follows_does_not_count(2, f)),
];

/// Attention in blocks that are as even as can be.
fn blocks_of_one_size(Batch { rows, sequences, mask }: Batch<'_>) -> Array2<f32> {
    const KEY_BLOCK: usize = 4;
    let mut output = Array2::zeros(rows.raw_dim());
    for (sequence, range) in sequences.ranges().enumerate() {
        let (first, keys) = (range.start, range.len());
        let size = keys.div_ceil(keys.div_ceil(KEY_BLOCK).max(1)).max(1);
        for (query, row) in range.enumerate() {
            let seen = |&key: &usize| mask.allows(Place { sequence, query, key });
            let score = |key: usize| rows.row(row).dot(&rows.row(first + key)) / 2.0;
            let mut carried = vec![Carried::NOTHING; rows.ncols()];
            for from in (0..keys).step_by(size) {
                let block: Vec<usize> = (from..keys.min(from + size)).filter(seen).collect();
                let scores: Vec<f32> = block.iter().map(|&key| score(key)).collect();
                for (column, carried) in carried.iter_mut().enumerate() {
                    let value = |&key: &usize| rows[[first + key, column]];
                    let values: Vec<f32> = block.iter().map(value).collect();
                    *carried = solutions::carry_on(*carried, &scores, &values);
                }
            }
            for (output, Carried { powers, values, .. }) in
                output.row_mut(row).iter_mut().zip(carried)
            {
                *output = if powers == 0.0 { 0.0 } else { values / powers };
            }
        }
    }
    output
}

fn law_that_catches_blocks_of_one_size(answer: fn() -> &'static str) {
    let mutant: Layer = blocks_of_one_size;
    is_caught_by(answer(), LAYER, &mutant);
}

fn join(answer: fn(Carried, Carried) -> Carried) {
    fn joined(keys: &[Carried], join: fn(Carried, Carried) -> Carried) -> Carried {
        match keys {
            [] => Carried::NOTHING,
            [one] => *one,
            more => {
                let (left, right) = more.split_at(more.len() / 2);
                join(joined(left, join), joined(right, join))
            }
        }
    }
    for one in [Carried::NOTHING, Carried { maximum: 2.0, powers: 1.5, values: -3.0 }] {
        is(&format!("what is {one:?} joined with nothing?"), answer(one, Carried::NOTHING), one);
        is(&format!("what is nothing joined with {one:?}?"), answer(Carried::NOTHING, one), one);
    }
    softmax::all(|scores| {
        shares(scores, |scores, values| {
            let alone = |(&score, &value): (&f32, &f32)| match score == f32::NEG_INFINITY {
                true => Carried::NOTHING,
                false => Carried { maximum: score, powers: 1.0, values: value },
            };
            let keys: Vec<Carried> = scores.iter().zip(values).map(alone).collect();
            joined(&keys, answer)
        })
    });
}
