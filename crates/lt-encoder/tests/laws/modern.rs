//! Encoders of ModernBERT's kind under the laws of encoders: pre-LN with norms without bias, of
//! which the first is absent; gated; rotary positions; a window in some layers.

use lt_attention::{AttentionConfig, MultiHeadAttention};
use lt_embedding::{Rotary, RotaryLayout};
use lt_encoder::lt_core::{self, Mask, Module, Ragged, Scratch, Weight};
use lt_encoder::{Encoder, EncoderLayer, HiddenStates, NormPlacement, Norms};
use lt_laws::sample::{filled, rows};
use lt_laws::{Batch, encoder, same_bits, window};
use lt_layers::{Activation, AnyFeedForward, GatedFeedForward, LayerNorm, Linear};
use ndarray::Array2;

const D: usize = 8;
const PLACEMENTS: [NormPlacement; 2] = [NormPlacement::Post, NormPlacement::Pre];

fn linear(inputs: usize, outputs: usize) -> Linear {
    Linear::new(Weight::zeros(&[outputs, inputs]), None).unwrap()
}

fn norm() -> LayerNorm {
    LayerNorm::new(Weight::zeros(&[D]), None, 1e-5).unwrap()
}

fn gated() -> GatedFeedForward {
    GatedFeedForward::new(linear(D, 11), Activation::Gelu, linear(D, 11), linear(11, D)).unwrap()
}

fn layer(
    config: AttentionConfig,
    attention_norm: Option<LayerNorm>,
    placement: NormPlacement,
) -> EncoderLayer {
    let rotary = Rotary::new(D / 2, 100.0, RotaryLayout::Halves).unwrap();
    let attention = MultiHeadAttention::zeros(D, config).unwrap().with_rotary(rotary).unwrap();
    let norms = Norms { attention: attention_norm, feed_forward: norm(), placement };
    EncoderLayer::new(attention, gated(), norms).unwrap()
}

/// A global layer, a local one, and the last norm.
fn modern(reach: usize) -> Encoder {
    let global = layer(AttentionConfig::new(2), None, NormPlacement::Pre);
    let config = AttentionConfig::new(2).window(reach);
    let local = layer(config, Some(norm()), NormPlacement::Pre);
    filled(Encoder::new(vec![global, local], Some(norm())), 1)
}

fn states(batch: Batch<'_>) -> HiddenStates<'_> {
    HiddenStates::new(batch.rows, batch.sequences).mask(batch.mask)
}

#[test]
fn it_obeys_the_laws_of_encoders() {
    let encoder = modern(2);
    encoder::masks_are_obeyed(D, |batch| encoder.forward(states(batch)));
    encoder::order_is_seen_with_positions(D, |batch| encoder.forward(states(batch)));
    encoder::a_shift_changes_nothing(D, |batch| encoder.forward(states(batch)));
}

#[test]
fn the_same_rows_have_the_same_bits_on_every_path() {
    let encoder = modern(2);
    same_bits::same_rows_same_bits(
        D,
        |batch| encoder.forward(states(batch)),
        |batch, scratch| encoder.forward_in(states(batch), scratch),
    );
}

#[test]
fn one_layer_sees_its_window_alone() {
    let local = |batch: Batch<'_>, reach| {
        let config = AttentionConfig::new(2).window(reach);
        filled(layer(config, None, NormPlacement::Pre), 1).forward(states(batch))
    };
    window::beyond_the_window_nothing_is_seen(D, local);
    let full = filled(layer(AttentionConfig::new(2), None, NormPlacement::Pre), 1);
    window::a_wide_window_is_full_attention(D, local, |batch| full.forward(states(batch)));
}

#[test]
fn an_absent_norm_leaves_the_rows_as_they_are() {
    let (x, batch) = (rows(5, D, 3), Ragged::from_lengths([2, 3]));
    let input = HiddenStates::new(x.view(), &batch);
    for placement in PLACEMENTS {
        let layer = filled(layer(AttentionConfig::new(2), None, placement), 4);
        let norm = |rows: &Array2<f32>| layer.feed_forward_norm().forward(rows.view()).unwrap();
        let feed = |rows: &Array2<f32>| layer.feed_forward().forward(rows.view()).unwrap();
        let a = layer.attention().forward(input).unwrap() + &x;
        let expected = match placement {
            NormPlacement::Post => norm(&(feed(&a) + &a)),
            NormPlacement::Pre => feed(&norm(&a)) + &a,
        };
        assert_eq!(layer.forward(input).unwrap(), expected, "{placement:?}");
        let weights = layer.attention().weights(input).unwrap();
        assert_eq!(layer.attention_weights(input).unwrap(), weights, "{placement:?}");
        assert_eq!(layer.attention_norm(), None);
    }
}

#[test]
fn a_trace_has_the_bits_of_the_forward_pass() {
    let (x, batch, encoder) = (rows(9, D, 3), Ragged::from_lengths([2, 7]), modern(1));
    let (mask, scratch) = (Mask::causal(), &mut Scratch::new());
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    let trace = encoder.trace(input, scratch).unwrap();
    assert_eq!(trace.hidden_states[2], encoder.forward(input).unwrap());
    let weights = &trace.attentions[1][1]; // of the local layer, for the second sequence
    for ((_, query, key), &weight) in weights.indexed_iter() {
        let seen = key <= query && query - key <= 1;
        assert_eq!(weight != 0.0, seen, "query {query}, key {key}");
    }
}

#[test]
fn parameters_have_the_names_of_what_is_there() {
    let encoder = modern(1);
    let names: Vec<String> = lt_core::weights(&encoder).into_iter().map(|(name, _)| name).collect();
    let has = |name: &str| names.iter().any(|other| other == name);
    for name in ["gate.weight", "up.weight", "down.weight"] {
        assert!(has(&format!("layers.0.feed_forward.{name}")), "{name}");
    }
    assert!(has("layers.1.attention_norm.gain") && !has("layers.1.attention_norm.bias"));
    assert!(!names.iter().any(|name| name.starts_with("layers.0.attention_norm")));
    assert!(matches!(encoder.layers()[0].feed_forward(), AnyFeedForward::Gated(_)));
}

#[test]
fn a_gated_layer_of_another_width_is_refused() {
    let attention = || MultiHeadAttention::zeros(D, AttentionConfig::new(2)).unwrap();
    let norms = || Norms { attention: None, feed_forward: norm(), placement: NormPlacement::Pre };
    let feed_forward = |inputs, outputs| {
        let wide = || linear(inputs, 11);
        GatedFeedForward::new(wide(), Activation::Silu, wide(), linear(11, outputs)).unwrap()
    };
    assert!(EncoderLayer::new(attention(), feed_forward(D, D), norms()).is_ok());
    assert!(EncoderLayer::new(attention(), feed_forward(D + 1, D), norms()).is_err());
    assert!(EncoderLayer::new(attention(), feed_forward(D, D + 1), norms()).is_err());
}
