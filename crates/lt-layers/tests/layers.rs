//! What the layers refuse.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_layers::lt_core::{self, Module, Scratch, Weight};
use lt_layers::{
    Activation, Dropout, FeedForward, Gain, LayerNorm, Linear, RmsNorm, activation_from_name,
};
use ndarray::{Array2, array};

fn message<T: std::fmt::Debug>(result: lt_core::Result<T>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_linear_layer_refuses_parts_that_do_not_fit() {
    assert_eq!(
        message(Linear::new(Weight::zeros(&[3]), None)),
        "`Linear::new`: expected [out, in], got [3]"
    );
    assert_eq!(
        message(Linear::new(Weight::zeros(&[3, 2]), Some(Weight::zeros(&[2])))),
        "`Linear::new`: expected [3], got [2]"
    );
    for (inputs, outputs) in [(0, 3), (3, 0)] {
        assert!(message(Linear::zeros(inputs, outputs)).contains("at least one input"));
    }
    let layer = Linear::zeros(384, 2).unwrap();
    assert_eq!(
        message(layer.forward(Array2::zeros((7, 768)).view())),
        "`Linear::forward`: expected [tokens, 384], got [7, 768]"
    );
}

#[test]
fn a_linear_layer_tells_its_sides() {
    let layer = Linear::zeros(2, 3).unwrap();
    assert_eq!((layer.inputs(), layer.outputs()), (2, 3));
    assert_eq!(layer.weight().shape(), [3, 2]);
    assert_eq!(layer.bias().unwrap().shape(), [3]);
    let without = Linear::new(Weight::new(&[1, 1], vec![2.0]).unwrap(), None).unwrap();
    assert!(without.bias().is_none());
    assert_eq!(without.forward(array![[3.0]].view()).unwrap(), array![[6.0]]);
}

#[test]
fn a_layer_norm_refuses_what_it_cannot_divide_by() {
    let norm = |epsilon| LayerNorm::new(Weight::zeros(&[2]), Weight::zeros(&[2]), epsilon);
    for epsilon in [-1e-5, f32::NAN, f32::INFINITY] {
        assert!(message(norm(epsilon)).contains("expected a finite number, 0 or above"));
    }
    assert_eq!(norm(0.25).unwrap().epsilon(), 0.25);
    assert_eq!(norm(0.0).unwrap().width(), 2);
    assert!(message(LayerNorm::zeros(0, 1e-5)).contains("at least one number"));
    let longer = LayerNorm::new(Weight::zeros(&[2]), Weight::zeros(&[3]), 1e-5);
    assert_eq!(message(longer), "`LayerNorm::new`: expected [2], got [3]");
    let matrix = LayerNorm::new(Weight::zeros(&[2, 2]), Weight::zeros(&[2]), 1e-5);
    assert_eq!(message(matrix), "`LayerNorm::new`: expected [d], got [2, 2]");
    let wide = norm(1e-5).unwrap().forward(Array2::zeros((1, 3)).view());
    assert_eq!(message(wide), "`LayerNorm::forward`: expected [tokens, 2], got [1, 3]");
}

#[test]
fn an_rms_norm_refuses_what_it_cannot_divide_by() {
    let norm = |epsilon| RmsNorm::new(Weight::zeros(&[2]), Gain::Weight, epsilon);
    for epsilon in [-1e-5, f32::NAN, f32::INFINITY] {
        assert!(message(norm(epsilon)).contains("a finite number, 0 or above"), "{epsilon}");
    }
    assert!(message(RmsNorm::zeros(0, Gain::Weight, 1e-5)).contains("at least one number"));
    let matrix = RmsNorm::new(Weight::zeros(&[2, 2]), Gain::Weight, 1e-5);
    assert_eq!(message(matrix), "`RmsNorm::new`: expected [d], got [2, 2]");
    let norm = norm(1e-5).unwrap();
    let mut rows = Array2::zeros((1, 3));
    let wide = norm.forward_in_place(&mut rows, &mut Scratch::new());
    assert_eq!(message(wide), "`RmsNorm::forward_in_place`: expected [tokens, 2], got [1, 3]");
    for (columns, expected) in [(0..3, "whole heads of 2 columns"), (2..4, "columns within 0..3")] {
        let heads = norm.forward_heads_in_place(&mut rows, columns, &mut Scratch::new());
        assert!(message(heads).contains(expected), "{expected}");
    }
}

/// The numbers are those of `LlamaRMSNorm` and `Gemma3RMSNorm` for x = 1, 2, −4 and ε = 1: the
/// squares have mean 7.
#[test]
fn an_rms_norm_has_its_epsilon_inside_the_root() {
    let weight = Weight::new(&[3], vec![1.0, -0.5, 3.0]).unwrap();
    let x = array![[1.0, 2.0, -4.0]];
    let norm = |gain| RmsNorm::new(weight.clone(), gain, 1.0).unwrap().forward(x.view()).unwrap();
    let root = 8.0_f32.sqrt().recip();
    assert_eq!(norm(Gain::Weight), array![[root, -root, -12.0 * root]]);
    assert_eq!(norm(Gain::OnePlusWeight), array![[2.0 * root, root, -16.0 * root]]);
}

#[test]
fn a_layer_norm_tells_its_parts() {
    let bias = Weight::new(&[2], vec![1.0, 2.0]).unwrap();
    let with = LayerNorm::new(Weight::zeros(&[2]), bias.clone(), 0.1).unwrap();
    assert_eq!((with.gain(), with.bias()), (&Weight::zeros(&[2]), Some(&bias)));
    assert_eq!((with.epsilon(), with.width()), (0.1, 2));
    let without = LayerNorm::new(Weight::zeros(&[2]), None, 0.1).unwrap();
    assert_eq!(without.bias(), None);
    assert_eq!(lt_core::weights(&without).len(), 1);
}

#[test]
fn epsilon_stands_inside_the_root() {
    let one = Weight::new(&[2], vec![1.0, 1.0]).unwrap();
    let norm = LayerNorm::new(one, Weight::zeros(&[2]), 3.0).unwrap();
    // Mean 0, variance 1: 1 / √(1 + 3), where √1 + 3 would give 1/4.
    assert_eq!(norm.forward(array![[-1.0, 1.0]].view()).unwrap(), array![[-0.5, 0.5]]);
}

#[test]
fn a_feed_forward_layer_refuses_layers_that_do_not_meet() {
    let linear = |inputs, outputs| Linear::zeros(inputs, outputs).unwrap();
    let unmet = FeedForward::new(linear(2, 5), Activation::Relu, linear(4, 2));
    assert_eq!(message(unmet), "`FeedForward::new`: expected [out, 5], got [2, 4]");
    let layer = FeedForward::new(linear(2, 5), Activation::Relu, linear(5, 3)).unwrap();
    assert_eq!((layer.up().inputs(), layer.down().outputs()), (2, 3));
    assert_eq!(layer.activation(), Activation::Relu);
    let wide = layer.forward(Array2::zeros((1, 3)).view());
    assert_eq!(message(wide), "`FeedForward::forward`: expected [tokens, 2], got [1, 3]");
}

#[test]
fn every_name_that_a_checkpoint_may_give_an_activation_is_known() {
    for (names, activation) in [
        (&["gelu", "gelu_python"][..], Activation::Gelu),
        (&["gelu_new", "gelu_pytorch_tanh", "gelu_fast"], Activation::GeluTanh),
        (&["quick_gelu"], Activation::QuickGelu),
        (&["relu"], Activation::Relu),
        (&["silu", "swish"], Activation::Silu),
        (&["tanh"], Activation::Tanh),
        (&["linear"], Activation::Identity),
    ] {
        for name in names {
            assert_eq!(activation_from_name(name).unwrap(), activation, "{name}");
        }
    }
    let unknown = message(activation_from_name("GELU"));
    assert!(unknown.contains("\"GELU\"") && unknown.contains("quick_gelu"), "{unknown}");
}

#[test]
fn dropout_takes_rates_from_zero_to_below_one() {
    for rate in [-0.1, 1.0, f32::NAN, f32::INFINITY] {
        assert!(message(Dropout::new(rate)).contains("at least 0 and below 1"));
    }
    assert_eq!(Dropout::new(0.1).unwrap().rate(), 0.1);
}
