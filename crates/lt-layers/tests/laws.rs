//! The layers under their laws.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Module, Params, Path, Result, Scratch};
use lt_laws::sample::{filled, weight};
use lt_laws::{gated, layer_norm, position_wise, rms_norm, same_bits};
use lt_layers::lt_core::{self, Weight};
use lt_layers::{
    Activation, AnyFeedForward, FeedForward, Gain, GatedFeedForward, LayerNorm, Linear, RmsNorm,
};
use ndarray::{Array2, ArrayView2, s};

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

fn root_norm() -> RmsNorm {
    filled(RmsNorm::zeros(6, Gain::OnePlusWeight, 1e-5).unwrap(), 7)
}

fn feed_forward() -> FeedForward {
    let (up, down) = (Linear::zeros(6, 19).unwrap(), Linear::zeros(19, 6).unwrap());
    filled(FeedForward::new(up, Activation::Gelu, down).unwrap(), 3)
}

/// A gated layer, and what goes through its gate multiplied with a factor.
fn gated(up: f32) -> GatedFeedForward {
    let wide = || Linear::zeros(6, 19).unwrap();
    let down = Linear::new(Weight::zeros(&[6, 19]), None).unwrap();
    let layer = GatedFeedForward::new(wide(), Activation::Gelu, wide(), down).unwrap();
    let mut layer = filled(layer, 6);
    layer.visit_mut(&mut Path::new(), &mut |name, weight| {
        if name.starts_with("up.") {
            weight.make_mut().iter_mut().for_each(|number| *number *= up);
        }
    });
    layer
}

#[test]
fn layer_norm_obeys_its_laws() {
    layer_norm::all(|rows: ArrayView2<'_, f32>, epsilon| {
        plain_norm(rows.ncols(), epsilon)?.forward(rows)
    });
}

#[test]
fn rms_norm_obeys_its_laws() {
    let norm = |rows: ArrayView2<'_, f32>, weight: Vec<f32>, gain, epsilon| {
        RmsNorm::new(Weight::new(&[weight.len()], weight)?, gain, epsilon)?.forward(rows)
    };
    let ones = |d| vec![1.0; d];
    rms_norm::all(|rows, epsilon| norm(rows, ones(rows.ncols()), Gain::Weight, epsilon));
    rms_norm::one_is_added_to_the_weight(
        |rows, weight| norm(rows, weight.to_vec(), Gain::Weight, 1e-5),
        |rows, weight| norm(rows, weight.to_vec(), Gain::OnePlusWeight, 1e-5),
    );
    rms_norm::heads_stand_alone(|rows, width| {
        let norm = RmsNorm::new(Weight::new(&[width], ones(width))?, Gain::OnePlusWeight, 1e-5)?;
        // Among other columns, which stay as they are.
        let mut wide = Array2::from_elem((rows.nrows(), rows.ncols() + 5), 9.0);
        let columns = 2..2 + rows.ncols();
        wide.slice_mut(s![.., columns.clone()]).assign(&rows);
        norm.forward_heads_in_place(&mut wide, columns.clone(), &mut Scratch::new())?;
        assert!(wide.slice(s![.., ..2]).iter().all(|&x| x == 9.0));
        assert!(wide.slice(s![.., columns.end..]).iter().all(|&x| x == 9.0));
        Ok::<_, lt_core::Error>(wide.slice(s![.., columns]).to_owned())
    });
}

#[test]
fn linear_layer_norm_and_feed_forward_are_position_wise() {
    position_wise::each_row_stands_alone(6, |rows| linear().forward(rows));
    position_wise::each_row_stands_alone(6, |rows| norm().forward(rows));
    position_wise::each_row_stands_alone(6, |rows| root_norm().forward(rows));
    position_wise::each_row_stands_alone(6, |rows| feed_forward().forward(rows));
    position_wise::each_row_stands_alone(6, |rows| gated(1.0).forward(rows));
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
    hold(&root_norm());
    hold(&feed_forward());
    hold(&gated(1.0));
    hold(&AnyFeedForward::from(feed_forward()));
    hold(&AnyFeedForward::from(gated(1.0)));
}

#[test]
fn a_gated_layer_bends_its_gate_alone() {
    gated::up_is_not_bent(6, |rows, factor| gated(factor).forward(rows));
}

#[test]
fn a_changed_weight_is_a_changed_result() {
    // What was packed for the product must not outlive the numbers it was made from.
    let mut layer = linear();
    let x = lt_laws::sample::rows(3, 6, 4);
    let before = layer.forward(x.view()).unwrap();
    let other = weight(&[21, 6], 5);
    layer.visit_mut(&mut Path::new(), &mut |name, weight| {
        if name == "weight" {
            weight.assign(other.clone()).unwrap();
        }
    });
    let bias = layer.bias().cloned();
    let expected = Linear::new(other, bias).unwrap().forward(x.view()).unwrap();
    assert_ne!(before, expected);
    assert_eq!(layer.forward(x.view()).unwrap(), expected);
}
