//! What is done to each row on its own: layer norm, softmax, look-ups.

use lt_core::{Scratch, Weight};
use lt_kernels::{
    Gather, Instructions, LayerNorm, Lookup, Norm, RmsNorm, RootMeanSquare, gather_with,
    layer_norm_in_place, layer_norm_in_place_with, layer_norm_with, reference,
    rms_norm_in_place_with, rms_norm_with, softmax_with,
};
use lt_laws::sample::{rows, weight};
use ndarray::{Array2, s};

use crate::{bits, in_every_way};

/// A mean so large that a variance taken in one pass would be lost.
#[test]
fn layer_norm_keeps_the_variance_beside_a_large_mean() {
    let (x, gain) = (rows(5, 48, 1) + 1000.0, Weight::new(&[48], vec![1.0; 48]).unwrap());
    let problem = LayerNorm::new(x.view(), Norm::new(&gain, 1e-5));
    fast_equals_reference!(layer_norm_with, reference::layer_norm, 1e-3, problem, "mean 1000");
}

#[test]
fn layer_norm_does_not_hide_nan_and_leaves_other_rows_alone() {
    for d in [1, 5, 16, 33] {
        let (mut x, gain) = (rows(4, d, 1), weight(&[d], 2));
        (x[[1, d - 1]], x[[2, 0]]) = (f32::NAN, f32::INFINITY);
        let problem = LayerNorm::new(x.view(), Norm::new(&gain, 1e-5));
        let what = format!("NaN, width {d}");
        for (set, y) in in_every_way(&what, |set, scratch| layer_norm_with(set, &problem, scratch))
        {
            assert!(y.slice(s![1..3, ..]).iter().all(|y| y.is_nan()), "{what}, {set:?}");
            assert!(y.slice(s![..;3, ..]).iter().all(|y| y.is_finite()), "{what}, {set:?}");
        }
    }
}

#[test]
fn layer_norm_in_place_has_the_bits_of_layer_norm_whatever_the_layout() {
    for d in [1, 16, 37] {
        let (x, gain, bias) = (rows(70, d, 1), weight(&[d], 2), weight(&[d], 3));
        for bias in [None, Some(&bias)] {
            let norm = Norm::new(&gain, 1e-5).bias(bias);
            let problem = LayerNorm::new(x.view(), norm);
            let expected =
                in_every_way("a new array", |set, scratch| layer_norm_with(set, &problem, scratch));
            let by_columns = x.t().as_standard_layout().into_owned().reversed_axes();
            for x in [&x, &by_columns] {
                let in_place = in_every_way("in place", |set, scratch| {
                    let mut x = x.clone();
                    layer_norm_in_place_with(set, norm, &mut x, scratch);
                    x
                });
                for ((set, y), (_, expected)) in in_place.iter().zip(&expected) {
                    assert_eq!(bits(y), bits(expected), "width {d}, {set:?}");
                }
            }
        }
    }
    let norm = weight(&[4], 1);
    let mut none = Array2::zeros((0, 4));
    layer_norm_in_place(Norm::new(&norm, 1e-5), &mut none, &mut Scratch::new());
    assert_eq!(none.dim(), (0, 4));
}

#[test]
fn rms_norm_does_not_hide_nan_and_leaves_other_heads_alone() {
    for d in [1, 5, 16, 33] {
        let (mut x, weight) = (rows(4, 3 * d, 1), weight(&[d], 2));
        (x[[1, 2 * d - 1]], x[[2, d]]) = (f32::NAN, f32::INFINITY);
        let problem = RmsNorm::new(x.view(), RootMeanSquare::new(&weight, 1e-5));
        let what = format!("NaN, width {d}");
        for (set, y) in in_every_way(&what, |set, scratch| rms_norm_with(set, &problem, scratch)) {
            let middle = y.slice(s![.., d..2 * d]);
            assert!(middle.row(1).iter().all(|y| y.is_nan()), "{what}, {set:?}");
            // ∞·0 is none, and what is finite beside ∞ becomes 0.
            assert!(middle[[2, 0]].is_nan(), "{what}, {set:?}");
            assert!(middle.row(2).iter().skip(1).all(|&y| y == 0.0), "{what}, {set:?}");
            assert!(middle.slice(s![..;3, ..]).iter().all(|y| y.is_finite()), "{what}, {set:?}");
            assert!(y.slice(s![.., ..d]).iter().all(|y| y.is_finite()), "{what}, {set:?}");
            assert!(y.slice(s![.., 2 * d..]).iter().all(|y| y.is_finite()), "{what}, {set:?}");
        }
    }
}

#[test]
fn rms_norm_in_place_has_the_bits_of_rms_norm_and_keeps_what_lies_beside_it() {
    for (d, heads) in [(1, 3), (16, 1), (37, 2)] {
        let (x, weight) = (rows(70, d * heads + 7, 1), weight(&[d], 2));
        let columns = 3..3 + d * heads;
        let norm = RootMeanSquare::new(&weight, 1e-5);
        let problem = RmsNorm::new(x.slice(s![.., columns.clone()]), norm);
        let expected =
            in_every_way("a new array", |set, scratch| rms_norm_with(set, &problem, scratch));
        let by_columns = x.t().as_standard_layout().into_owned().reversed_axes();
        for in_layout in [&x, &by_columns] {
            let in_place = in_every_way("in place", |set, scratch| {
                let mut x = in_layout.clone();
                rms_norm_in_place_with(set, norm, &mut x, columns.clone(), scratch);
                x
            });
            for ((set, y), (_, expected)) in in_place.iter().zip(&expected) {
                let mut whole = x.clone();
                whole.slice_mut(s![.., columns.clone()]).assign(expected);
                assert_eq!(bits(y), bits(&whole), "{heads} heads of width {d}, {set:?}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "heads of d side by side")]
fn rms_norm_wants_whole_heads() {
    let (mut x, weight) = (rows(2, 7, 1), weight(&[3], 2));
    let norm = RootMeanSquare::new(&weight, 1e-5);
    rms_norm_in_place_with(Instructions::portable(), norm, &mut x, 0..7, &mut Scratch::new());
}

fn softmax_of(set: Instructions, scores: &Array2<f32>) -> Array2<f32> {
    let mut scores = scores.clone();
    softmax_with(set, scores.view_mut());
    scores
}

#[test]
fn softmax_takes_views_of_any_strides() {
    let scores = rows(12, 70, 1) * 9.0;
    for set in Instructions::available() {
        let expected = softmax_of(set, &scores.slice(s![.., ..;2]).to_owned());
        let mut strided = scores.clone();
        softmax_with(set, strided.slice_mut(s![.., ..;2]));
        assert_eq!(bits(&strided.slice(s![.., ..;2]).to_owned()), bits(&expected));
        let between = s![.., 1..;2];
        assert_eq!(strided.slice(between), scores.slice(between), "what lies between is untouched");
        let mut transposed = scores.clone();
        softmax_with(set, transposed.view_mut().reversed_axes());
        let expected = softmax_of(set, &scores.t().as_standard_layout().to_owned());
        assert_eq!(bits(&transposed.t().to_owned()), bits(&expected));
    }
}

#[test]
fn softmax_does_not_hide_nan() {
    for set in Instructions::available() {
        for nan in [f32::NAN, -f32::NAN] {
            for n in [2, 16, 17, 40] {
                for place in [0, n / 2, n - 1] {
                    // Among ordinary scores, and alone among scores of −∞.
                    let mut scores = rows(2, n, 1);
                    scores.row_mut(1).fill(f32::NEG_INFINITY);
                    scores.column_mut(place).fill(nan);
                    let got = softmax_of(set, &scores);
                    assert!(got.iter().all(|p| p.is_nan()), "{nan} at {place} of {n}: {got}");
                }
            }
        }
    }
}

/// Beyond a task of 32 rows; a look-up is the norm of the sum, with the norm's bits.
#[test]
fn gather_has_the_bits_of_a_norm_of_sums() {
    for tokens in [1, 2, 31, 32, 33, 63, 64, 65, 100] {
        let (table, more, gain) = (weight(&[9, 20], 1), weight(&[4, 20], 2), weight(&[20], 3));
        let numbers = [9, 4].map(|v| (0..tokens).map(|i| (i * 7 + 1) % v).collect::<Vec<u32>>());
        let lookups = [
            Lookup { table: &table, rows: &numbers[0] },
            Lookup { table: &more, rows: &numbers[1] },
        ];
        let problem = Gather::new(&lookups, Norm::new(&gain, 1e-5));
        let sums = Array2::from_shape_fn((tokens as usize, 20), |(token, column)| {
            table.matrix()[[numbers[0][token] as usize, column]]
                + more.matrix()[[numbers[1][token] as usize, column]]
        });
        let norm = LayerNorm::new(sums.view(), Norm::new(&gain, 1e-5));
        let of_norm = in_every_way("norm", |set, scratch| layer_norm_with(set, &norm, scratch));
        let got = in_every_way("gather", |set, scratch| gather_with(set, &problem, scratch));
        for ((set, got), (_, expected)) in got.iter().zip(&of_norm) {
            assert_eq!(bits(got), bits(expected), "{tokens} tokens, {set:?}");
        }
    }
}
