//! The derivative of multi-head attention, self and cross, against its forward pass.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_attention::lt_core::{Backward, Mask, Module, Ragged, Result, Scratch, Train, zeros_like};
use lt_attention::{AttentionConfig, HiddenStates, MultiHeadAttention, Projections};
use lt_embedding::{Rotary, RotaryLayout};
use lt_laws::gradient::{self, Subject};
use lt_laws::sample::{filled, rows};
use lt_layers::{Dropout, Gain, Linear, RmsNorm};
use ndarray::Array2;

fn layer(dropout: f32) -> MultiHeadAttention {
    of_width(4, dropout)
}

fn of_width(d: usize, dropout: f32) -> MultiHeadAttention {
    let config = AttentionConfig::new(2).dropout(Dropout::new(dropout).unwrap());
    MultiHeadAttention::zeros(d, config).unwrap()
}

/// Heads of keys and values that are not equally wide, and a memory and an output of other widths.
fn cross() -> MultiHeadAttention {
    let linear = |inputs, outputs| Linear::zeros(inputs, outputs).unwrap();
    let projections = Projections {
        query: linear(3, 4),
        key: linear(5, 4),
        value: linear(5, 6),
        output: linear(6, 7),
    };
    let config = AttentionConfig::new(2);
    MultiHeadAttention::new(projections, config).unwrap()
}

fn two_and_three() -> Ragged {
    Ragged::from_lengths([2, 3])
}

lt_laws::conformance! {
    self_attention: MultiHeadAttention = layer(0.0);
    inputs: [[5, 4]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad];
    // A bias of the keys adds the same to all scores of a query: softmax does not see it.
    without_gradient: ["key.bias"];
    wrong: [[[5, 3]], [[4, 4]]];
}

lt_laws::conformance! {
    masked_self_attention: MultiHeadAttention = layer(0.0);
    inputs: [[5, 4]];
    // The first token of each sequence may look at nothing.
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three())
        .mask(&(Mask::causal() & Mask::custom(|place| place.query > 0)));
    gradients: |grad| vec![grad];
    without_gradient: ["key.bias"];
    wrong: [[[5, 5]]];
}

lt_laws::conformance! {
    cross_attention: MultiHeadAttention = cross();
    inputs: [[5, 3], [4, 5]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three())
        .attending_to(inputs[1].view(), &Ragged::from_lengths([1, 3]));
    gradients: |grad| vec![grad.hidden, grad.memory];
    without_gradient: ["key.bias"];
    wrong: [[[5, 4], [4, 5]], [[5, 3], [4, 3]], [[5, 3], [5, 5]]];
}

/// Four heads in two groups, whose queries and keys are normalised, with another scale.
fn grouped() -> MultiHeadAttention {
    let linear = |outputs| Linear::zeros(6, outputs).unwrap();
    let projections = Projections {
        query: linear(4 * 4),
        key: linear(2 * 4),
        value: linear(2 * 3),
        output: Linear::zeros(4 * 3, 6).unwrap(),
    };
    let config = AttentionConfig::new(4).key_heads(2).scale(0.8);
    let norm = |gain| RmsNorm::zeros(4, gain, 0.1).unwrap();
    let rotary = Rotary::new(4, 100.0, RotaryLayout::Halves).unwrap();
    let layer = MultiHeadAttention::new(projections, config).unwrap();
    let layer = layer.with_norms(norm(Gain::Weight), norm(Gain::OnePlusWeight)).unwrap();
    layer.with_rotary(rotary).unwrap()
}

lt_laws::conformance! {
    grouped_heads_with_norms: MultiHeadAttention = grouped();
    inputs: [[5, 6]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three()).mask(&Mask::causal());
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 7]]];
}

#[test]
fn capped_scores_say_that_they_cannot_be_trained() {
    let layer = MultiHeadAttention::zeros(4, AttentionConfig::new(2).cap(50.0)).unwrap();
    let (x, batch) = (rows(5, 4, 1), two_and_three());
    let refused = layer.forward_cached(HiddenStates::new(x.view(), &batch), &mut Train::new(0, 0));
    assert!(refused.unwrap_err().to_string().contains("cap is 50, expected none"));
}

/// Heads of width 4, turned by their positions.
fn turning(config: AttentionConfig, layout: RotaryLayout) -> MultiHeadAttention {
    let rotary = Rotary::new(4, 100.0, layout).unwrap();
    MultiHeadAttention::zeros(8, config).unwrap().with_rotary(rotary).unwrap()
}

lt_laws::conformance! {
    self_attention_with_rotary_positions: MultiHeadAttention =
        turning(AttentionConfig::new(2), RotaryLayout::Halves);
    inputs: [[5, 8]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad];
    // A bias of the keys is turned, too: to a query it is not the same for each of them.
    without_gradient: [];
    wrong: [[[5, 7]], [[4, 8]]];
}

lt_laws::conformance! {
    self_attention_with_a_window: MultiHeadAttention =
        MultiHeadAttention::zeros(4, AttentionConfig::new(2).window(1)).unwrap();
    inputs: [[6, 4]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &Ragged::from_lengths([2, 4]));
    gradients: |grad| vec![grad];
    without_gradient: ["key.bias"];
    wrong: [[[6, 3]], [[5, 4]]];
}

lt_laws::conformance! {
    cross_attention_with_both: MultiHeadAttention =
        turning(AttentionConfig::new(2).window(1), RotaryLayout::Interleaved);
    inputs: [[5, 8], [6, 8]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three())
        .attending_to(inputs[1].view(), &Ragged::from_lengths([2, 4]));
    gradients: |grad| vec![grad.hidden, grad.memory];
    without_gradient: [];
    wrong: [[[5, 8], [6, 7]], [[5, 8], [5, 8]]];
}

/// With dropout, `forward_cached` is another function than `forward`, but as long as the draws are
/// the same it has a derivative too.
#[test]
fn backward_is_the_slope_of_a_forward_pass_that_drops() {
    fn input<'a>(inputs: &'a [Array2<f32>], batch: &'a Ragged, mask: &'a Mask) -> HiddenStates<'a> {
        HiddenStates::new(inputs[0].view(), batch).mask(mask)
    }
    fn forward(layer: &MultiHeadAttention, inputs: &[Array2<f32>]) -> Result<Array2<f32>> {
        let (batch, mask) = (two_and_three(), Mask::all());
        let input = input(inputs, &batch, &mask);
        Ok(layer.forward_cached(input, &mut Train::new(3, 5))?.0)
    }
    gradient::backward_is_the_slope(&Subject {
        layer: || of_width(6, 0.4), // heads of width 3: 2·3 is not 2 + 3
        inputs: vec![[5, 6]],
        without_gradient: vec![],
        wrong: vec![],
        forward,
        forward_in: |layer, inputs, _| forward(layer, inputs),
        forward_cached: forward,
        backward: |layer, inputs, d_output, grads, scratch| {
            let (batch, mask) = (two_and_three(), Mask::all());
            let input = input(inputs, &batch, &mask);
            let (_, cache) = layer.forward_cached(input, &mut Train::new(3, 5))?;
            Ok(vec![layer.backward(input, &cache, d_output, grads, scratch)?])
        },
    });
}

/// A token that may look at nothing, and that nothing looks at, may hold anything.
#[test]
fn what_a_blind_token_holds_does_not_reach_the_gradient_of_the_others() {
    let layer = filled(layer(0.0), 1);
    let (batch, mask) = (Ragged::single(3), Mask::custom(|place| place.query != 1));
    let gradient = |held: f32| {
        let (mut x, memory) = (rows(3, 4, 2), rows(3, 4, 3));
        x.row_mut(1).fill(held);
        let input =
            HiddenStates::new(x.view(), &batch).mask(&mask).attending_to(memory.view(), &batch);
        let (output, cache) = layer.forward_cached(input, &mut Train::default()).unwrap();
        let mut grads = zeros_like(&layer);
        let scratch = &mut Scratch::new();
        layer.backward(input, &cache, &output, &mut grads, scratch).unwrap().memory
    };
    assert_eq!(gradient(f32::NAN), gradient(0.0));
}

/// D8: the course's attention dropped nothing.
#[test]
fn dropout_changes_the_training_pass_alone_and_by_the_seed_alone() {
    let layer = filled(layer(0.5), 1);
    let (batch, mask, x) = (two_and_three(), Mask::all(), rows(5, 4, 2));
    let input = HiddenStates::new(x.view(), &batch).mask(&mask);
    let trained = |seed| layer.forward_cached(input, &mut Train::new(seed, 0)).unwrap().0;
    let plain = layer.forward(input).unwrap();
    assert_ne!(trained(1), plain);
    assert_ne!(trained(1), trained(2));
    assert_eq!(trained(1), trained(1));
    assert_eq!(layer.forward(input).unwrap(), plain);
}

#[test]
fn a_token_that_may_look_at_nothing_has_a_gradient_of_zero_not_nan() {
    let layer = filled(layer(0.0), 1);
    let (batch, x) = (Ragged::single(3), rows(3, 4, 2));
    let blind = Mask::custom(|_| false);
    let input = HiddenStates::new(x.view(), &batch).mask(&blind);
    let (output, cache) = layer.forward_cached(input, &mut Train::default()).unwrap();
    let mut grads = zeros_like(&layer);
    let scratch = &mut Scratch::new();
    let d_input = layer.backward(input, &cache, &output, &mut grads, scratch).unwrap();
    assert_eq!(d_input, Array2::<f32>::zeros((3, 4)));
}

#[test]
fn what_a_masked_key_holds_does_not_reach_the_gradient_of_the_queries() {
    let layer = filled(layer(0.0), 1);
    let (batch, mask) = (Ragged::single(3), Mask::custom(|place| place.key != 1));
    let gradient = |held: f32| {
        let (x, mut memory) = (rows(3, 4, 2), rows(3, 4, 3));
        memory.row_mut(1).fill(held);
        let input =
            HiddenStates::new(x.view(), &batch).mask(&mask).attending_to(memory.view(), &batch);
        let (output, cache) = layer.forward_cached(input, &mut Train::default()).unwrap();
        let mut grads = zeros_like(&layer);
        let scratch = &mut Scratch::new();
        layer.backward(input, &cache, &output, &mut grads, scratch).unwrap().hidden
    };
    assert_eq!(gradient(f32::NAN), gradient(0.0));
}
