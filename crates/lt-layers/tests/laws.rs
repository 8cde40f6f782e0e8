//! The layers under their laws.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Module, Result};
use lt_laws::sample::{filled, weight};
use lt_laws::{layer_norm, position_wise, same_bits};
use lt_layers::lt_core::{self, Weight};
use lt_layers::{Activation, FeedForward, LayerNorm, Linear};
use ndarray::{Array2, ArrayView2};

/// A norm with gain 1 and bias 0.
fn plain_norm(d: usize, epsilon: f32) -> Result<LayerNorm> {
    LayerNorm::new(Weight::new(&[d], vec![1.0; d])?, Weight::zeros(&[d]), epsilon)
}

fn linear() -> Linear {
    filled(Linear::zeros(6, 21).unwrap(), 1)
}

fn norm() -> LayerNorm {
    filled(LayerNorm::zeros(6, 1e-5).unwrap(), 2)
}

fn feed_forward() -> FeedForward {
    let (up, down) = (Linear::zeros(6, 19).unwrap(), Linear::zeros(19, 6).unwrap());
    filled(FeedForward::new(up, Activation::Gelu, down).unwrap(), 3)
}

#[test]
fn layer_norm_obeys_its_laws() {
    layer_norm::all(|rows: ArrayView2<'_, f32>, epsilon| {
        plain_norm(rows.ncols(), epsilon)?.forward(rows)
    });
}

#[test]
fn linear_layer_norm_and_feed_forward_are_position_wise() {
    position_wise::each_row_stands_alone(6, |rows| linear().forward(rows));
    position_wise::each_row_stands_alone(6, |rows| norm().forward(rows));
    position_wise::each_row_stands_alone(6, |rows| feed_forward().forward(rows));
}

#[test]
fn the_same_rows_have_the_same_bits_on_every_path() {
    fn hold<L>(layer: &L)
    where
        L: for<'a> Module<ArrayView2<'a, f32>, Output = Array2<f32>>,
    {
        same_bits::same_rows_same_bits(
            6,
            |batch| layer.forward(batch.rows),
            |batch, scratch| layer.forward_in(batch.rows, scratch),
        );
    }
    hold(&linear());
    hold(&norm());
    hold(&feed_forward());
}

#[test]
fn a_changed_weight_is_a_changed_result() {
    // What was packed for the product must not outlive the numbers it was made from.
    let mut layer = linear();
    let x = lt_laws::sample::rows(3, 6, 4);
    let before = layer.forward(x.view()).unwrap();
    let other = weight(&[21, 6], 5);
    lt_core::Params::visit_mut(&mut layer, &mut lt_core::Path::new(), &mut |name, weight| {
        if name == "weight" {
            weight.assign(other.clone()).unwrap();
        }
    });
    let bias = layer.bias().cloned();
    let expected = Linear::new(other, bias).unwrap().forward(x.view()).unwrap();
    assert_ne!(before, expected);
    assert_eq!(layer.forward(x.view()).unwrap(), expected);
}
