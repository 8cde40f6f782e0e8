//! The derivative of multi-head attention, self and cross, against its forward pass.

#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_attention::lt_core::{Backward, Mask, Module, Ragged, Result, Scratch, Train, zeros_like};
use lt_attention::{AttentionConfig, DistanceBias, HiddenStates, MultiHeadAttention, Projections};
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
    gradients: |grad| vec![grad.hidden];
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
    gradients: |grad| vec![grad.hidden];
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
    grouped_with(AttentionConfig::new(4).key_heads(2).scale(0.8))
}

fn grouped_with(config: AttentionConfig) -> MultiHeadAttention {
    let linear = |outputs| Linear::zeros(6, outputs).unwrap();
    let projections = Projections {
        query: linear(4 * 4),
        key: linear(2 * 4),
        value: linear(2 * 3),
        output: Linear::zeros(4 * 3, 6).unwrap(),
    };
    let norm = |gain| RmsNorm::zeros(4, gain, 0.1).unwrap();
    let rotary = Rotary::new(4, 100.0, RotaryLayout::Halves).unwrap();
    let layer = MultiHeadAttention::new(projections, config).unwrap();
    let layer = layer.with_norms(norm(Gain::Weight), norm(Gain::OnePlusWeight)).unwrap();
    layer.with_rotary(rotary).unwrap()
}

/// Grouped heads with norms and rotary positions, a window and a cap, and dropout if asked for.
fn everything(dropout: f32) -> MultiHeadAttention {
    let config = AttentionConfig::new(4).key_heads(2).window(2).cap(0.9);
    grouped_with(config.dropout(Dropout::new(dropout).unwrap()))
}

lt_laws::conformance! {
    grouped_heads_with_norms: MultiHeadAttention = grouped();
    inputs: [[5, 6]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three()).mask(&Mask::causal());
    gradients: |grad| vec![grad.hidden];
    without_gradient: [];
    wrong: [[[5, 7]]];
}

lt_laws::conformance! {
    // Scores of filled layers reach some tenths: of this cap the bend is felt.
    capped_scores: MultiHeadAttention =
        MultiHeadAttention::zeros(4, AttentionConfig::new(2).cap(0.3)).unwrap();
    inputs: [[5, 4]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three());
    gradients: |grad| vec![grad.hidden];
    // A bias of the keys adds the same to the scores of a query, but not once they are bent.
    without_gradient: [];
    wrong: [[[5, 3]], [[4, 4]]];
}

/// Numbers for the distances from −r to r, of two heads.
fn by_distance(numbers: &Array2<f32>) -> DistanceBias<'_> {
    DistanceBias::new(2, numbers.as_slice().unwrap()).unwrap()
}

lt_laws::conformance! {
    numbers_for_distances: MultiHeadAttention = layer(0.0);
    // The numbers are an input, with a gradient. Two places away is beyond their reach.
    inputs: [[5, 4], [2, 3]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three()).bias(by_distance(&inputs[1]));
    gradients: |grad| vec![grad.hidden, grad.bias.unwrap()];
    without_gradient: ["key.bias"];
    wrong: [[[5, 3], [2, 3]]];
}

lt_laws::conformance! {
    slopes_are_constants: MultiHeadAttention = layer(0.0);
    inputs: [[5, 4]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &two_and_three())
        .bias(DistanceBias::of_slopes(&[0.5, 0.25]));
    gradients: |grad| { assert!(grad.bias.is_none()); vec![grad.hidden] };
    without_gradient: ["key.bias"];
    wrong: [[[5, 3]]];
}

lt_laws::conformance! {
    all_at_once: MultiHeadAttention = everything(0.0);
    inputs: [[9, 6], [4, 5]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &Ragged::from_lengths([5, 0, 4]))
        .mask(&(Mask::causal() & Mask::custom(|place| place.query != 1)))
        .bias(DistanceBias::new(4, inputs[1].as_slice().unwrap()).unwrap());
    gradients: |grad| vec![grad.hidden, grad.bias.unwrap()];
    without_gradient: [];
    wrong: [[[8, 6], [4, 5]]];
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
    gradients: |grad| vec![grad.hidden];
    // A bias of the keys is turned, too: to a query it is not the same for each of them.
    without_gradient: [];
    wrong: [[[5, 7]], [[4, 8]]];
}

lt_laws::conformance! {
    self_attention_with_a_window: MultiHeadAttention =
        MultiHeadAttention::zeros(4, AttentionConfig::new(2).window(1)).unwrap();
    inputs: [[6, 4]];
    input: |inputs| HiddenStates::new(inputs[0].view(), &Ragged::from_lengths([2, 4]));
    gradients: |grad| vec![grad.hidden];
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
    type Grads = Result<(Array2<f32>, Vec<Array2<f32>>)>;
    fn pass(
        layer: &MultiHeadAttention,
        inputs: &[Array2<f32>],
        undo: Option<(&Array2<f32>, &mut MultiHeadAttention, &mut Scratch)>,
    ) -> Grads {
        let (batch, heads) = (two_and_three(), layer.config().heads);
        let bias = DistanceBias::new(heads, inputs[1].as_slice().unwrap())?;
        let input = HiddenStates::new(inputs[0].view(), &batch).bias(bias);
        let (output, cache) = layer.forward_cached(input, &mut Train::new(3, 5))?;
        let Some((d_output, grads, scratch)) = undo else { return Ok((output, vec![])) };
        let grad = layer.backward(input, &cache, d_output, grads, scratch)?;
        Ok((output, vec![grad.hidden, grad.bias.unwrap()]))
    }
    // Heads of width 3 and two of them: 2·3 is not 2 + 3.
    for (layer, heads) in [((|| of_width(6, 0.4)) as fn() -> _, 2), (|| everything(0.4), 4)] {
        gradient::backward_is_the_slope(&Subject {
            layer,
            inputs: vec![[5, 6], [heads, 3]],
            without_gradient: vec![],
            wrong: vec![],
            forward: |layer, inputs| Ok(pass(layer, inputs, None)?.0),
            forward_in: |layer, inputs, _| Ok(pass(layer, inputs, None)?.0),
            forward_cached: |layer, inputs| Ok(pass(layer, inputs, None)?.0),
            backward: |layer, inputs, d_output, grads, scratch| {
                Ok(pass(layer, inputs, Some((d_output, grads, scratch)))?.1)
            },
        });
    }
}

/// What is dropped of a sequence does not depend on those beside it, nor does its gradient.
#[test]
fn a_sequence_drops_and_learns_alike_in_every_batch() {
    let layer = filled(everything(0.4), 1);
    let x = rows(5, 6, 2);
    let of = |first: u64, from: usize, batch: Ragged| {
        let x = x.slice(ndarray::s![from.., ..]);
        let input = HiddenStates::new(x, &batch);
        let train = &mut Train::new(1, 2).with_sequences(first, &batch);
        let (output, cache) = layer.forward_cached(input, train).unwrap();
        let (mut grads, scratch) = (zeros_like(&layer), &mut Scratch::new());
        let grad = layer.backward(input, &cache, &output, &mut grads, scratch).unwrap();
        (output, grad.hidden)
    };
    let (both, alone) = (of(7, 0, two_and_three()), of(8, 2, Ragged::single(3)));
    for (both, alone) in [(&both.0, &alone.0), (&both.1, &alone.1)] {
        assert_eq!(both.slice(ndarray::s![2.., ..]), alone);
    }
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
    let d_input = layer.backward(input, &cache, &output, &mut grads, scratch).unwrap().hidden;
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
