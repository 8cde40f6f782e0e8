//! What a query gets depends, to the bit, on the keys that it may look at and on nothing else.

use lt_core::{Mask, Ragged, Scratch, Threads};
use lt_kernels::{Attention, Instructions, KEY_BLOCK, attention_with};
use lt_laws::sample::rows;
use ndarray::{Array2, ArrayView2, s};

use crate::{bits, in_every_way, pool_of_two, two_threads};

/// Queries, keys and values of one sequence: two heads of 5, and 9 values each.
struct Sequence {
    query: Array2<f32>,
    key: Array2<f32>,
    value: Array2<f32>,
}

impl Sequence {
    fn new(tokens: usize, seed: u64) -> Self {
        let query = rows(tokens, 10, seed) * 3.0;
        let key = rows(tokens, 10, seed + 1) * 3.0;
        Self { query, key, value: rows(tokens, 18, seed + 2) }
    }

    /// Of these queries, to the first `keys` keys.
    fn of(
        &self,
        queries: std::ops::Range<usize>,
        keys: usize,
        mask: &Mask,
        set: Instructions,
        threads: Threads,
    ) -> Array2<f32> {
        let (one, other) = (Ragged::single(queries.len()), Ragged::single(keys));
        let (query, key) = (self.query.slice(s![queries, ..]), self.key.slice(s![..keys, ..]));
        let problem = Attention::new(query, key, self.value.slice(s![..keys, ..]), &one, 2);
        let problem = problem.keys(&other).mask(mask);
        attention_with(set, &problem, &mut Scratch::with_threads(threads))
    }
}

fn rows_of(all: &Array2<f32>, range: std::ops::Range<usize>) -> Vec<u32> {
    bits(&all.slice(s![range, ..]).to_owned())
}

/// As decoding does it: the last queries alone, each with the keys up to its own.
#[test]
fn a_row_of_a_causal_sequence_has_the_same_bits_as_the_last_query_alone() {
    let tokens = 2 * KEY_BLOCK + 5;
    let (sequence, causal, all) = (Sequence::new(tokens, 4), Mask::causal(), Mask::all());
    for set in Instructions::available() {
        let whole = sequence.of(0..tokens, tokens, &causal, set, Threads::single());
        for length in 1..=tokens {
            let last = sequence.of(length - 1..length, length, &all, set, two_threads());
            assert_eq!(bits(&last), rows_of(&whole, length - 1..length), "{length}, {set:?}");
        }
        // Several at the end, which look at more and more keys.
        for from in [1, 7, KEY_BLOCK - 3, KEY_BLOCK, KEY_BLOCK + 1, 2 * KEY_BLOCK - 1] {
            for length in from + 1..=(from + 9).min(tokens) {
                let later = Mask::custom(move |place| place.key <= place.query + from);
                let some = sequence.of(from..length, length, &later, set, pool_of_two());
                assert_eq!(bits(&some), rows_of(&whole, from..length), "{from}..{length}, {set:?}");
            }
        }
    }
}

/// The same keys, found by a range, by asking for each, or because the others are not there.
#[test]
fn bits_do_not_depend_on_how_a_mask_is_said() {
    let tokens = KEY_BLOCK + 40;
    let sequence = Sequence::new(tokens, 7);
    let pairs = [
        (Mask::causal(), Mask::custom(|place| place.key <= place.query)),
        (Mask::all(), Mask::custom(|_| true)),
        (
            Mask::window(20, 3),
            Mask::custom(|place| place.key + 20 >= place.query && place.key <= place.query + 3),
        ),
        (Mask::prefix([90]), Mask::custom(|place| place.key <= place.query.max(89))),
    ];
    for set in Instructions::available() {
        for (one, other) in &pairs {
            let of = |mask| sequence.of(0..tokens, tokens, mask, set, Threads::single());
            assert_eq!(bits(&of(one)), bits(&of(other)), "{one:?}, {set:?}");
        }
    }
}

/// Queries and keys are copied if they are not in rows, values are read where they lie.
#[test]
fn attention_takes_views_of_any_strides() {
    let tokens = KEY_BLOCK + 9;
    let ragged = Ragged::single(tokens);
    for width in [3, 16, 20] {
        let wide = [1, 2, 3].map(|seed| rows(2 * tokens, 4 * width, seed));
        let tall = [1, 2, 3].map(|seed| rows(2 * width, tokens, seed));
        type View = for<'a> fn(&'a Array2<f32>, usize) -> ArrayView2<'a, f32>;
        let views: [(&str, &[Array2<f32>; 3], View); 5] = [
            ("every second column", &wide, |x, tokens| x.slice(s![..tokens, ..;2])),
            ("every second row", &wide, |x, _| x.slice(s![..;2, ..x.ncols() / 2])),
            ("transposed", &tall, |x, _| x.t()),
            ("rows backwards", &wide, |x, tokens| x.slice(s![..tokens;-1, ..x.ncols() / 2])),
            ("backwards", &wide, |x, tokens| x.slice(s![..tokens;-1, ..;-2])),
        ];
        for (what, arrays, view) in views {
            let [query, key, value] = [0, 1, 2].map(|number| view(&arrays[number], tokens));
            let [q, k, v] = [query, key, value].map(|view| view.to_owned());
            let strided = Attention::new(query, key, value, &ragged, 2);
            let plain = Attention::new(q.view(), k.view(), v.view(), &ragged, 2);
            let of = |problem: Attention<'_>| {
                in_every_way(what, |set, scratch| attention_with(set, &problem, scratch))
            };
            for ((set, strided), (_, plain)) in of(strided).iter().zip(of(plain)) {
                assert_eq!(bits(strided), bits(&plain), "{what}, width {width}, {set:?}");
            }
        }
    }
}
