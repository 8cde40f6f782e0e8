//! Two products with an activation between: the bits of two products.

use lt_core::{Scratch, Weight};
use lt_kernels::{
    Activation, FeedForward, Product, WeightAndBias, feed_forward, feed_forward_with, product_with,
    reference,
};
use lt_laws::sample::{rows, weight};
use ndarray::{Array2, ArrayView2, s};

use crate::{bits, halves, in_every_way};

/// What a feed-forward is made of: d to f to `out`.
struct Weights {
    up: Weight,
    up_bias: Weight,
    down: Weight,
    down_bias: Weight,
}

impl Weights {
    fn new([d, f, out]: [usize; 3]) -> Self {
        let (up, up_bias) = (weight(&[f, d], 1), weight(&[f], 2));
        Self { up, up_bias, down: weight(&[out, f], 3), down_bias: weight(&[out], 4) }
    }

    fn problem<'a>(&'a self, x: ArrayView2<'a, f32>, activation: Activation) -> FeedForward<'a> {
        let up = WeightAndBias { weight: &self.up, bias: Some(&self.up_bias) };
        let down = WeightAndBias { weight: &self.down, bias: Some(&self.down_bias) };
        FeedForward::new(x, up, activation, down)
    }
}

fn has_the_bits_of_two_products(problem: &FeedForward<'_>, what: &str) {
    for (set, got) in in_every_way(what, |set, scratch| feed_forward_with(set, problem, scratch)) {
        let up = Product::new(problem.x, problem.up.weight).bias(problem.up.bias);
        let scratch = &mut Scratch::new();
        let wide = product_with(set, &up.activation(problem.activation), scratch);
        let down = Product::new(wide.view(), problem.down.weight).bias(problem.down.bias);
        let down = problem.residual.map_or(down, |residual| down.residual(residual));
        let expected = product_with(set, &down, scratch);
        assert_eq!(got.dim(), expected.dim(), "{what}, {set:?}");
        assert_eq!(bits(&got), bits(&expected), "{what}, {set:?}");
    }
}

/// With two threads, below 64 tokens the products are cut by columns if they are wide enough to be
/// cut, and from there on by rows.
#[test]
fn a_feed_forward_has_the_bits_of_two_products() {
    for tokens in [1, 2, 7, 8, 31, 33, 63, 64, 65, 127, 128, 129, 200] {
        for widths in [[3, 5, 3], [7, 32, 100], [7, 33, 16], [5, 100, 17], [17, 64, 65]] {
            let weights = Weights::new(widths);
            let (x, residual) = (rows(tokens, widths[0], 5), rows(tokens, widths[2], 6));
            let what = format!("{tokens} tokens through {widths:?}");
            let problem = weights.problem(x.view(), Activation::Gelu);
            has_the_bits_of_two_products(&problem, &what);
            has_the_bits_of_two_products(&problem.residual(Some(residual.view())), &what);
        }
    }
}

#[test]
fn a_feed_forward_has_the_bits_of_two_products_with_every_activation_and_without_biases() {
    let weights = Weights::new([7, 40, 9]);
    for tokens in [3, 70] {
        let x = rows(tokens, 7, 5);
        for activation in [
            Activation::Identity,
            Activation::Relu,
            Activation::GeluTanh,
            Activation::Silu,
            Activation::Tanh,
            Activation::QuickGelu,
        ] {
            let with = weights.problem(x.view(), activation);
            let up = WeightAndBias { bias: None, ..with.up };
            let down = WeightAndBias { bias: None, ..with.down };
            let what = format!("{activation:?}");
            has_the_bits_of_two_products(&with, &what);
            let without = FeedForward::new(x.view(), up, activation, down);
            has_the_bits_of_two_products(&without, &what);
        }
    }
}

#[test]
fn a_feed_forward_takes_views_of_any_strides() {
    let weights = Weights::new([10, 40, 20]);
    for tokens in [3, 66] {
        let wide = rows(2 * tokens, 40, 5);
        let tall = rows(20, tokens, 6);
        fn of<'a>(weights: &'a Weights, x: ArrayView2<'a, f32>) -> FeedForward<'a> {
            weights.problem(x, Activation::Silu)
        }
        for (what, x) in [
            ("every second column", wide.slice(s![..tokens, ..20;2])),
            ("backwards", wide.slice(s![..tokens;-1, ..10;-1])),
            ("transposed", tall.slice(s![..10, ..]).reversed_axes()),
        ] {
            has_the_bits_of_two_products(&of(&weights, x).residual(Some(tall.t())), what);
            let residual = wide.slice(s![..;2, ..;2]);
            has_the_bits_of_two_products(&of(&weights, x).residual(Some(residual)), what);
            let piece = x.to_owned();
            let strided = feed_forward(&of(&weights, x), &mut Scratch::new());
            let straight = feed_forward(&of(&weights, piece.view()), &mut Scratch::new());
            assert_eq!(bits(&strided), bits(&straight), "{what}");
        }
    }
}

#[test]
fn a_feed_forward_takes_weights_of_16_bits() {
    for tokens in [2, 64, 130] {
        let x = rows(tokens, 9, 1);
        let ups = halves([50, 9], 2).into_iter().flat_map(|(half, wide)| [half, wide]);
        for up in ups {
            for (half, wide) in halves([35, 50], 3) {
                for down in [half, wide] {
                    let [up, down] =
                        [&up, &down].map(|weight| WeightAndBias { weight, bias: None });
                    let problem = FeedForward::new(x.view(), up, Activation::Relu, down);
                    has_the_bits_of_two_products(&problem, &format!("{tokens} tokens"));
                }
            }
        }
    }
}

/// GELU is 8 ulp off and products are off by the rounding of their sums, of up to 100 terms.
#[test]
fn a_feed_forward_is_its_reference() {
    for tokens in [0, 1, 5, 64, 100] {
        for widths in [[7, 33, 7], [3, 100, 20]] {
            let weights = Weights::new(widths);
            let (x, residual) = (rows(tokens, widths[0], 5), rows(tokens, widths[2], 6));
            fast_equals_reference!(
                feed_forward_with,
                reference::feed_forward,
                5e-5,
                weights.problem(x.view(), Activation::Gelu).residual(Some(residual.view())),
                format!("{tokens} tokens through {widths:?}")
            );
        }
    }
}

/// Each thread works where its rows are: nothing of a row may be left over from another's.
#[test]
fn a_row_of_nan_does_not_show_in_other_rows() {
    let weights = Weights::new([4, 40, 20]);
    for tokens in [5, 64, 130] {
        let mut x = rows(tokens, 4, 5);
        x.row_mut(2).fill(f32::NAN);
        let problem = weights.problem(x.view(), Activation::Gelu);
        for (set, got) in
            in_every_way("NaN", |set, scratch| feed_forward_with(set, &problem, scratch))
        {
            for (number, row) in got.rows().into_iter().enumerate() {
                let right = row.iter().all(|y| y.is_nan() == (number == 2));
                assert!(right, "row {number} of {tokens}, {set:?}");
            }
        }
    }
}

#[test]
fn a_feed_forward_of_nothing_is_empty_or_its_bias() {
    let weights = Weights::new([4, 5, 3]);
    let none = rows(0, 4, 1);
    let problem = weights.problem(none.view(), Activation::Gelu);
    for (_, got) in in_every_way("none", |set, scratch| feed_forward_with(set, &problem, scratch)) {
        assert_eq!(got.dim(), (0, 3));
    }
    for (tokens, widths) in [(3, [0, 40, 3]), (70, [0, 5, 3]), (3, [4, 40, 0]), (70, [4, 5, 0])] {
        let weights = Weights::new(widths);
        let x: Array2<f32> = rows(tokens, widths[0], 1);
        let problem = weights.problem(x.view(), Activation::Relu);
        has_the_bits_of_two_products(&problem, &format!("{tokens} tokens through {widths:?}"));
    }
}
