//! Three products and a gate: the bits of three products.

use lt_core::{Scratch, Weight};
use lt_kernels::{
    Activation, GatedFeedForward, Product, WeightAndBias, gated_feed_forward,
    gated_feed_forward_with, product_with, reference,
};
use lt_laws::sample::{rows, weight};
use ndarray::{Array2, s};

use crate::{bits, halves, in_every_way};

/// The kernel has the bits of its three products, each by itself.
fn has_the_bits_of_three_products(problem: &GatedFeedForward<'_>, what: &str) {
    let GatedFeedForward { x, gate, activation, up, down, residual, .. } = *problem;
    let fast = |set, scratch: &mut Scratch| gated_feed_forward_with(set, problem, scratch);
    for (set, got) in in_every_way(what, fast) {
        let scratch = &mut Scratch::new();
        let first = Product::new(x, gate.weight).bias(gate.bias).activation(activation);
        let mut wide = product_with(set, &first, scratch);
        wide *= &product_with(set, &Product::new(x, up.weight).bias(up.bias), scratch);
        let last = Product::new(wide.view(), down.weight).bias(down.bias);
        let last = residual.map_or(last, |residual| last.residual(residual));
        assert_eq!(bits(&got), bits(&product_with(set, &last, scratch)), "{what}, {set:?}");
    }
}

#[test]
fn it_has_the_bits_of_three_products_on_either_side_of_every_border() {
    // Cut by columns and by rows; below, at and above a panel, a block of columns and a task.
    for tokens in [1, 2, 8, 17, 33, 64, 65, 130] {
        for [d, f, out] in [[1, 1, 1], [5, 16, 3], [7, 255, 20], [16, 256, 5], [3, 531, 17]] {
            let (x, residual) = (rows(tokens, d, 1), rows(tokens, out, 2));
            let (gate, up, down) = (weight(&[f, d], 3), weight(&[f, d], 4), weight(&[out, f], 5));
            let (gate_bias, up_bias, down_bias) =
                (weight(&[f], 6), weight(&[f], 7), weight(&[out], 8));
            for biased in [false, true] {
                let with =
                    |weight, bias| WeightAndBias { weight, bias: Some(bias).filter(|_| biased) };
                let problem = GatedFeedForward::new(
                    x.view(),
                    with(&gate, &gate_bias),
                    Activation::Silu,
                    with(&up, &up_bias),
                    with(&down, &down_bias),
                );
                let problem = problem.residual(biased.then_some(residual.view()));
                let what = format!("{tokens} rows, {d} to {f} to {out}, biases: {biased}");
                has_the_bits_of_three_products(&problem, &what);
            }
        }
    }
}

fn plain(weight: &Weight) -> WeightAndBias<'_> {
    WeightAndBias { weight, bias: None }
}

#[test]
fn it_takes_weights_of_16_bits_and_views_of_any_strides() {
    for tokens in [3, 70] {
        let wide = rows(tokens, 10, 1);
        let x = wide.slice(s![.., ..;2]);
        for ((gate, wide_gate), (up, wide_up)) in halves([40, 5], 2).iter().zip(&halves([40, 5], 3))
        {
            for (down, wide_down) in &halves([6, 40], 4) {
                let of = |gate, up, down| {
                    let [gate, up, down] = [gate, up, down].map(plain);
                    GatedFeedForward::new(x, gate, Activation::Gelu, up, down)
                };
                let half = of(gate, up, down);
                has_the_bits_of_three_products(&half, "halves");
                let expected = of(wide_gate, wide_up, wide_down);
                let [half, expected] =
                    [half, expected].map(|it| gated_feed_forward(&it, &mut Scratch::new()));
                assert_eq!(bits(&half), bits(&expected));
            }
        }
    }
}

#[test]
fn it_is_its_reference() {
    for tokens in [1, 9, 70] {
        let (x, gate, up) = (rows(tokens, 6, 1), weight(&[19, 6], 2), weight(&[19, 6], 3));
        let down = weight(&[5, 19], 4);
        let [gate, up, down] = [&gate, &up, &down].map(plain);
        let problem = GatedFeedForward::new(x.view(), gate, Activation::Gelu, up, down);
        fast_equals_reference!(
            gated_feed_forward_with,
            reference::gated_feed_forward,
            2e-5,
            problem,
            "gated"
        );
    }
}

#[test]
fn of_nothing_it_is_empty_or_the_last_bias() {
    let (gate, down, bias) = (weight(&[4, 2], 1), weight(&[3, 4], 2), weight(&[3], 3));
    let none = Array2::zeros((0, 2));
    let gate_of = |x, weight, down| {
        let last = WeightAndBias { weight: down, bias: Some(&bias) };
        let problem =
            GatedFeedForward::new(x, plain(weight), Activation::Silu, plain(weight), last);
        gated_feed_forward(&problem, &mut Scratch::new())
    };
    assert_eq!(gate_of(none.view(), &gate, &down).dim(), (0, 3));
    let (narrow, back) = (Weight::zeros(&[0, 2]), Weight::zeros(&[3, 0]));
    let y = gate_of(rows(2, 2, 1).view(), &narrow, &back);
    assert_eq!(y.row(1).to_vec(), bias.f32());
}
