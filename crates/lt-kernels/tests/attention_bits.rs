//! A row of attention has the same bits whatever stands around it, and every width of a head is
//! right.

use lt_core::{Mask, Ragged, Scratch, Threads};
use lt_kernels::{Attention, DistanceBias, Instructions, KEY_BLOCK, attention_with, reference};
use lt_laws::sample::rows;
use ndarray::{Array2, ArrayView2, s};

fn scratches() -> [Scratch; 2] {
    [Threads::single(), lt_laws::same_bits::threads(3)].map(Scratch::with_threads)
}

fn bits(rows: ArrayView2<'_, f32>) -> Vec<u32> {
    rows.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn heads_of_every_width_are_those_of_the_reference() {
    let batch = Ragged::from_lengths([7, KEY_BLOCK + 5]);
    let tokens = batch.tokens();
    for (key, value) in [(1, 1), (5, 3), (15, 16), (16, 15), (17, 33), (33, 17), (32, 32), (64, 48)]
    {
        let (q, k) = (rows(tokens, 3 * key, 1), rows(tokens, 3 * key, 2));
        let v = rows(tokens, 3 * value, 3);
        for mask in [Mask::all(), Mask::causal(), Mask::custom(|at| (at.query + at.key) % 3 > 0)] {
            let problem = Attention::new(q.view(), k.view(), v.view(), &batch, 3).mask(&mask);
            let expected = reference::attention(&problem);
            for set in Instructions::available() {
                for scratch in &mut scratches() {
                    let got = attention_with(set, &problem, scratch);
                    for ((place, got), expected) in got.indexed_iter().zip(&expected) {
                        let close = (got - expected).abs() <= 5e-6;
                        assert!(close, "{set:?}, {key}, {value}, {place:?}: {got}, {expected}");
                    }
                }
            }
        }
    }
}

/// What a cache of keys will stand on: with a causal mask, the first rows of a long text are those
/// of the text cut off behind them.
#[test]
fn a_row_does_not_know_what_comes_after_it() {
    let long = 2 * KEY_BLOCK + 9;
    let qkv = rows(long, 3 * 8, 1) * 3.0;
    let causal = Mask::causal();
    for set in Instructions::available() {
        let of = |tokens: usize| -> Array2<f32> {
            let part = |n: usize| qkv.slice(s![..tokens, n * 8..(n + 1) * 8]);
            let batch = Ragged::single(tokens);
            let problem = Attention::new(part(0), part(1), part(2), &batch, 2).mask(&causal);
            attention_with(set, &problem, &mut Scratch::new())
        };
        let whole = of(long);
        for cut in (1..70).chain([KEY_BLOCK - 1, KEY_BLOCK, KEY_BLOCK + 1, 2 * KEY_BLOCK]) {
            assert_eq!(bits(of(cut).view()), bits(whole.slice(s![..cut, ..])), "{set:?}, {cut}");
        }
    }
}

#[test]
fn a_sequence_has_the_same_bits_in_any_company() {
    let lengths = [3, 130, 0, 64, 1, 200, 17, 128];
    let batch = Ragged::from_lengths(lengths);
    let qkv = rows(batch.tokens(), 3 * 12, 1);
    for set in Instructions::available() {
        let numbers = rows(3, 2 * 5 + 1, 2);
        let bias = DistanceBias::new(3, numbers.as_slice().unwrap()).unwrap();
        for (mask, bias) in
            [(Mask::all(), None), (Mask::window(20, 3), None), (Mask::all(), Some(bias))]
        {
            let of = |range: std::ops::Range<usize>, batch: &Ragged, scratch: &mut Scratch| {
                let part = |n: usize| qkv.slice(s![range.clone(), n * 12..(n + 1) * 12]);
                let problem =
                    Attention::new(part(0), part(1), part(2), batch, 3).mask(&mask).bias(bias);
                attention_with(set, &problem, scratch)
            };
            for scratch in &mut scratches() {
                let together = of(0..batch.tokens(), &batch, scratch);
                for range in batch.ranges() {
                    let one = Ragged::single(range.len());
                    let alone = of(range.clone(), &one, &mut Scratch::new());
                    let own = together.slice(s![range, ..]);
                    assert_eq!(bits(alone.view()), bits(own), "{set:?}, {mask:?}");
                }
            }
        }
    }
}

/// A window is taken several queries at a time, and blocks out of its reach are left out; a rule of
/// the caller's own is asked for each query and key. The sums are the same.
#[test]
fn a_window_has_the_bits_of_the_same_rule_asked_place_by_place() {
    let lengths = [1, 9, KEY_BLOCK, 3 * KEY_BLOCK + 17];
    let batch = Ragged::from_lengths(lengths);
    let qkv = rows(batch.tokens(), 3 * 12, 1) * 2.0;
    let part = |n: usize| qkv.slice(s![.., n * 12..(n + 1) * 12]);
    let of = |mask: &Mask, set: Instructions, scratch: &mut Scratch| {
        let problem = Attention::new(part(0), part(1), part(2), &batch, 3).mask(mask);
        bits(attention_with(set, &problem, scratch).view())
    };
    for (before, after) in [(0, 0), (1, 2), (7, 7), (20, 3), (64, 64), (200, 150), (0, 500)] {
        let window = Mask::window(before, after);
        let asked =
            Mask::custom(move |at| at.key + before >= at.query && at.key <= at.query + after);
        let causal = (window.clone() & Mask::causal(), asked.clone() & Mask::causal());
        for (window, asked) in [(window, asked), causal] {
            for set in Instructions::available() {
                for scratch in &mut scratches() {
                    let same = of(&window, set, scratch) == of(&asked, set, scratch);
                    assert!(same, "{set:?}, {window:?}");
                }
            }
        }
    }
}
