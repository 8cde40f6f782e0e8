//! What is kept of a text gives the bits of the text read at once: cut back, reordered, shared, in
//! a batch of any lengths.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_attention::lt_core::{self, Error, Mask, Module, Ragged, Scratch};
use lt_attention::{
    AttentionConfig, CacheShape, HiddenStates, KvCache, LayerCache, MultiHeadAttention, Owner,
    Projections,
};
use lt_embedding::{Rotary, RotaryLayout};
use lt_laws::sample::{rows, weight};
use lt_layers::Linear;
use ndarray::{Array2, s};

const D: usize = 6;

fn linear(inputs: usize, outputs: usize, seed: u64) -> Linear {
    let bias = Some(weight(&[outputs], seed + 100));
    Linear::new(weight(&[outputs, inputs], seed), bias).unwrap()
}

/// Four heads of queries, some of keys; keys of width 4, values of width 3.
fn layer(key_heads: usize, window: Option<usize>) -> MultiHeadAttention {
    let projections = Projections {
        query: linear(D, 4 * 4, 1),
        key: linear(D, key_heads * 4, 2),
        value: linear(D, key_heads * 3, 3),
        output: linear(4 * 3, D, 4),
    };
    let config = AttentionConfig::new(4).key_heads(key_heads).scale(0.7);
    let config = window.map_or(config, |reach| config.window(reach));
    let rotary = Rotary::new(4, 100.0, RotaryLayout::Halves).unwrap();
    MultiHeadAttention::new(projections, config).unwrap().with_rotary(rotary).unwrap()
}

fn layers() -> impl Iterator<Item = MultiHeadAttention> {
    [(1, None), (2, Some(3)), (4, None), (2, Some(150))].into_iter().map(|(g, w)| layer(g, w))
}

fn at_once(layer: &MultiHeadAttention, text: &Array2<f32>) -> Array2<f32> {
    let (all, causal) = (Ragged::single(text.nrows()), Mask::causal());
    layer.forward(HiddenStates::new(text.view(), &all).mask(&causal)).unwrap()
}

/// Adds the next tokens of each text; gives their outputs.
fn go_on(
    layer: &MultiHeadAttention,
    cache: &mut LayerCache,
    parts: &[ndarray::ArrayView2<'_, f32>],
) -> Array2<f32> {
    let batch = Ragged::from_lengths(parts.iter().map(ndarray::ArrayBase::nrows));
    let rows = ndarray::concatenate(ndarray::Axis(0), parts).unwrap();
    let mask = Mask::causal();
    let states = HiddenStates::new(rows.view(), &batch).mask(&mask);
    let mut scratch = Scratch::with_threads(lt_laws::same_bits::threads(2));
    layer.forward_in(states.with_cache(cache), &mut scratch).unwrap()
}

#[test]
fn a_batch_that_grows_unevenly_has_the_bits_of_each_text_alone() {
    let texts = [rows(150, D, 1), rows(140, D, 2), rows(9, D, 3)];
    // How far each text has come, step by step: one begins late, one pauses.
    let steps = [[0, 0, 0], [1, 5, 0], [129, 6, 0], [130, 6, 4], [131, 140, 5], [150, 140, 9]];
    for layer in layers() {
        let expected = texts.each_ref().map(|text| at_once(&layer, text));
        let mut cache = LayerCache::new(layer.cache_shape(), 3);
        for (from, to) in steps.iter().zip(&steps[1..]) {
            let part = |text: usize| texts[text].slice(s![from[text]..to[text], ..]);
            let got = go_on(&layer, &mut cache, &[part(0), part(1), part(2)]);
            let expected = (0..3).map(|text| expected[text].slice(s![from[text]..to[text], ..]));
            let expected: Vec<_> = expected.collect();
            assert_eq!(got, ndarray::concatenate(ndarray::Axis(0), &expected).unwrap(), "{to:?}");
        }
    }
}

/// A cache of one layer, for what holds of a whole one.
fn whole(layer: &MultiHeadAttention, sequences: usize) -> (Owner, KvCache) {
    let owner = Owner::new();
    let cache = KvCache::new(&owner, &[layer.cache_shape()], sequences);
    (owner, cache)
}

#[test]
fn what_was_cut_back_reordered_or_shared_goes_on_with_the_same_bits() {
    let texts = [rows(140, D, 1), rows(140, D, 2)];
    for layer in layers() {
        let (owner, mut cache) = whole(&layer, 2);
        let add = |cache: &mut KvCache, parts: &[ndarray::ArrayView2<'_, f32>]| {
            let layers = cache.layers_mut("test", &owner, parts.len()).unwrap();
            go_on(&layer, &mut layers[0], parts)
        };
        add(&mut cache, &[texts[0].view(), texts[1].slice(s![..20, ..])]);
        // Cut back across a block, and not at all.
        cache.truncate(&[126, 20]).unwrap();
        // The second text, twice the first, and the second again.
        cache.select(&[1, 0, 0, 1]).unwrap();
        assert_eq!(cache.lengths().collect::<Vec<_>>(), [20, 126, 126, 20]);
        let other = rows(5, D, 9);
        let parts = [
            texts[1].slice(s![20..24, ..]),
            texts[0].slice(s![126..140, ..]),
            other.view(),
            other.slice(s![..1, ..]),
        ];
        let got = add(&mut cache, &parts);
        let joined = |text: usize, to: usize, other: ndarray::ArrayView2<'_, f32>| {
            let text =
                ndarray::concatenate![ndarray::Axis(0), texts[text].slice(s![..to, ..]), other];
            at_once(&layer, &text).slice(s![to.., ..]).to_owned()
        };
        let expected = [
            at_once(&layer, &texts[1]).slice(s![20..24, ..]).to_owned(),
            at_once(&layer, &texts[0]).slice(s![126.., ..]).to_owned(),
            joined(0, 126, other.view()),
            joined(1, 20, other.slice(s![..1, ..])),
        ];
        let expected: Vec<_> = expected.iter().map(|rows| rows.view()).collect();
        assert_eq!(got, ndarray::concatenate(ndarray::Axis(0), &expected).unwrap());
    }
}

/// One key head for each group is as many key heads as query heads, repeated.
#[test]
fn grouped_heads_are_repeated_full_heads() {
    let grouped = layer(2, None);
    let repeat = |rows: usize, seed: u64, k: usize| {
        let (weight, bias) = (weight(&[rows * k, D], seed), weight(&[rows * k], seed + 100));
        let repeated = |values: &[f32], width: usize| -> Vec<f32> {
            values.chunks(k * width).flat_map(|head| [head, head].concat()).collect()
        };
        let (shape, len) = ([2 * rows * k, D], [2 * rows * k]);
        let weight = lt_core::Weight::new(&shape, repeated(weight.f32(), D)).unwrap();
        let bias = lt_core::Weight::new(&len, repeated(bias.f32(), 1)).unwrap();
        Linear::new(weight, Some(bias)).unwrap()
    };
    let projections = Projections {
        query: linear(D, 4 * 4, 1),
        key: repeat(2, 2, 4),
        value: repeat(2, 3, 3),
        output: linear(4 * 3, D, 4),
    };
    let config = AttentionConfig::new(4).scale(0.7);
    let rotary = grouped.rotary().unwrap().clone();
    let full = MultiHeadAttention::new(projections, config).unwrap().with_rotary(rotary).unwrap();
    let text = rows(140, D, 5);
    assert_eq!(at_once(&grouped, &text), at_once(&full, &text));
    let half = |layer: &MultiHeadAttention| {
        let mut cache = LayerCache::new(layer.cache_shape(), 1);
        go_on(layer, &mut cache, &[text.view()]);
        cache.kept()[0].blocks().map(|(_, bytes)| bytes).sum::<usize>()
    };
    assert_eq!(half(&grouped) * 2, half(&full));
}

#[test]
fn what_sequences_share_is_counted_once() {
    let layer = layer(2, None);
    let (owner, mut cache) = whole(&layer, 1);
    let text = rows(130, D, 1);
    let layers = cache.layers_mut("test", &owner, 1).unwrap();
    go_on(&layer, &mut layers[0], &[text.view()]);
    let block = 128 * 2 * (4 + 16) * 4; // 128 tokens, 2 heads, values filled up to 16 columns
    assert_eq!(cache.bytes(), 2 * block);
    cache.select(&[0, 0, 0]).unwrap();
    assert_eq!(cache.bytes(), 2 * block);
    let layers = cache.layers_mut("test", &owner, 3).unwrap();
    let one = rows(1, D, 2);
    go_on(&layer, &mut layers[0], &[one.view(), one.slice(s![..0, ..]), one.slice(s![..0, ..])]);
    assert_eq!(cache.bytes(), 3 * block); // the last block of one of them is its own
    cache.truncate(&[0, 128, 0]).unwrap();
    assert_eq!(cache.bytes(), block);
}

#[test]
fn a_cache_of_another_model_or_batch_is_refused() {
    let layer = layer(2, None);
    let (owner, mut cache) = whole(&layer, 2);
    let message = |error: Error| error.to_string();
    let of_another = cache.layers_mut("there", &owner.clone(), 2).unwrap_err();
    assert_eq!(
        message(of_another),
        "`there`: the cache is of another model, expected one that this model made"
    );
    let other_batch = message(cache.layers_mut("there", &owner, 3).unwrap_err());
    assert_eq!(
        other_batch,
        "`there`: the cache is for 2 sequences, expected for 3, as the batch has"
    );
    assert!(cache.truncate(&[0]).is_err() && cache.truncate(&[0, 1]).is_err());
    assert!(cache.select(&[0, 2]).is_err());
    assert_eq!(cache.len(), 2);

    let (text, batch) = (rows(3, D, 1), Ragged::from_lengths([1, 2]));
    let go = |cache: &mut LayerCache, mask: &Mask| {
        layer.forward(HiddenStates::new(text.view(), &batch).mask(mask).with_cache(cache))
    };
    let all = Mask::all();
    let mut wide = LayerCache::new(CacheShape { heads: 2, key: 4, value: 4 }, 2);
    assert!(go(&mut wide, &all).is_err());
    let mut long = LayerCache::new(layer.cache_shape(), 3);
    assert!(go(&mut long, &all).is_err());
    let mut fits = LayerCache::new(layer.cache_shape(), 2);
    let table = Mask::table(vec![Array2::from_elem((2, 2), true); 2]);
    assert!(go(&mut fits, &table).is_err());
    assert!(fits.kept().iter().all(lt_kernels::KeyValues::is_empty), "nothing was added");
    assert!(go(&mut fits, &all).is_ok());
}
