//! The decoder under its laws: no token looks ahead, and what is kept gives the same bits.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_attention::{AttentionConfig, MultiHeadAttention, Projections};
use lt_decoder::lt_core::{self, Mask, Module, Ragged, Scratch, Threads, weights};
use lt_decoder::{Decoder, DecoderLayer, HiddenStates, SublayerNorms};
use lt_embedding::{Alibi, Rotary, RotaryLayout};
use lt_laws::kept::Keeper;
use lt_laws::sample::{filled, rows};
use lt_laws::{Batch, kept, same_bits};
use lt_layers::{
    Activation, AnyFeedForward, AnyNorm, FeedForward, Gain, GatedFeedForward, LayerNorm, Linear,
    RmsNorm,
};
use ndarray::{Array2, Axis, concatenate, s};

const D: usize = 6;

fn linear(inputs: usize, outputs: usize) -> Linear {
    Linear::zeros(inputs, outputs).unwrap()
}

fn rms() -> RmsNorm {
    RmsNorm::zeros(D, Gain::OnePlusWeight, 1e-6).unwrap()
}

fn layer_norm() -> LayerNorm {
    LayerNorm::zeros(D, 1e-5).unwrap()
}

fn plain() -> AnyFeedForward {
    FeedForward::new(linear(D, 9), Activation::GeluTanh, linear(9, D)).unwrap().into()
}

fn gated() -> AnyFeedForward {
    GatedFeedForward::new(linear(D, 9), Activation::Silu, linear(D, 9), linear(9, D))
        .unwrap()
        .into()
}

/// Four heads of width 4, in groups, turned.
fn attention(key_heads: usize, window: Option<usize>) -> MultiHeadAttention {
    let projections = Projections {
        query: linear(D, 16),
        key: linear(D, 4 * key_heads),
        value: linear(D, 4 * key_heads),
        output: linear(16, D),
    };
    let config = AttentionConfig::new(4).key_heads(key_heads);
    let config = window.map_or(config, |reach| config.window(reach));
    let norm = || RmsNorm::zeros(4, Gain::OnePlusWeight, 1e-6).unwrap();
    let rotary = Rotary::new(4, 100.0, RotaryLayout::Halves).unwrap();
    let layer = MultiHeadAttention::new(projections, config).unwrap().with_rotary(rotary).unwrap();
    layer.with_norms(norm(), norm()).unwrap()
}

/// One of each kind: GPT-2's layers, Llama's, Gemma's (one with a window), post-LN, with slopes.
fn decoders() -> Vec<Decoder> {
    let own = || MultiHeadAttention::zeros(D, AttentionConfig::new(2)).unwrap();
    let pre = || SublayerNorms::pre(layer_norm());
    let post = || SublayerNorms::post(layer_norm());
    let sandwich = || SublayerNorms::sandwich(rms(), rms());
    let gpt = DecoderLayer::new((own(), pre()), (plain(), pre())).unwrap();
    let llama = |g| {
        let rms = || SublayerNorms::pre(rms());
        DecoderLayer::new((attention(g, None), rms()), (gated(), rms())).unwrap()
    };
    let gemma = |window| {
        let attention = (attention(1, window), sandwich());
        DecoderLayer::new(attention, (gated(), sandwich())).unwrap()
    };
    let old = DecoderLayer::new((own(), post()), (plain(), post())).unwrap();
    let falling = Decoder::new(vec![gpt.clone()], None).with_alibi(Alibi::new(2).unwrap()).unwrap();
    vec![
        Decoder::new(vec![gpt.clone(), gpt], AnyNorm::from(layer_norm())),
        Decoder::new(vec![llama(2), llama(4)], AnyNorm::from(rms())),
        Decoder::new(vec![gemma(Some(3)), gemma(None)], AnyNorm::from(rms())),
        Decoder::new(vec![old], None),
        falling,
    ]
    .into_iter()
    .map(|decoder| filled(decoder, 5))
    .collect()
}

#[test]
fn the_same_text_has_the_same_bits_in_any_batch_and_on_any_threads() {
    for decoder in decoders() {
        same_bits::same_rows_same_bits(
            D,
            |batch| decoder.forward(HiddenStates::new(batch.rows, batch.sequences)),
            |batch, scratch| {
                decoder.forward_in(HiddenStates::new(batch.rows, batch.sequences), scratch)
            },
        );
    }
}

/// A decoder and what it keeps.
struct Kept<'a> {
    decoder: &'a Decoder,
    cache: lt_decoder::KvCache,
    scratch: Scratch,
}

impl Keeper for Kept<'_> {
    type Rows = lt_core::Result<Array2<f32>>;

    fn read(&mut self, batch: Batch<'_>) -> Self::Rows {
        let states = HiddenStates::new(batch.rows, batch.sequences).with_cache(&mut self.cache);
        self.decoder.forward_in(states, &mut self.scratch)
    }

    fn cut(&mut self, lengths: &[usize]) {
        self.cache.truncate(lengths).unwrap();
    }

    fn select(&mut self, parents: &[usize]) {
        self.cache.select(parents).unwrap();
    }
}

#[test]
fn decoders_obey_the_laws_of_what_is_kept() {
    for (number, decoder) in decoders().iter().enumerate() {
        let threads = [Threads::single(), same_bits::threads(2)];
        kept::all(
            D,
            |batch| decoder.forward(HiddenStates::new(batch.rows, batch.sequences)),
            |texts| Kept {
                decoder,
                cache: decoder.cache(texts),
                scratch: Scratch::with_threads(threads[number % 2].clone()),
            },
        );
    }
}

/// Token by token, in pieces, cut back and gone on, shared and gone apart.
#[test]
fn what_is_kept_gives_the_bits_of_the_whole() {
    let texts = [rows(140, D, 1), rows(131, D, 2)];
    let threads = [Threads::single(), same_bits::threads(2)];
    for (number, decoder) in decoders().into_iter().enumerate() {
        let mut scratch = Scratch::with_threads(threads[number % 2].clone());
        let whole = texts.each_ref().map(|text| {
            let all = Ragged::single(text.nrows());
            decoder.forward(HiddenStates::new(text.view(), &all)).unwrap()
        });
        let mut cache = decoder.cache(2);
        let steps = [[0, 0], [120, 3], [121, 4], [122, 4], [129, 130], [129, 131], [140, 131]];
        let mut go = |cache: &mut lt_decoder::KvCache, from: [usize; 2], to: [usize; 2]| {
            let part = |text: usize| texts[text].slice(s![from[text]..to[text], ..]);
            let rows = concatenate![Axis(0), part(0), part(1)];
            let batch = Ragged::from_lengths([to[0] - from[0], to[1] - from[1]]);
            let states = HiddenStates::new(rows.view(), &batch).with_cache(cache);
            let got = decoder.forward_in(states, &mut scratch).unwrap();
            let expected = |text: usize| whole[text].slice(s![from[text]..to[text], ..]);
            assert_eq!(got, concatenate![Axis(0), expected(0), expected(1)], "{number} {to:?}");
        };
        for (from, to) in steps.iter().zip(&steps[1..]) {
            go(&mut cache, *from, *to);
        }
        assert_eq!(cache.lengths().collect::<Vec<_>>(), [140, 131]);
        cache.truncate(&[126, 2]).unwrap();
        go(&mut cache, [126, 2], [130, 131]);
        // The first text twice; the copies go on apart, and the second is dropped again.
        cache.select(&[0, 0, 1]).unwrap();
        let other = rows(3, D, 9);
        let three = Ragged::from_lengths([0, 3, 0]);
        let states = HiddenStates::new(other.view(), &three).with_cache(&mut cache);
        decoder.forward_in(states, &mut Scratch::new()).unwrap();
        cache.select(&[0, 2]).unwrap();
        go(&mut cache, [130, 131], [140, 131]);
    }
}

#[test]
fn a_cache_serves_the_decoder_that_made_it_alone() {
    let decoder = decoders().swap_remove(1);
    let (x, batch) = (rows(3, D, 1), Ragged::single(3));
    let go = |decoder: &Decoder, cache: &mut lt_decoder::KvCache, batch: &Ragged| {
        decoder.forward(HiddenStates::new(x.view(), batch).with_cache(cache))
    };
    let mut cache = decoder.cache(1);
    assert!(go(&decoder, &mut cache, &batch).is_ok());
    for refused in [
        go(&decoder.clone(), &mut cache, &batch).unwrap_err().to_string(),
        go(&decoder, &mut cache, &Ragged::from_lengths([1, 2])).unwrap_err().to_string(),
    ] {
        assert!(refused.starts_with("`Decoder::forward`: the cache is"), "{refused}");
    }
    // A mask that does not fit is refused before anything is kept.
    let table = Mask::table(vec![Array2::from_elem((3, 3), true)]);
    let states = HiddenStates::new(x.view(), &batch).mask(&table).with_cache(&mut cache);
    assert!(decoder.forward(states).is_err());
    assert_eq!(cache.lengths().collect::<Vec<_>>(), [3]);
}

#[test]
fn a_trace_has_the_bits_of_the_output_and_causal_weights() {
    let (x, batch) = (rows(5, D, 1), Ragged::from_lengths([2, 3]));
    for decoder in decoders() {
        let input = HiddenStates::new(x.view(), &batch);
        let trace = decoder.trace(input, &mut Scratch::new()).unwrap();
        assert_eq!(trace.hidden_states.len(), decoder.layers().len() + 1);
        assert_eq!(trace.hidden_states[0], x);
        assert_eq!(*trace.hidden_states.last().unwrap(), decoder.forward(input).unwrap());
        for weights in trace.attentions.iter().flatten() {
            for ((_, query, key), &weight) in weights.indexed_iter() {
                assert!(key <= query || weight == 0.0);
            }
        }
    }
}

/// Looking at another text: what that text says counts, and its absence is an error.
#[test]
fn a_layer_may_look_at_another_text() {
    let own = || MultiHeadAttention::zeros(D, AttentionConfig::new(2)).unwrap();
    let norms = || SublayerNorms::post(layer_norm());
    let layer = DecoderLayer::new((own(), norms()), (plain(), norms())).unwrap();
    let layer = filled(layer.with_cross_attention(own(), norms()).unwrap(), 3);
    assert!(weights(&layer).iter().any(|(name, _)| name == "cross_attention_norms.after.gain"));
    let (x, batch) = (rows(5, D, 1), Ragged::from_lengths([2, 3]));
    let (memory, memories) = (rows(4, D, 2), Ragged::from_lengths([3, 1]));
    let causal = Mask::causal();
    let input = || HiddenStates::new(x.view(), &batch).mask(&causal);
    let output = layer.forward(input().attending_to(memory.view(), &memories)).unwrap();
    let mut other = memory.clone();
    other[[3, 0]] += 1.0;
    let changed = layer.forward(input().attending_to(other.view(), &memories)).unwrap();
    assert_eq!(output.slice(s![..2, ..]), changed.slice(s![..2, ..]));
    assert!(output.rows().into_iter().zip(changed.rows()).skip(2).all(|(a, b)| a != b));
    assert!(layer.forward(input()).is_err());
    let alone = DecoderLayer::new((own(), norms()), (plain(), norms())).unwrap();
    assert!(alone.forward(input().attending_to(memory.view(), &memories)).is_err());
}

#[test]
fn parts_of_other_widths_are_refused() {
    let narrow = || LayerNorm::zeros(D - 1, 1e-5).unwrap();
    let own = || MultiHeadAttention::zeros(D, AttentionConfig::new(2)).unwrap();
    let norms = || SublayerNorms::pre(layer_norm());
    let bad = DecoderLayer::new((own(), SublayerNorms::pre(narrow())), (plain(), norms()));
    assert!(bad.unwrap_err().to_string().contains("a width of 6"));
    assert!(DecoderLayer::new((own(), norms()), (plain(), SublayerNorms::post(narrow()))).is_err());
    let layer = DecoderLayer::new((own(), norms()), (plain(), norms())).unwrap();
    let other = MultiHeadAttention::zeros(D + 2, AttentionConfig::new(2)).unwrap();
    assert!(layer.clone().with_cross_attention(other, norms()).is_err());
    assert!(Decoder::new(vec![layer], None).with_alibi(Alibi::new(4).unwrap()).is_err());
}
