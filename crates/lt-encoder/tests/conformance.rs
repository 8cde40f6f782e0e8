//! The derivatives of the encoder against its forward pass.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_attention::{AttentionConfig, MultiHeadAttention};
use lt_embedding::{Buckets, Embedding, RelativeBias, Rotary, RotaryLayout};
use lt_encoder::lt_core::{Backward, Mask, Ragged, Result, Train, Weight};
use lt_encoder::{
    Encoder, EncoderLayer, HiddenStates, NormPlacement, Norms, Pooler, Sequences, Stack,
    SublayerDropout,
};
use lt_laws::gradient::{self, Subject};
use lt_layers::{Activation, Dropout, FeedForward, GatedFeedForward, LayerNorm, Linear};
use ndarray::Array2;

const D: usize = 4;
const POST: NormPlacement = NormPlacement::Post;
const PRE: NormPlacement = NormPlacement::Pre;

fn linear(inputs: usize, outputs: usize) -> Linear {
    Linear::zeros(inputs, outputs).unwrap()
}

fn norm() -> LayerNorm {
    LayerNorm::zeros(D, 0.1).unwrap()
}

fn layer(placement: NormPlacement) -> EncoderLayer {
    let attention = MultiHeadAttention::zeros(D, AttentionConfig::new(2)).unwrap();
    let wide = FeedForward::new(linear(D, 6), Activation::Gelu, linear(6, D)).unwrap();
    let norms = Norms { attention: Some(norm()), feed_forward: norm(), placement };
    EncoderLayer::new(attention, wide, norms).unwrap()
}

/// As ModernBERT: rotary positions, a window, a gate, and in the first layer no norm of attention.
fn modern(attention: Option<LayerNorm>, placement: NormPlacement) -> EncoderLayer {
    let rotary = Rotary::new(2, 100.0, RotaryLayout::Halves).unwrap();
    let config = AttentionConfig::new(2).window(1);
    let turned = MultiHeadAttention::zeros(D, config).unwrap().with_rotary(rotary).unwrap();
    let wide = GatedFeedForward::new(linear(D, 5), Activation::Gelu, linear(D, 5), linear(5, D));
    EncoderLayer::new(turned, wide.unwrap(), Norms { attention, feed_forward: norm(), placement })
        .unwrap()
}

fn two_and_three() -> Ragged {
    Ragged::from_lengths([2, 3])
}

/// A layer on five rows.
macro_rules! layer {
    ($name:ident, $layer:expr, without: [$($without:expr),*]) => {
        lt_laws::conformance! {
            $name: EncoderLayer = $layer;
            inputs: [[5, D]];
            input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
            gradients: |grad| vec![grad.hidden];
            without_gradient: [$($without),*];
            wrong: [[[5, D + 1]], [[4, D]]];
        }
    };
}

layer!(post, layer(POST), without: ["attention.key.bias"]);
layer!(pre, layer(PRE), without: ["attention.key.bias"]);
layer!(modern_with_a_norm, modern(Some(norm()), PRE), without: []);
layer!(modern_without_a_norm, modern(None, PRE), without: []);
layer!(post_without_a_norm_of_attention, modern(None, POST), without: []);

lt_laws::conformance! {
    masked: EncoderLayer = layer(POST);
    inputs: [[5, D]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three()).mask(&Mask::causal());
    gradients: |grad| vec![grad.hidden];
    without_gradient: ["attention.key.bias"];
    wrong: [[[5, D + 1]]];
}

lt_laws::conformance! {
    stack: Stack<EncoderLayer> = Stack::new(vec![layer(POST), modern(None, PRE)]);
    inputs: [[5, D]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad.hidden];
    without_gradient: ["0.attention.key.bias"];
    wrong: [[[5, D + 1]], [[4, D]]];
}

/// Two groups of one layer, of which the second runs twice, around the first.
fn groups() -> Stack<EncoderLayer> {
    let groups = vec![vec![modern(Some(norm()), POST)], vec![modern(Some(norm()), PRE)]];
    Stack::of_groups(groups, vec![1, 0, 1]).unwrap()
}

lt_laws::conformance! {
    groups_that_run_more_than_once: Stack<EncoderLayer> = groups();
    inputs: [[5, D]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad.hidden];
    without_gradient: [];
    wrong: [[[5, D + 1]]];
}

lt_laws::conformance! {
    encoder: Encoder = Encoder::new(vec![layer(PRE), layer(PRE)], Some(norm()));
    inputs: [[5, D]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad.hidden];
    without_gradient: ["layers.0.attention.key.bias", "layers.1.attention.key.bias"];
    wrong: [[[5, D + 1]], [[4, D]]];
}

/// Two layers that share the numbers of their distances, and one number more than is used.
fn related() -> Encoder {
    let table = Embedding::new(Weight::zeros(&[4, 2])).unwrap();
    let relative = RelativeBias::new(table, Buckets::new(4, 2).unwrap()).unwrap();
    Encoder::new(vec![layer(POST), layer(POST)], None).with_relative(relative).unwrap()
}

lt_laws::conformance! {
    encoder_with_numbers_for_distances: Encoder = related();
    inputs: [[5, D]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad.hidden];
    without_gradient: ["layers.0.attention.key.bias", "layers.1.attention.key.bias"];
    wrong: [[[5, D + 1]], [[4, D]]];
}

lt_laws::conformance! {
    pooler: Pooler = Pooler::new(linear(D, D));
    inputs: [[5, D]];
    input: |inputs| Sequences { hidden: inputs[0].view(), sequences: &two_and_three() };
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, D + 1]], [[4, D]]];
}

fn dropping(placement: NormPlacement) -> EncoderLayer {
    let rate = |rate| Dropout::new(rate).unwrap();
    let dropout = SublayerDropout { attention: rate(0.3), feed_forward: rate(0.5) };
    layer(placement).with_dropout(dropout)
}

/// With dropout, `forward_cached` is another function than `forward`; as long as the draws are the
/// same, it has a derivative too.
fn holds_with_dropout(layer: fn() -> EncoderLayer) {
    fn forward(layer: &EncoderLayer, inputs: &[Array2<f32>]) -> Result<Array2<f32>> {
        let batch = two_and_three();
        let input = HiddenStates::new(inputs[0].view(), &batch);
        Ok(layer.forward_cached(input, &mut Train::new(3, 5))?.0)
    }
    gradient::backward_is_the_slope(&Subject {
        layer,
        inputs: vec![[5, D]],
        without_gradient: vec![],
        wrong: vec![],
        forward,
        forward_in: |layer, inputs, _| forward(layer, inputs),
        forward_cached: forward,
        backward: |layer, inputs, d_output, grads, scratch| {
            let batch = two_and_three();
            let input = HiddenStates::new(inputs[0].view(), &batch);
            let (_, cache) = layer.forward_cached(input, &mut Train::new(3, 5))?;
            Ok(vec![layer.backward(input, &cache, d_output, grads, scratch)?.hidden])
        },
    });
}

#[test]
fn backward_is_the_slope_of_a_layer_that_drops() {
    holds_with_dropout(|| dropping(POST));
    holds_with_dropout(|| dropping(PRE));
}

/// Each of the two is dropped from, before the sum: a row that the layer does not change otherwise.
#[test]
fn each_sublayer_is_dropped_from() {
    let (batch, x) = (two_and_three(), lt_laws::sample::rows(5, D, 1));
    let input = HiddenStates::new(x.view(), &batch);
    let run = |attention: f32, feed_forward: f32| {
        let rate = |rate| Dropout::new(rate).unwrap();
        let (attention, feed_forward) = (rate(attention), rate(feed_forward));
        let layer = layer(PRE).with_dropout(SublayerDropout { attention, feed_forward });
        let layer = lt_laws::sample::filled(layer, 1);
        layer.forward_cached(input, &mut Train::new(3, 5)).unwrap().0
    };
    let [none, first, second, both] = [run(0.0, 0.0), run(0.5, 0.0), run(0.0, 0.5), run(0.5, 0.5)];
    assert!(none != first && none != second && first != both && second != both);
    assert_eq!(run(0.5, 0.5), both);
}
