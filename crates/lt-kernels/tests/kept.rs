//! Keys and values that are kept from pass to pass give the bits of those that are not.

use lt_core::{Mask, Ragged, Scratch, Threads};
use lt_kernels::{
    Attention, DistanceBias, Heads, Instructions, KEY_BLOCK, KeyValues, attention_with, reference,
};
use lt_laws::sample::rows;
use ndarray::{Array2, ArrayView2, s};

const HEADS: Heads = Heads { query: 6, key: 3 };
const K: usize = 5;
const V: usize = 18;

/// Queries, keys and values of some tokens.
struct Text {
    query: Array2<f32>,
    key: Array2<f32>,
    value: Array2<f32>,
}

impl Text {
    fn new(tokens: usize, seed: u64) -> Self {
        Self {
            query: rows(tokens, HEADS.query * K, seed) * 2.0,
            key: rows(tokens, HEADS.key * K, seed + 1),
            value: rows(tokens, HEADS.key * V, seed + 2),
        }
    }

    /// The whole text at once.
    fn at_once(&self, set: Instructions, mask: &Mask, cap: Option<f32>) -> Array2<f32> {
        let all = Ragged::single(self.query.nrows());
        let (query, key, value) = (self.query.view(), self.key.view(), self.value.view());
        let problem = Attention::new(query, key, value, &all, HEADS).mask(mask).cap(cap);
        attention_with(set, &problem, &mut Scratch::new())
    }

    fn part(&self, from: usize, to: usize) -> [ArrayView2<'_, f32>; 3] {
        [&self.query, &self.key, &self.value].map(|rows| rows.slice(s![from..to, ..]))
    }
}

fn bits(rows: ArrayView2<'_, f32>) -> Vec<u32> {
    rows.iter().map(|x| x.to_bits()).collect()
}

fn masks() -> [Mask; 3] {
    [Mask::causal(), Mask::causal() & Mask::window(140, 0), Mask::causal() & Mask::window(3, 0)]
}

#[test]
fn in_pieces_or_at_once_the_bits_are_the_same() {
    let text = Text::new(2 * KEY_BLOCK + 40, 1);
    let cuts =
        [0, 1, 2, 19, 20, 100, KEY_BLOCK, KEY_BLOCK + 1, 2 * KEY_BLOCK + 39, 2 * KEY_BLOCK + 40];
    for set in Instructions::available() {
        for (mask, cap) in masks().iter().zip([None, Some(1.5), None]) {
            let whole = text.at_once(set, mask, cap);
            let mut kept = [KeyValues::new(HEADS.key, K, V)];
            let mut scratch = Scratch::with_threads(lt_laws::same_bits::threads(3));
            for (from, to) in cuts.iter().zip(&cuts[1..]).map(|(&from, &to)| (from, to)) {
                let [query, key, value] = text.part(from, to);
                kept[0].append(key, value);
                let (piece, before) = (Ragged::single(to - from), [from]);
                let problem = Attention::to_kept(query, &piece, &before, &kept, HEADS);
                let got = attention_with(set, &problem.mask(mask).cap(cap), &mut scratch);
                assert_eq!(bits(got.view()), bits(whole.slice(s![from..to, ..])), "{set:?} {from}");
            }
        }
    }
}

/// Cut back, grown again, shared by two that go on apart, and two of other lengths in one batch.
#[test]
fn what_is_cut_back_or_shared_gives_the_same_bits() {
    let (set, causal) = (Instructions::best(), Mask::causal());
    let (text, other) = (Text::new(KEY_BLOCK + 30, 1), Text::new(KEY_BLOCK + 30, 7));
    let mut kept = KeyValues::new(HEADS.key, K, V);
    kept.append(text.key.view(), text.value.view());
    let share = KEY_BLOCK + 3;
    kept.truncate(share);
    assert_eq!(kept.len(), share);
    let mut both = [kept.clone(), kept];
    let addresses = |kept: &KeyValues| kept.blocks().collect::<Vec<_>>();
    assert_eq!(addresses(&both[0]), addresses(&both[1]));

    // One goes on with the same text, the other with another one.
    let [query, key, value] = text.part(share, share + 7);
    both[0].append(key, value);
    let [other_query, key, value] = other.part(share, share + 2);
    both[1].append(key, value);
    assert_eq!(addresses(&both[0])[0], addresses(&both[1])[0], "the first block is still shared");
    assert_ne!(addresses(&both[0])[1], addresses(&both[1])[1], "the second is not");

    let mixed = |rows: fn(&Text) -> &Array2<f32>| {
        let (first, second) = (rows(&text), rows(&other));
        let joined = [first.slice(s![..share, ..]), second.slice(s![share.., ..])];
        ndarray::concatenate(ndarray::Axis(0), &joined).unwrap()
    };
    let mixed =
        Text { query: mixed(|t| &t.query), key: mixed(|t| &t.key), value: mixed(|t| &t.value) };
    let expected = [text.at_once(set, &causal, None), mixed.at_once(set, &causal, None)];

    let queries = ndarray::concatenate(ndarray::Axis(0), &[query, other_query]).unwrap();
    let (batch, before) = (Ragged::from_lengths([7, 2]), [share, share]);
    let problem = Attention::to_kept(queries.view(), &batch, &before, &both, HEADS).mask(&causal);
    for threads in [Threads::single(), lt_laws::same_bits::threads(3)] {
        let got = attention_with(set, &problem, &mut Scratch::with_threads(threads));
        assert_eq!(bits(got.slice(s![..7, ..])), bits(expected[0].slice(s![share..share + 7, ..])));
        assert_eq!(bits(got.slice(s![7.., ..])), bits(expected[1].slice(s![share..share + 2, ..])));
    }
}

#[test]
fn the_reference_knows_what_is_kept_and_caps() {
    let text = Text::new(40, 3);
    let (mut kept, before) = ([KeyValues::new(HEADS.key, K, V)], [33]);
    kept[0].append(text.key.view(), text.value.view());
    let slopes: Vec<f32> = (0..6 * 9).map(|n| n as f32 / 10.0).collect();
    let bias = DistanceBias::new(6, &slopes).unwrap();
    let (piece, mask) = (Ragged::single(7), Mask::causal());
    let problem = Attention::to_kept(text.part(33, 40)[0], &piece, &before, &kept, HEADS)
        .mask(&mask)
        .bias(bias)
        .cap(0.7);
    let expected = reference::attention(&problem);
    for set in Instructions::available() {
        let got = attention_with(set, &problem, &mut Scratch::new());
        assert!(got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 2e-6), "{set:?}");
    }
}

/// A value that nobody may look at yet may be anything; so may what an earlier text left behind.
#[test]
fn what_was_cut_off_is_gone() {
    let (set, causal) = (Instructions::best(), Mask::causal());
    let text = Text::new(20, 5);
    let expected = text.at_once(set, &causal, None);
    let mut kept = [KeyValues::new(HEADS.key, K, V)];
    kept[0].append(text.part(0, 9)[1], text.part(0, 9)[2]);
    let poison = |columns| Array2::from_elem((8, columns), f32::NAN);
    kept[0].append(poison(HEADS.key * K).view(), poison(HEADS.key * V).view());
    kept[0].truncate(9);
    kept[0].append(text.part(9, 12)[1], text.part(9, 12)[2]);
    let (piece, before) = (Ragged::single(3), [9]);
    let problem = Attention::to_kept(text.part(9, 12)[0], &piece, &before, &kept, HEADS);
    let got = attention_with(set, &problem.mask(&causal), &mut Scratch::new());
    assert_eq!(bits(got.view()), bits(expected.slice(s![9..12, ..])));
}
