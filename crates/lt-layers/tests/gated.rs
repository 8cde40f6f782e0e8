//! The gated feed-forward layer against its formula, and what it refuses.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_laws::sample::{filled, rows};
use lt_layers::lt_core::{self, Module, Scratch, Weight, weights};
use lt_layers::{Activation, AnyFeedForward, FeedForward, GatedFeedForward, Linear};
use ndarray::array;

fn linear(inputs: usize, outputs: usize) -> Linear {
    Linear::zeros(inputs, outputs).unwrap()
}

fn layer() -> GatedFeedForward {
    let layer =
        GatedFeedForward::new(linear(6, 19), Activation::Gelu, linear(6, 19), linear(19, 5));
    filled(layer.unwrap(), 1)
}

/// One product for gate and up has the bits of two, and what is read in place those of a copy.
#[test]
fn it_is_its_formula_to_the_bit() {
    let (layer, x) = (layer(), rows(7, 6, 2));
    let scratch = &mut Scratch::new();
    let gate = layer.gate().forward_activated(x.view(), Activation::Gelu, scratch).unwrap();
    let wide = gate * layer.up().forward(x.view()).unwrap();
    let expected = layer.down().forward(wide.view()).unwrap();
    assert_eq!(layer.forward(x.view()).unwrap(), expected);
    let residual = rows(7, 5, 3);
    let added = layer.forward_added(x.view(), residual.view(), scratch).unwrap();
    assert_eq!(added, expected + &residual);
}

/// The order of the halves of a stored `Wi`, and the trap in it: the other order runs as well.
#[test]
fn the_activation_is_the_gate_s() {
    let weight = |number| Linear::new(Weight::new(&[1, 1], vec![number]).unwrap(), None).unwrap();
    let layer = |gate, up| {
        GatedFeedForward::new(weight(gate), Activation::Relu, weight(up), weight(1.0)).unwrap()
    };
    let x = array![[3.0], [-2.0]];
    assert_eq!(layer(1.0, -1.0).forward(x.view()).unwrap(), array![[-9.0], [0.0]]);
    assert_eq!(layer(-1.0, 1.0).forward(x.view()).unwrap(), array![[0.0], [-4.0]]);
}

#[test]
fn layers_and_rows_that_do_not_fit_are_refused() {
    let new = |gate, up, down| GatedFeedForward::new(gate, Activation::Silu, up, down);
    let message = |layer: lt_core::Result<_>| layer.unwrap_err().to_string();
    assert_eq!(
        message(new(linear(2, 5), linear(2, 4), linear(4, 2))),
        "`GatedFeedForward::new`: expected [5, 2], got [4, 2]"
    );
    assert_eq!(
        message(new(linear(2, 5), linear(3, 5), linear(5, 2))),
        "`GatedFeedForward::new`: expected [5, 2], got [5, 3]"
    );
    assert_eq!(
        message(new(linear(2, 5), linear(2, 5), linear(4, 2))),
        "`GatedFeedForward::new`: expected [out, 5], got [2, 4]"
    );
    let x = rows(7, 6, 1);
    let refused = layer().forward(rows(7, 5, 1).view()).unwrap_err().to_string();
    assert_eq!(refused, "`GatedFeedForward::forward`: expected [tokens, 6], got [7, 5]");
    for (tokens, columns) in [(7, 6), (6, 5)] {
        let residual = rows(tokens, columns, 1);
        let refused = layer().forward_added(x.view(), residual.view(), &mut Scratch::new());
        assert!(refused.is_err(), "{tokens} {columns}");
    }
}

/// Both halves and the output are taken from the scratch and given back.
#[test]
fn a_second_pass_finds_every_buffer_it_needs() {
    let (layer, x, scratch) = (layer(), rows(5, 6, 2), &mut Scratch::new());
    let mut kept = || {
        let output = layer.forward_in(x.view(), scratch).unwrap();
        scratch.give(output);
        scratch.kept()
    };
    let once = kept();
    assert!(once >= 2, "{once}");
    assert_eq!(kept(), once);
}

#[test]
fn either_kind_is_the_layer_inside() {
    let x = rows(3, 6, 2);
    let plain = FeedForward::new(linear(6, 9), Activation::Gelu, linear(9, 6)).unwrap();
    let plain = filled(plain, 3);
    let (any_plain, any_gated) =
        (AnyFeedForward::from(plain.clone()), AnyFeedForward::from(layer()));
    assert_eq!(any_plain.forward(x.view()).unwrap(), plain.forward(x.view()).unwrap());
    assert_eq!(any_gated.forward(x.view()).unwrap(), layer().forward(x.view()).unwrap());
    assert_eq!((any_plain.inputs(), any_plain.outputs()), (6, 6));
    assert_eq!((any_gated.inputs(), any_gated.outputs()), (6, 5));
    assert_eq!(weights(&any_gated), weights(&layer()));
    for any in [any_plain, any_gated] {
        let residual = rows(3, any.outputs(), 4);
        let added = any.forward_added(x.view(), residual.view(), &mut Scratch::new()).unwrap();
        assert_eq!(added, any.forward(x.view()).unwrap() + &residual);
    }
}
