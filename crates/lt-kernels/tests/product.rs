//! The product and what is built of it, to the bit: against plain chains, at every length from 1 to
//! beyond tiles, panels, tasks and blocks, with every set of instructions.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::sync::Arc;

use lt_core::{Scratch, Threads, Weight};
use lt_kernels::{
    Activation, FeedForward, Gather, Instructions, Lookup, Norm, Product, WeightAndBias,
    feed_forward_with, gather_with, pool, product, product_with, products_with, reference,
};
use lt_laws::sample::{rows, weight};
use ndarray::{Array2, ArrayView2, s};

fn bits(rows: &Array2<f32>) -> Vec<u32> {
    rows.iter().map(|x| x.to_bits()).collect()
}

/// One thread, plain threads, and a pool.
fn scratches() -> [Scratch; 4] {
    let threads =
        [Threads::single(), lt_laws::same_bits::threads(2), pool(2).unwrap(), pool(3).unwrap()];
    threads.map(Scratch::with_threads)
}

/// The formula with the roundings of a set of instructions: one chain from the bias over the
/// inputs, then the residual.
fn chain(set: Instructions, problem: &Product<'_>) -> Array2<f32> {
    let weight = problem.weight.matrix();
    Array2::from_shape_fn((problem.x.nrows(), weight.nrows()), |(t, o)| {
        let mut y = problem.bias.map_or(0.0, |bias| bias.f32()[o]);
        for (&x, &w) in problem.x.row(t).iter().zip(weight.row(o)) {
            y = if set == Instructions::portable() { y + x * w } else { x.mul_add(w, y) };
        }
        y + problem.residual.map_or(0.0, |rows| rows[[t, o]])
    })
}

/// Holds the product to its chains.
#[track_caller]
fn hold(problem: &Product<'_>, scratches: &mut [Scratch]) {
    for set in Instructions::available() {
        let expected = chain(set, problem);
        for scratch in &mut *scratches {
            let y = product_with(set, problem, scratch);
            for ((place, y), expected) in y.indexed_iter().zip(&expected) {
                let same = y.to_bits() == expected.to_bits() || y.is_nan() && expected.is_nan();
                let (shape, weight) = (problem.x.dim(), problem.weight.shape());
                assert!(same, "{set:?}, {shape:?} by {weight:?}, {place:?}: {y}, {expected}");
            }
            scratch.give(y);
        }
    }
}

#[test]
fn the_product_has_the_bits_of_its_reference_at_every_shape() {
    let scratches = &mut scratches();
    for n in 1..=67 {
        for (tokens, inner, out) in [(n, 5, 19), (3, n, 17), (6, 7, n), (n, n, n)] {
            let (x, w) = (rows(tokens, inner, 1), weight(&[out, inner], 2));
            let problem = Product::new(x.view(), &w);
            hold(&problem, scratches);
            let portable = product_with(Instructions::portable(), &problem, &mut scratches[0]);
            assert_eq!(bits(&portable), bits(&reference::product(&problem)));
        }
    }
}

/// Tasks of 64 rows, tiles of 6 and 8, panels of 16 and two of them, blocks of 1536 inputs.
#[test]
fn the_product_has_these_bits_beyond_tasks_and_blocks() {
    let scratches = &mut scratches();
    let shapes = [(127, 3, 33), (128, 2, 65), (129, 4, 31), (200, 3, 96), (390, 2, 5)];
    let deep = [(9, 1535, 17), (9, 1536, 33), (8, 1537, 32), (70, 3075, 34)];
    for (tokens, inner, out) in shapes.into_iter().chain(deep) {
        let (x, w) = (rows(tokens, inner, 1), weight(&[out, inner], 2));
        let (b, r) = (weight(&[out], 3), rows(tokens, out, 4));
        hold(&Product::new(x.view(), &w), scratches);
        hold(&Product::new(x.view(), &w).bias(Some(&b)).residual(r.view()), scratches);
    }
}

#[test]
fn the_product_takes_views_of_any_strides() {
    let scratches = &mut scratches();
    let (wide, w) = (rows(40, 40, 1), weight(&[18, 20], 2));
    let residuals = rows(36, 40, 3);
    for x in [
        wide.slice(s![..;2, ..;2]),
        wide.t().slice_move(s![3..20, ..20]),
        wide.slice(s![..;-1, 20..;-1]),
        wide.slice(s![..;-3, 7..27]),
    ] {
        hold(&Product::new(x, &w), scratches);
        let n = x.nrows();
        if n <= 36 {
            let sparse = residuals.slice(s![..n, ..36;2]);
            hold(&Product::new(x, &w).residual(sparse), scratches);
            hold(&Product::new(x, &w).residual(residuals.slice(s![..n, 5..23])), scratches);
        }
    }
}

#[test]
fn the_product_does_not_hide_infinities_or_nan() {
    let scratches = &mut scratches();
    let mut x = rows(13, 4, 1);
    x[[1, 2]] = f32::NAN;
    x[[2, 0]] = f32::INFINITY;
    x[[3, 3]] = f32::from_bits(1); // the smallest above zero
    x.row_mut(4).fill(1e-40);
    x.row_mut(5).fill(f32::MAX);
    let w = weight(&[35, 4], 2);
    hold(&Product::new(x.view(), &w), scratches);
    let y = product(&Product::new(x.view(), &w), &mut scratches[0]);
    assert!(y.row(1).iter().all(|y| y.is_nan()) && y.row(2).iter().all(|y| !y.is_finite()));
    assert!(y.row(0).iter().chain(y.row(4)).all(|y| y.is_finite()));
}

#[test]
fn no_inputs_and_no_tokens_are_shapes_too() {
    let scratches = &mut scratches();
    let (none, w, b) = (rows(5, 0, 1), Weight::zeros(&[18, 0]), weight(&[18], 3));
    hold(&Product::new(none.view(), &w), scratches);
    hold(&Product::new(none.view(), &w).bias(Some(&b)), scratches);
    let (nobody, w) = (rows(0, 3, 1), weight(&[18, 3], 2));
    let y = product(&Product::new(nobody.view(), &w), &mut scratches[0]);
    assert_eq!(y.dim(), (0, 18));
    let layer = WeightAndBias { weight: &w, bias: None };
    let down = Weight::zeros(&[4, 18]);
    let down = WeightAndBias { weight: &down, bias: None };
    let problem = FeedForward::new(nobody.view(), layer, Activation::Gelu, down);
    let y = feed_forward_with(Instructions::best(), &problem, &mut scratches[0]);
    assert_eq!(y.dim(), (0, 4));
}

#[test]
fn a_weight_stored_in_16_bits_is_packed_as_the_numbers_it_stands_for() {
    for (tokens, inner, out) in [(3, 5, 18), (20, 1540, 50), (150, 7, 100)] {
        let x = rows(tokens, inner, 1);
        let numbers = weight(&[out, inner], 2);
        let half: Vec<u16> = numbers.f32().iter().map(|&x| lt_core::f32_to_f16(x)).collect();
        let brain: Vec<u16> = numbers.f32().iter().map(|&x| lt_core::f32_to_bf16(x)).collect();
        let half = Weight::shared_f16(&[out, inner], Arc::new(half)).unwrap();
        let brain = Weight::shared_bf16(&[out, inner], Arc::new(brain)).unwrap();
        for narrow in [half, brain] {
            let wide = Weight::new(&[out, inner], narrow.to_f32()).unwrap();
            for scratch in &mut scratches() {
                let mut of = |w: &Weight| bits(&product(&Product::new(x.view(), w), scratch));
                assert_eq!(of(&narrow), of(&wide), "{tokens} tokens, {narrow:?}");
            }
        }
    }
}

#[test]
fn products_side_by_side_are_those_products() {
    for tokens in [1, 5, 16, 40, 130] {
        let (x, other) = (rows(tokens, 6, 1), rows(tokens, 9, 2));
        let (v, w, u) = (weight(&[21, 6], 3), weight(&[7, 9], 4), weight(&[64, 6], 5));
        let (b, r) = (weight(&[21], 6), rows(tokens, 7, 7));
        let problems = [
            Product::new(x.view(), &v).bias(Some(&b)).activation(Activation::Relu),
            Product::new(other.view(), &w).residual(r.view()),
            Product::new(x.view(), &u),
        ];
        for set in Instructions::available() {
            for scratch in &mut scratches() {
                let beside = products_with(set, problems, scratch);
                let mut first = 0;
                for problem in problems {
                    let alone = product_with(set, &problem, scratch);
                    let own = beside.slice(s![.., first..first + alone.ncols()]);
                    assert_eq!(own, alone, "{set:?}, {tokens} tokens, from column {first}");
                    first += alone.ncols();
                }
                assert_eq!(first, beside.ncols());
            }
        }
    }
}

#[test]
fn bias_activation_and_residual_are_applied_in_that_order() {
    let (x, w, b, r) = (rows(9, 6, 1), weight(&[21, 6], 2), weight(&[21], 3), rows(9, 21, 4));
    for activation in [Activation::Identity, Activation::Gelu, Activation::Relu, Activation::Tanh] {
        let plain = Product::new(x.view(), &w).bias(Some(&b));
        let problem = plain.activation(activation).residual(r.view());
        for set in Instructions::available() {
            let sums = chain(set, &plain);
            for scratch in &mut scratches() {
                let y = product_with(set, &problem, scratch);
                for ((place, y), sum) in y.indexed_iter().zip(&sums) {
                    let expected = activation.apply(*sum) + r[place];
                    // 6 units in the last place of the activation, and a rounding of the sum.
                    let tolerance = 6.5 * f32::EPSILON * (activation.apply(*sum).abs() + y.abs());
                    let close = (y - expected).abs() <= tolerance;
                    assert!(close, "{set:?}, {activation:?}, {place:?}: {y}, {expected}");
                }
            }
        }
    }
}

#[test]
fn a_feed_forward_layer_is_two_products() {
    let (up, down) = (weight(&[70, 9], 1), weight(&[21, 70], 2));
    let (of_up, of_down) = (weight(&[70], 3), weight(&[21], 4));
    let up = WeightAndBias { weight: &up, bias: Some(&of_up) };
    let down = WeightAndBias { weight: &down, bias: Some(&of_down) };
    let wide = rows(200, 18, 5);
    // With two threads, 63 rows are shared out by columns and 64 by rows.
    for tokens in [1, 2, 15, 31, 32, 63, 64, 65, 128, 129, 200] {
        let residual = rows(tokens, 21, 6);
        for x in [wide.slice(s![..tokens, ..9]), wide.slice(s![..tokens, ..;2])] {
            let problem = FeedForward::new(x, up, Activation::Gelu, down);
            for problem in [problem, problem.residual(Some(residual.view()))] {
                for set in Instructions::available() {
                    let first = Product::new(x, up.weight).bias(up.bias);
                    let first = first.activation(Activation::Gelu);
                    let middle = product_with(set, &first, &mut Scratch::new());
                    let second = Product::new(middle.view(), down.weight).bias(down.bias);
                    let second = match problem.residual {
                        Some(rows) => second.residual(rows),
                        None => second,
                    };
                    let expected = product_with(set, &second, &mut Scratch::new());
                    for scratch in &mut scratches() {
                        let y = feed_forward_with(set, &problem, scratch);
                        assert_eq!(bits(&y), bits(&expected), "{set:?}, {tokens} tokens");
                    }
                    close(expected.view(), reference::feed_forward(&problem).view(), 1e-4);
                }
            }
        }
    }
}

#[track_caller]
fn close(got: ArrayView2<'_, f32>, expected: ArrayView2<'_, f32>, tolerance: f32) {
    assert_eq!(got.dim(), expected.dim());
    for ((place, got), expected) in got.indexed_iter().zip(expected) {
        assert!((got - expected).abs() <= tolerance, "{place:?}: {got}, expected {expected}");
    }
}

#[test]
fn gathered_rows_are_added_and_normalised_at_every_width() {
    for d in 2..=67 {
        let (token, place) = (weight(&[11, d], 1), weight(&[40, d], 2));
        let (gain, bias) = (weight(&[d], 3), weight(&[d], 4));
        let tokens: Vec<u32> = (0..37).map(|n| n * 7 % 11).collect();
        let places: Vec<u32> = (0..37).collect();
        let lookups =
            [Lookup { table: &token, rows: &tokens }, Lookup { table: &place, rows: &places }];
        let norm = Norm::new(&gain, 1e-5);
        let norms = [None, Some(norm), Some(norm.bias(Some(&bias)))];
        for (norm, scale) in norms.into_iter().flat_map(|norm| [(norm, 1.0), (norm, 2.5)]) {
            let problem = Gather::new(&lookups, norm).scale(scale);
            for set in Instructions::available() {
                let alone = gather_with(set, &problem, &mut Scratch::new());
                close(alone.view(), reference::gather(&problem).view(), 2e-4);
                for scratch in &mut scratches() {
                    assert_eq!(bits(&gather_with(set, &problem, scratch)), bits(&alone));
                }
            }
        }
    }
}
