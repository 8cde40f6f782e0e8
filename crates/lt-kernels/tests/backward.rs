//! What the gradients of the reference kernels obey. That they are the slopes of the forward passes
//! is held by the layers that call them, in their `tests/conformance.rs`.

#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Mask, Ragged, Weight};
use lt_kernels::{
    Attention, DistanceBias, DroppedWeights, Dropping, Heads, LayerNorm, Norm, RmsNorm,
    RootMeanSquare, reference,
};
use lt_laws::sample::rows;
use ndarray::{Array2, s};

fn weight(d: usize) -> Weight {
    Weight::new(&[d], rows(1, d, 9).into_raw_vec_and_offset().0).unwrap()
}

/// Layer norm ignores a shift and a scale of a row, so that neither is a way to change the loss.
#[test]
fn what_layer_norm_ignores_has_no_gradient() {
    let (x, d, gain) = (rows(5, 8, 1), rows(5, 8, 2), weight(8));
    let problem = LayerNorm::new(x.view(), Norm::new(&gain, 0.0));
    let found = reference::layer_norm_backward(&problem, d.view());
    for (d_x, x) in found.input.rows().into_iter().zip(x.rows()) {
        let along = |direction: &dyn Fn(usize) -> f32| -> f32 {
            d_x.iter().enumerate().map(|(i, d)| d * direction(i)).sum()
        };
        assert!(along(&|_| 1.0).abs() < 1e-5 && along(&|i| x[i]).abs() < 1e-5, "{d_x}");
        assert!(d_x.iter().any(|d| d.abs() > 1e-3));
    }
    assert_eq!(found.bias, None);
}

#[test]
fn heads_side_by_side_are_normalised_back_as_rows_are() {
    let (x, d, gain) = (rows(4, 6, 1), rows(4, 6, 2), weight(2));
    let norm = RootMeanSquare::new(&gain, 0.1);
    let wide = reference::rms_norm_backward(&RmsNorm::new(x.view(), norm), d.view());
    let tall = |rows: &Array2<f32>| rows.clone().into_shape_with_order((12, 2)).unwrap();
    let (x, d) = (tall(&x), tall(&d));
    let rows = reference::rms_norm_backward(&RmsNorm::new(x.view(), norm), d.view());
    assert_eq!((tall(&wide.input), wide.gain), (rows.input, rows.gain));
}

/// Softmax ignores a number that is added to all scores of a query.
#[test]
fn the_gradients_of_all_distances_sum_to_zero() {
    let (q, kv, d) = (rows(5, 8, 1), rows(5, 4, 2), rows(5, 8, 3));
    let (batch, mask) = (Ragged::from_lengths([2, 3]), Mask::causal());
    let heads = Heads { query: 4, key: 2 };
    for reach in [0, 1, 4] {
        let numbers = vec![0.5; 4 * (2 * reach + 1)];
        let bias = DistanceBias::new(4, &numbers).unwrap();
        let problem = Attention::new(q.view(), kv.view(), kv.view(), &batch, heads);
        let problem = problem.mask(&mask).bias(bias);
        let found = reference::attention_backward(&problem, None, d.view());
        let d_bias = found.bias.unwrap();
        assert_eq!(d_bias.dim(), (4, 2 * reach + 1));
        assert!(d_bias.rows().into_iter().all(|row| row.sum().abs() < 1e-6), "{d_bias}");
        // Nothing ahead is looked at.
        assert_eq!(d_bias.slice(s![.., reach + 1..]).sum(), 0.0);
        assert_eq!(reach > 0, d_bias.iter().any(|d| d.abs() > 1e-3));
    }
}

/// What is dropped is known beforehand: attention without those keys, and longer by as much.
#[test]
fn a_dropped_key_is_a_key_whose_value_is_left_out() {
    let (q, k, v) = (rows(3, 2, 1), rows(4, 2, 2), rows(4, 2, 3));
    let (queries, keys) = (Ragged::single(3), Ragged::single(4));
    let problem = Attention::new(q.view(), k.view(), v.view(), &queries, 1).keys(&keys);
    let dropped = DroppedWeights { dropping: Dropping::new(0.5), keys: &[3, 1, 2] };
    let weights = reference::attention_weights(&problem);
    let got = reference::attention_dropped(&problem, dropped);
    let (mut none, mut some) = (0, 0);
    for query in 0..3 {
        let mut expected = [0.0; 2];
        for key in 0..4 {
            let m = dropped.multiplier(query, 0, key);
            assert!(m == 0.0 || m == 2.0);
            if m == 0.0 {
                none += 1;
            } else {
                some += 1;
            }
            let weight = weights[0][[0, query, key]] * m;
            expected.iter_mut().zip(v.row(key)).for_each(|(sum, v)| *sum += weight * v);
        }
        assert_eq!(got.row(query).to_vec(), expected);
    }
    assert!(none > 0 && some > 0);
    // A value that nobody looks at because it was dropped may be anything.
    let first = |key| dropped.multiplier(0, 0, key) == 0.0;
    let lost = (0..4).find(|&key| first(key)).unwrap();
    let mut spoilt = v.clone();
    spoilt.row_mut(lost).fill(f32::NAN);
    let problem = Attention::new(q.view(), k.view(), spoilt.view(), &queries, 1).keys(&keys);
    assert_eq!(reference::attention_dropped(&problem, dropped).row(0), got.row(0));
}

#[test]
#[should_panic(expected = "a gradient [tokens, h·v]")]
fn a_gradient_of_another_shape_is_a_mistake() {
    let (x, batch) = (rows(3, 2, 1), Ragged::single(3));
    let problem = Attention::new(x.view(), x.view(), x.view(), &batch, 1);
    let _ = reference::attention_backward(&problem, None, rows(3, 3, 1).view());
}
