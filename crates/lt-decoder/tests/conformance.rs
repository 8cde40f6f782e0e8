//! The derivatives of the decoder against its forward pass.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_attention::{AttentionConfig, CrossAttentionInput, MultiHeadAttention, Projections};
use lt_decoder::lt_core::{Backward, Error, Mask, Ragged, Result, Scratch, Train, zeros_like};
use lt_decoder::{Decoder, DecoderLayer, HiddenStates, SublayerNorms};
use lt_embedding::{Alibi, Rotary, RotaryLayout};
use lt_laws::gradient::{self, Subject};
use lt_laws::sample::{filled, rows};
use lt_layers::{
    Activation, AnyNorm, Dropout, FeedForward, Gain, GatedFeedForward, LayerNorm, Linear, RmsNorm,
};
use ndarray::Array2;

const D: usize = 4;

fn linear(inputs: usize, outputs: usize) -> Linear {
    Linear::zeros(inputs, outputs).unwrap()
}

fn norm() -> LayerNorm {
    LayerNorm::zeros(D, 0.1).unwrap()
}

fn rms() -> RmsNorm {
    RmsNorm::zeros(D, Gain::OnePlusWeight, 0.1).unwrap()
}

/// As GPT-2, with the norms in these places.
fn plain(norms: fn() -> SublayerNorms) -> DecoderLayer {
    let attention = MultiHeadAttention::zeros(D, AttentionConfig::new(2)).unwrap();
    let wide = FeedForward::new(linear(D, 6), Activation::GeluTanh, linear(6, D)).unwrap();
    DecoderLayer::new((attention, norms()), (wide, norms())).unwrap()
}

/// As Gemma: four norms, two heads that share keys and values, normalised, turned and windowed.
fn sandwich() -> DecoderLayer {
    let projections = Projections {
        query: linear(D, 4),
        key: linear(D, 2),
        value: linear(D, 2),
        output: linear(4, D),
    };
    let head = || RmsNorm::zeros(2, Gain::OnePlusWeight, 0.1).unwrap();
    let config = AttentionConfig::new(2).key_heads(1).scale(0.8).window(1);
    let rotary = Rotary::new(2, 100.0, RotaryLayout::Halves).unwrap();
    let attention = MultiHeadAttention::new(projections, config).unwrap();
    let attention = attention.with_norms(head(), head()).unwrap().with_rotary(rotary).unwrap();
    let wide = GatedFeedForward::new(linear(D, 5), Activation::Silu, linear(D, 5), linear(5, D));
    let norms = || SublayerNorms::sandwich(rms(), rms());
    DecoderLayer::new((attention, norms()), (wide.unwrap(), norms())).unwrap()
}

/// With attention to a text whose rows are wider.
fn looking_elsewhere() -> DecoderLayer {
    let projections = Projections {
        query: linear(D, 4),
        key: linear(5, 4),
        value: linear(5, 4),
        output: linear(4, D),
    };
    let cross = MultiHeadAttention::new(projections, AttentionConfig::new(2)).unwrap();
    plain(|| SublayerNorms::post(norm()))
        .with_cross_attention(cross, SublayerNorms::post(norm()))
        .unwrap()
}

fn two_and_three() -> Ragged {
    Ragged::from_lengths([2, 3])
}

/// A layer on five rows that look back.
macro_rules! layer {
    ($name:ident, $layer:expr, without: [$($without:expr),*]) => {
        lt_laws::conformance! {
            $name: DecoderLayer = $layer;
            inputs: [[5, D]];
            input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three())
                .mask(&Mask::causal());
            gradients: |grad| vec![grad.hidden];
            without_gradient: [$($without),*];
            wrong: [[[5, D + 1]], [[4, D]]];
        }
    };
}

layer!(pre, plain(|| SublayerNorms::pre(norm())), without: ["attention.key.bias"]);
layer!(post, plain(|| SublayerNorms::post(norm())), without: ["attention.key.bias"]);
layer!(without_norms, plain(SublayerNorms::default), without: ["attention.key.bias"]);
layer!(norms_of_gemma, sandwich(), without: []);
layer!(
    norms_everywhere,
    plain(|| SublayerNorms { after: Some(norm().into()), ..SublayerNorms::sandwich(rms(), norm()) }),
    without: ["attention.key.bias"]
);

lt_laws::conformance! {
    cross_attention: DecoderLayer = looking_elsewhere();
    inputs: [[5, D], [4, 5]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three())
        .mask(&Mask::causal())
        .attending_to(inputs[1].view(), &Ragged::from_lengths([1, 3]));
    gradients: |grad| vec![grad.hidden, grad.memory];
    without_gradient: ["attention.key.bias", "cross_attention.key.bias"];
    wrong: [[[5, D + 1], [4, 5]], [[5, D], [3, 5]], [[5, D], [4, 4]]];
}

lt_laws::conformance! {
    decoder: Decoder = Decoder::new(
        vec![sandwich(), plain(|| SublayerNorms::pre(norm()))], AnyNorm::from(rms()));
    inputs: [[5, D]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad.hidden];
    without_gradient: ["layers.1.attention.key.bias"];
    wrong: [[[5, D + 1]], [[4, D]]];
}

lt_laws::conformance! {
    decoder_with_alibi: Decoder = Decoder::new(vec![plain(|| SublayerNorms::pre(norm()))], None)
        .with_alibi(Alibi::new(2).unwrap()).unwrap();
    inputs: [[5, D]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad.hidden];
    without_gradient: ["layers.0.attention.key.bias"];
    wrong: [[[5, D + 1]]];
}

fn dropping() -> DecoderLayer {
    looking_elsewhere().with_dropout(Dropout::new(0.4).unwrap())
}

/// With dropout, `forward_cached` is another function than `forward`; as long as the draws are the
/// same, it has a derivative too.
#[test]
fn backward_is_the_slope_of_a_layer_that_drops() {
    fn input<'a>(inputs: &'a [Array2<f32>], batches: &'a [Ragged; 2]) -> CrossAttentionInput<'a> {
        HiddenStates::new(inputs[0].view(), &batches[0]).attending_to(inputs[1].view(), &batches[1])
    }
    fn forward(layer: &DecoderLayer, inputs: &[Array2<f32>]) -> Result<Array2<f32>> {
        let batches = [two_and_three(), Ragged::from_lengths([1, 3])];
        Ok(layer.forward_cached(input(inputs, &batches), &mut Train::new(3, 5))?.0)
    }
    gradient::backward_is_the_slope(&Subject {
        layer: dropping,
        inputs: vec![[5, D], [4, 5]],
        without_gradient: vec![],
        wrong: vec![],
        forward,
        forward_in: |layer, inputs, _| forward(layer, inputs),
        forward_cached: forward,
        backward: |layer, inputs, d_output, grads, scratch| {
            let batches = [two_and_three(), Ragged::from_lengths([1, 3])];
            let input = input(inputs, &batches);
            let (_, cache) = layer.forward_cached(input, &mut Train::new(3, 5))?;
            let grad = layer.backward(input, &cache, d_output, grads, scratch)?;
            Ok(vec![grad.hidden, grad.memory])
        },
    });
}

/// A cache and an input that do not belong together are refused, not mixed up.
#[test]
fn a_cache_of_another_kind_of_input_is_refused() {
    let layer = filled(plain(|| SublayerNorms::pre(norm())), 1);
    let (batch, x, memory) = (two_and_three(), rows(5, D, 2), rows(5, 5, 3));
    let input = HiddenStates::new(x.view(), &batch);
    let (y, cache) = layer.forward_cached(input, &mut Train::default()).unwrap();
    let cross = input.attending_to(memory.view(), &batch);
    let (mut grads, mut scratch) = (zeros_like(&layer), Scratch::new());
    let refused = layer.backward(cross, &cache, &y, &mut grads, &mut scratch).unwrap_err();
    assert!(matches!(refused, Error::Config { field: "cache", .. }), "{refused}");
}
