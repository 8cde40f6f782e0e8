//! Each fast kernel against the plain loops beside it: at every length from 1 to beyond its tiles
//! and blocks, on strided views, and on one and two threads.

#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Mask, Ragged, Scratch, Threads, Weight};
use lt_kernels::{
    Attention, DistanceBias, Gain, Heads, Instructions, KEY_BLOCK, LayerNorm, Norm, Product,
    RmsNorm, RootMeanSquare, attention, attention_with, layer_norm, layer_norm_with, product,
    reference, rms_norm, rms_norm_with, softmax, softmax_with,
};
use lt_laws::sample::{rows, weight};
use ndarray::{Array2, ArrayView2, array, s};

/// One test per kernel: `fast(instructions, &problem, &mut scratch)` and `reference(&problem)` for
/// each problem, with every set of instructions, on one thread and on two, which must agree to the
/// bit; and so must the sets that round a multiply-and-add once.
macro_rules! fast_equals_reference {
    ($fast:expr, $reference:expr, $tolerance:expr, $problem:expr, $what:expr) => {{
        let (problem, what) = ($problem, $what);
        let expected = $reference(&problem);
        let mut fused: Option<Array2<f32>> = None;
        for set in Instructions::available() {
            let one = $fast(set, &problem, &mut Scratch::new());
            let two = $fast(set, &problem, &mut Scratch::with_threads(two_threads()));
            assert_eq!(bits(&one), bits(&two), "{what}, {set:?}: two threads gave other bits");
            close(one.view(), expected.view(), $tolerance, &what);
            if set != Instructions::portable() {
                if let Some(fused) = &fused {
                    assert_eq!(bits(fused), bits(&one), "{what}: {set:?} gave other bits");
                }
                fused = Some(one);
            }
        }
    }};
}

fn two_threads() -> Threads {
    lt_laws::same_bits::threads(2)
}

fn bits(rows: &Array2<f32>) -> Vec<u32> {
    rows.iter().map(|x| x.to_bits()).collect()
}

fn close(got: ArrayView2<'_, f32>, expected: ArrayView2<'_, f32>, tolerance: f32, what: &str) {
    assert_eq!(got.dim(), expected.dim(), "{what}");
    for ((place, got), expected) in got.indexed_iter().zip(expected) {
        let same = (got - expected).abs() <= tolerance || (got.is_nan() && expected.is_nan());
        assert!(same || got == expected, "{what}, at {place:?}: {got}, expected {expected}");
    }
}

const LENGTHS: std::ops::RangeInclusive<usize> = 1..=67;

#[test]
fn an_empty_batch_gives_an_empty_result() {
    let (x, w) = (rows(0, 4, 1), weight(&[3, 4], 2));
    assert_eq!(product(&Product::new(x.view(), &w), &mut Scratch::new()).dim(), (0, 3));
    let gain = weight(&[4], 3);
    let norm = LayerNorm::new(x.view(), Norm::new(&gain, 1e-5).bias(Some(&gain)));
    assert_eq!(layer_norm(&norm, &mut Scratch::new()).dim(), (0, 4));
    let norm = RmsNorm::new(x.view(), RootMeanSquare::new(&gain, 1e-5));
    assert_eq!(rms_norm(&norm, &mut Scratch::new()).dim(), (0, 4));
    for batch in [Ragged::from_lengths([]), Ragged::from_lengths([0, 0])] {
        let problem = Attention::new(x.view(), x.view(), x.view(), &batch, 2);
        assert_eq!(attention(&problem, &mut Scratch::new()).dim(), (0, 4));
    }
}

#[test]
fn layer_norm_is_its_reference_at_every_width() {
    for d in LENGTHS {
        let (x, gain, bias) = (rows(37, d, 1), weight(&[d], 2), weight(&[d], 3));
        for epsilon in [1e-12, 1e-5, 0.1] {
            // One number has no variance: what is left over is rounding, blown up by 1/√ε.
            let tolerance = if d == 1 { 1.0 } else { 2e-4 };
            fast_equals_reference!(
                layer_norm_with,
                reference::layer_norm,
                tolerance,
                LayerNorm::new(x.view(), Norm::new(&gain, epsilon).bias(Some(&bias))),
                format!("width {d}, ε = {epsilon}")
            );
        }
    }
}

#[test]
fn layer_norm_takes_views_of_any_strides() {
    let wide = rows(20, 20, 1);
    let (gain, bias) = (weight(&[10], 2), weight(&[10], 3));
    for x in [wide.slice(s![..;3, ..;2]), wide.t().slice_move(s![.., ..10])] {
        fn of<'a>(x: ArrayView2<'a, f32>, gain: &'a Weight, bias: &'a Weight) -> LayerNorm<'a> {
            LayerNorm::new(x, Norm::new(gain, 1e-5).bias(Some(bias)))
        }
        let in_one_piece = x.to_owned();
        let expected = layer_norm(&of(in_one_piece.view(), &gain, &bias), &mut Scratch::new());
        assert_eq!(bits(&layer_norm(&of(x, &gain, &bias), &mut Scratch::new())), bits(&expected));
    }
}

#[test]
fn rms_norm_is_its_reference_at_every_width_of_head() {
    for (d, heads) in LENGTHS.map(|d| (d, 1)).chain([(1, 7), (5, 3), (16, 4), (33, 2), (64, 9)]) {
        let (x, weight) = (rows(37, heads * d, 1), weight(&[d], 2));
        for (epsilon, gain) in [(1e-12, Gain::Weight), (1e-5, Gain::OnePlusWeight)] {
            fast_equals_reference!(
                rms_norm_with,
                reference::rms_norm,
                2e-6,
                RmsNorm::new(x.view(), RootMeanSquare::new(&weight, epsilon).gain(gain)),
                format!("{heads} heads of width {d}, {gain:?}")
            );
        }
    }
}

#[test]
fn rms_norm_takes_views_of_any_strides() {
    let (wide, weight) = (rows(20, 20, 1), weight(&[5], 2));
    let norm = RootMeanSquare::new(&weight, 1e-5);
    for x in [wide.slice(s![..;3, ..;2]), wide.t().slice_move(s![.., ..10])] {
        let in_one_piece = x.to_owned();
        let expected = rms_norm(&RmsNorm::new(in_one_piece.view(), norm), &mut Scratch::new());
        let got = rms_norm(&RmsNorm::new(x, norm), &mut Scratch::new());
        assert_eq!(bits(&got), bits(&expected));
    }
}

#[test]
fn softmax_is_its_reference_at_every_length() {
    for n in LENGTHS {
        let mut scores = rows(4, n, 5) * 30.0;
        scores[[1, n / 2]] = f32::NEG_INFINITY;
        scores.row_mut(2).fill(f32::NEG_INFINITY);
        // Every second column of a wider array, too.
        let mut wide = Array2::zeros((4, 2 * n));
        for set in Instructions::available() {
            let mut got = scores.clone();
            softmax_with(set, got.view_mut());
            wide.slice_mut(s![.., ..;2]).assign(&scores);
            softmax_with(set, wide.slice_mut(s![.., ..;2]));
            assert_eq!(wide.slice(s![.., ..;2]), got, "length {n}, {set:?}");
            for (got, scores) in got.rows().into_iter().zip(scores.rows()) {
                for (got, expected) in got.iter().zip(reference::softmax(scores)) {
                    // Each power is off by one unit in the last place, their sum by some more.
                    let close = (got - expected).abs() <= 1e-6 * expected + 1e-37;
                    assert!(close, "length {n}, {set:?}: {got}, {expected}");
                }
            }
        }
    }
}

#[test]
fn softmax_does_not_hide_nan() {
    let mut scores = ndarray::array![[1.0, f32::NAN], [f32::NAN, f32::NEG_INFINITY]];
    softmax(scores.view_mut());
    assert!(scores[[0, 0]].is_nan() && scores[[0, 1]].is_nan() && scores[[1, 0]].is_nan());
}

/// Batches whose sequences and blocks end at, before and after a block's border.
fn batches() -> impl Iterator<Item = Ragged> {
    let border = KEY_BLOCK;
    let around = [border - 1, border, border + 1, 2 * border, 2 * border + 3];
    LENGTHS
        .map(|n| vec![n])
        .chain(around.map(|n| vec![n]))
        .chain([vec![1, 0, 33, 2, 31, 1, 70, 5]])
        .map(Ragged::from_lengths)
}

fn masks(tokens: usize) -> [Mask; 4] {
    [
        Mask::all(),
        Mask::causal(),
        Mask::causal() & Mask::window(tokens / 3, 0),
        Mask::custom(|place| (place.query * 7 + place.key * 3) % 5 != 0),
    ]
}

#[test]
fn attention_is_its_reference_at_every_length_under_every_mask() {
    for batch in batches() {
        let tokens = batch.tokens();
        let (q, k, v) = (rows(tokens, 6, 1) * 3.0, rows(tokens, 6, 2) * 3.0, rows(tokens, 10, 3));
        for mask in &masks(tokens) {
            let problem = Attention::new(q.view(), k.view(), v.view(), &batch, 2).mask(mask);
            let what = format!("lengths {:?}, {mask:?}", batch.offsets());
            fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
        }
    }
}

#[test]
fn query_heads_share_key_heads_in_groups() {
    let (batch, keys) = (Ragged::from_lengths([3, 40]), Ragged::from_lengths([70, 9]));
    let (q, k, v) = (rows(43, 12, 1), rows(79, 4, 2), rows(79, 6, 3));
    let heads = Heads { query: 6, key: 2 };
    let problem = Attention::new(q.view(), k.view(), v.view(), &batch, heads).keys(&keys);
    fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, "groups of three");
    // Repeating each key head three times is the same thing.
    let repeat = |rows: &Array2<f32>, width: usize| {
        let columns: Vec<usize> =
            (0..6).flat_map(|head| (0..width).map(move |c| head / 3 * width + c)).collect();
        rows.select(ndarray::Axis(1), &columns)
    };
    let (k, v) = (repeat(&k, 2), repeat(&v, 3));
    let full = Attention::new(q.view(), k.view(), v.view(), &batch, 6).keys(&keys);
    let (grouped, full) =
        (attention(&problem, &mut Scratch::new()), attention(&full, &mut Scratch::new()));
    assert_eq!(bits(&grouped), bits(&full));
}

#[test]
fn scores_are_multiplied_by_the_scale() {
    let batch = Ragged::single(5);
    let (q, k, v) = (rows(5, 4, 1), rows(5, 4, 2), rows(5, 4, 3));
    let problem = Attention::new(q.view(), k.view(), v.view(), &batch, 1);
    assert_eq!(problem.scale, 0.5); // 1/√4
    let scaled = problem.scale(3.0);
    fast_equals_reference!(attention_with, reference::attention, 3e-6, scaled, "scale 3");
    assert_ne!(attention(&problem, &mut Scratch::new()), attention(&scaled, &mut Scratch::new()));
}

#[test]
fn scores_get_a_number_for_each_distance_under_every_mask() {
    for (reach, batch) in [0, 1, 9, 200].into_iter().flat_map(|r| batches().map(move |b| (r, b))) {
        let tokens = batch.tokens();
        let (q, k, v) = (rows(tokens, 6, 1), rows(tokens, 6, 2), rows(tokens, 4, 3));
        let numbers = weight(&[2, 2 * reach + 1], 4).to_f32();
        let bias = DistanceBias::new(2, &numbers).unwrap();
        for mask in &masks(tokens) {
            let problem =
                Attention::new(q.view(), k.view(), v.view(), &batch, 2).mask(mask).bias(bias);
            let what = format!("lengths {:?}, {mask:?}, reach {reach}", batch.offsets());
            fast_equals_reference!(attention_with, reference::attention, 3e-6, problem, what);
        }
    }
}

/// One number for all distances moves all scores alike, and the softmax does not see it.
#[test]
fn a_number_for_all_distances_changes_nothing_but_rounding() {
    let batch = Ragged::from_lengths([3, 0, 140]);
    let qkv = rows(143, 4, 1);
    let plain = Attention::new(qkv.view(), qkv.view(), qkv.view(), &batch, 2);
    let bias = DistanceBias::new(2, &[0.5, 0.5, 0.5, -2.0, -2.0, -2.0]).unwrap();
    let biased = attention(&plain.bias(bias), &mut Scratch::new());
    close(biased.view(), attention(&plain, &mut Scratch::new()).view(), 1e-6, "one number");
}

#[test]
fn attention_does_not_hide_nan_in_a_key_that_is_looked_at() {
    let batch = Ragged::single(3);
    let (q, mut k, v) = (rows(3, 2, 1), rows(3, 2, 2), rows(3, 2, 3));
    k[[2, 0]] = f32::NAN;
    let problem = |mask| Attention::new(q.view(), k.view(), v.view(), &batch, 1).mask(mask);
    let (all, causal) = (Mask::all(), Mask::causal());
    assert!(attention(&problem(&all), &mut Scratch::new()).iter().all(|x| x.is_nan()));
    let causal = attention(&problem(&causal), &mut Scratch::new());
    assert!(causal.slice(s![..2, ..]).iter().all(|x| x.is_finite()));
    assert!(causal.row(2).iter().all(|x| x.is_nan()));
}

/// A key that is looked at is not hidden by a probability that rounds to 0.
#[test]
fn attention_hides_what_is_masked_and_not_what_is_improbable() {
    let (one, two) = (Ragged::single(1), Ragged::single(2));
    let (q, k) = (array![[1.0]], array![[0.0], [-200.0]]);
    let v = array![[5.0], [f32::NAN]];
    let problem = Attention::new(q.view(), k.view(), v.view(), &one, 1).keys(&two).scale(1.0);
    fast_equals_reference!(attention_with, reference::attention, 0.0, problem, "looked at");
    assert!(attention(&problem, &mut Scratch::new())[[0, 0]].is_nan());
    let first = Mask::custom(|place| place.key == 0);
    let problem = problem.mask(&first);
    fast_equals_reference!(attention_with, reference::attention, 0.0, problem, "masked");
    assert_eq!(attention(&problem, &mut Scratch::new()), array![[5.0]]);
}

#[test]
fn attention_takes_heads_out_of_one_fused_matrix() {
    let batch = Ragged::from_lengths([2, 5]);
    let fused = rows(7, 12, 1);
    let part = |number: usize| fused.slice(s![.., number * 4..(number + 1) * 4]);
    let problem = Attention::new(part(0), part(1), part(2), &batch, 2);
    fast_equals_reference!(
        attention_with,
        reference::attention,
        3e-6,
        problem,
        "views of one matrix"
    );
}
