//! Attention against its reference: keys and queries, heads, scores that are no numbers.

use lt_core::{Mask, Ragged, Scratch};
use lt_kernels::{Attention, Heads, KEY_BLOCK, attention, attention_with, reference};
use lt_laws::sample::rows;
use ndarray::{Array2, array};

fn masks(tokens: usize) -> [Mask; 6] {
    [
        Mask::all(),
        Mask::causal(),
        Mask::causal() & Mask::window(tokens / 3, 0),
        Mask::window(0, 1),
        Mask::prefix([tokens / 2; 8]),
        Mask::custom(|place| (place.query * 7 + place.key * 3) % 5 != 0),
    ]
}

/// Fewer queries than keys and more, and sequences of which one has none of either.
#[test]
fn keys_may_be_more_or_fewer_than_queries() {
    let border = KEY_BLOCK;
    for (queries, keys) in [
        (vec![1, 3, 2], vec![border + 1, 0, 2 * border]),
        (vec![border + 1, 0, 130], vec![1, 5, border]),
        (vec![0, 0], vec![3, 4]),
    ] {
        let (queries, keys) = (Ragged::from_lengths(queries), Ragged::from_lengths(keys));
        let (q, k) = (rows(queries.tokens(), 6, 1) * 3.0, rows(keys.tokens(), 6, 2) * 3.0);
        let v = rows(keys.tokens(), 8, 3);
        for mask in &masks(keys.tokens()) {
            let problem = Attention::new(q.view(), k.view(), v.view(), &queries, 2).keys(&keys);
            let what = format!("{:?} to {:?}, {mask:?}", queries.offsets(), keys.offsets());
            let problem = problem.mask(mask);
            fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
        }
    }
}

/// Tasks are shared out by heads where there are few rows.
#[test]
fn there_may_be_one_head_or_many() {
    let batch = Ragged::from_lengths([3, 1, 17]);
    for heads in [1, 2, 7, 8, 9, 16, 31] {
        let [q, k, v] = [1, 2, 3].map(|seed| rows(21, heads * 3, seed));
        let problem = Attention::new(q.view(), k.view(), v.view(), &batch, heads);
        let what = format!("{heads} heads");
        fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
    }
}

/// Heads of 384 columns, here nine, are worked on together: groups that share a key head may begin
/// in one nine and end in the next. Long enough for several blocks of keys.
#[test]
fn heads_may_be_more_than_are_worked_on_together() {
    let batch = Ragged::from_lengths([2 * KEY_BLOCK + 3, 1]);
    let tokens = batch.tokens();
    for (query, key) in [(10, 10), (15, 3), (20, 5), (18, 2), (19, 1)] {
        let (q, k) = (rows(tokens, query * 40, 1), rows(tokens, key * 40, 2));
        let v = rows(tokens, key * 24, 3);
        let heads = Heads { query, key };
        for mask in [Mask::all(), Mask::causal()] {
            let problem = Attention::new(q.view(), k.view(), v.view(), &batch, heads);
            let (problem, what) = (problem.mask(&mask), format!("{heads:?}, {mask:?}"));
            fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
        }
    }
}

/// In the first block, a later one, and alone among masked keys: a block's highest score is −∞
/// then, and still the block is not one that is masked as a whole.
#[test]
fn nan_of_either_sign_is_not_hidden_in_any_block() {
    let keys = Ragged::single(2 * KEY_BLOCK + 1);
    let (q, k, v) = (rows(1, 2, 1), rows(keys.tokens(), 2, 2), rows(keys.tokens(), 3, 3));
    for place in [0, KEY_BLOCK - 1, KEY_BLOCK, 2 * KEY_BLOCK] {
        for nan in [f32::NAN, -f32::NAN] {
            let (mut k, mut v) = (k.clone(), v.clone());
            k[[place, 1]] = nan;
            let only = Mask::custom(move |looked| looked.key == place);
            let others = Mask::custom(move |looked| looked.key != place);
            for (mask, hidden) in [(Mask::all(), false), (only, false), (others, true)] {
                let one = Ragged::single(1);
                let problem = Attention::new(q.view(), k.view(), v.view(), &one, 1);
                let (problem, what) = (problem.keys(&keys).mask(&mask), format!("NaN at {place}"));
                fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
                let got = attention(&problem, &mut Scratch::new());
                assert!(got.iter().all(|x| x.is_nan() != hidden), "{what}: {got}");
            }
            // A masked key's value is not touched.
            (k[[place, 1]], v[[place, 2]]) = (0.0, nan);
            let others = Mask::custom(move |looked| looked.key != place);
            let one = Ragged::single(1);
            let problem = Attention::new(q.view(), k.view(), v.view(), &one, 1).keys(&keys);
            let (problem, what) = (problem.mask(&others), format!("a value of NaN at {place}"));
            fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
        }
    }
}

/// Scores of ±∞ and scores whose powers are too small to be numbers, in either order of blocks.
#[test]
fn scores_may_be_infinite_or_far_apart() {
    let keys = Ragged::single(KEY_BLOCK + 2);
    let one = Ragged::single(1);
    for (first, last) in [
        (0.0, 500.0),
        (500.0, 0.0),
        (-1e38, 1e38),
        (0.0, f32::NEG_INFINITY),
        (f32::NEG_INFINITY, 0.0),
        (f32::INFINITY, 0.0),
        (0.0, f32::INFINITY),
        (f32::NEG_INFINITY, f32::NEG_INFINITY),
    ] {
        let k = Array2::from_shape_fn(
            (keys.tokens(), 1),
            |(i, _)| {
                if i < KEY_BLOCK { first } else { last }
            },
        );
        let (q, v) = (array![[1.0]], rows(keys.tokens(), 3, 3));
        let problem = Attention::new(q.view(), k.view(), v.view(), &one, 1).keys(&keys);
        let what = format!("scores {first} and {last}");
        fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
    }
}

#[test]
fn a_query_that_may_look_at_nothing_gets_zeros() {
    let (queries, keys) = (Ragged::from_lengths([3, 2]), Ragged::from_lengths([KEY_BLOCK + 1, 0]));
    let (q, k, v) = (rows(5, 2, 1), rows(keys.tokens(), 2, 2), rows(keys.tokens(), 17, 3));
    let mask = Mask::custom(|place| place.query != 1);
    let problem = Attention::new(q.view(), k.view(), v.view(), &queries, 1).keys(&keys).mask(&mask);
    fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, "nothing");
    let got = attention(&problem, &mut Scratch::new());
    for row in [1, 3, 4] {
        assert!(got.row(row).iter().all(|x| x.to_bits() == 0), "row {row}");
    }
}
