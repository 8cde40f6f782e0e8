//! The derivatives against their forward passes.

#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Backward, Scratch, Train, Weight, zeros_like};
use lt_layers::{
    Activation, AnyFeedForward, AnyNorm, FeedForward, Gain, GatedFeedForward, LayerNorm, Linear,
    RmsNorm,
};

lt_laws::conformance! {
    linear: Linear = Linear::zeros(7, 4).unwrap();
    inputs: [[5, 7]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 8]], [[5, 6]]];
}

lt_laws::conformance! {
    layer_norm: LayerNorm = LayerNorm::zeros(6, 1e-5).unwrap();
    inputs: [[4, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 5]]];
}

// An epsilon that cannot be overlooked.
lt_laws::conformance! {
    layer_norm_with_a_large_epsilon: LayerNorm = LayerNorm::zeros(6, 0.5).unwrap();
    inputs: [[4, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 5]]];
}

lt_laws::conformance! {
    layer_norm_without_bias: LayerNorm =
        LayerNorm::new(Weight::zeros(&[6]), None, 1e-5).unwrap();
    inputs: [[4, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 5]]];
}

lt_laws::conformance! {
    rms_norm: RmsNorm = RmsNorm::zeros(6, Gain::Weight, 1e-5).unwrap();
    inputs: [[4, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 5]]];
}

lt_laws::conformance! {
    rms_norm_of_one_more_than_the_weight: RmsNorm =
        RmsNorm::zeros(6, Gain::OnePlusWeight, 0.5).unwrap();
    inputs: [[4, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 5]]];
}

lt_laws::conformance! {
    any_norm: AnyNorm = RmsNorm::zeros(6, Gain::OnePlusWeight, 0.5).unwrap().into();
    inputs: [[4, 6]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[4, 5]]];
}

lt_laws::conformance! {
    linear_without_bias: Linear = Linear::new(Weight::zeros(&[4, 7]), None).unwrap();
    inputs: [[5, 7]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 8]]];
}

/// The activation between the two layers is what differs.
macro_rules! feed_forward {
    ($name:ident, $activation:expr) => {
        lt_laws::conformance! {
            $name: FeedForward = FeedForward::new(
                Linear::zeros(4, 9).unwrap(), $activation, Linear::zeros(9, 3).unwrap()).unwrap();
            inputs: [[5, 4]];
            input: |inputs| inputs[0].view();
            gradients: |grad| vec![grad];
            without_gradient: [];
            wrong: [[[5, 9]]];
        }
    };
}

feed_forward!(feed_forward_with_nothing_between, Activation::Identity);
feed_forward!(feed_forward_with_relu, Activation::Relu);
feed_forward!(feed_forward_with_gelu, Activation::Gelu);
feed_forward!(feed_forward_with_gelu_tanh, Activation::GeluTanh);
feed_forward!(feed_forward_with_silu, Activation::Silu);
feed_forward!(feed_forward_with_tanh, Activation::Tanh);
feed_forward!(feed_forward_with_quick_gelu, Activation::QuickGelu);

fn gated(activation: Activation) -> GatedFeedForward {
    let (gate, up) = (Linear::zeros(4, 9).unwrap(), Linear::zeros(4, 9).unwrap());
    GatedFeedForward::new(gate, activation, up, Linear::zeros(9, 3).unwrap()).unwrap()
}

lt_laws::conformance! {
    gated_feed_forward_with_gelu: GatedFeedForward = gated(Activation::Gelu);
    inputs: [[5, 4]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 9]], [[5, 3]]];
}

lt_laws::conformance! {
    gated_feed_forward_with_silu: GatedFeedForward = gated(Activation::Silu);
    inputs: [[5, 4]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 9]]];
}

lt_laws::conformance! {
    gated_feed_forward_without_biases: GatedFeedForward = {
        let linear = |shape| Linear::new(Weight::zeros(shape), None).unwrap();
        let (gate, up, down) = (linear(&[9, 4]), linear(&[9, 4]), linear(&[4, 9]));
        GatedFeedForward::new(gate, Activation::GeluTanh, up, down).unwrap()
    };
    inputs: [[5, 4]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 9]]];
}

lt_laws::conformance! {
    any_feed_forward_that_is_plain: AnyFeedForward = AnyFeedForward::from(FeedForward::new(
        Linear::zeros(4, 9).unwrap(), Activation::Gelu, Linear::zeros(9, 3).unwrap()).unwrap());
    inputs: [[5, 4]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 9]]];
}

lt_laws::conformance! {
    any_feed_forward_that_is_gated: AnyFeedForward = AnyFeedForward::from(gated(Activation::Gelu));
    inputs: [[5, 4]];
    input: |inputs| inputs[0].view();
    gradients: |grad| vec![grad];
    without_gradient: [];
    wrong: [[[5, 9]]];
}

#[test]
fn gradients_of_the_other_kind_are_refused() {
    let linear = |inputs, outputs| Linear::zeros(inputs, outputs).unwrap();
    let plain = FeedForward::new(linear(4, 9), Activation::Gelu, linear(9, 3)).unwrap();
    let (plain, gated) =
        (AnyFeedForward::from(plain), AnyFeedForward::from(gated(Activation::Gelu)));
    let x = lt_laws::sample::rows(3, 4, 2);
    let (y, cache) = gated.forward_cached(x.view(), &mut Train::default()).unwrap();
    let scratch = &mut Scratch::new();
    let refused = gated.backward(x.view(), &cache, &y, &mut zeros_like(&plain), scratch);
    assert!(refused.unwrap_err().to_string().contains("those of this layer"));
    assert!(gated.backward(x.view(), &cache, &y, &mut zeros_like(&gated), scratch).is_ok());
}
