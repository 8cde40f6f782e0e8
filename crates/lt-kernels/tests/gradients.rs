//! The fast gradient kernels against the plain loops beside them: at every width from 1 to beyond
//! their tiles, on strided views, on one and two threads, with every set of instructions.

#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Mask, Ragged, Scratch, Weight};
use lt_kernels::{
    Attention, AttentionGradient, DistanceBias, DroppedWeights, Dropping, Gain, Heads,
    Instructions, LayerNorm, Norm, RmsNorm, RootMeanSquare, attention_backward_with,
    attention_dropped_with, layer_norm_backward_with, matmul_with, product_d_input_with, reference,
    rms_norm_backward_with, sum_of_rows_with,
};
use lt_laws::sample::{rows, weight};
use ndarray::{Array2, ArrayView2, s};

/// Within a share of the largest number of what is expected.
#[track_caller]
fn close(got: ArrayView2<'_, f32>, expected: ArrayView2<'_, f32>, share: f32, what: &str) {
    assert_eq!(got.dim(), expected.dim(), "{what}");
    let largest = expected.iter().fold(1e-3_f32, |a, b| a.max(b.abs()));
    for ((place, got), expected) in got.indexed_iter().zip(expected) {
        let near = (got - expected).abs() <= share * largest;
        assert!(near, "{what}, at {place:?}: {got}, expected {expected}");
    }
}

fn row(numbers: &[f32]) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((1, numbers.len()), numbers).unwrap()
}

fn bits(rows: &Array2<f32>) -> Vec<u32> {
    rows.iter().map(|x| x.to_bits()).collect()
}

fn on_two_threads() -> Scratch {
    Scratch::with_threads(lt_laws::same_bits::threads(2))
}

#[test]
fn the_product_of_matrices_is_its_reference_at_every_size() {
    for n in (1..=67).chain([130]) {
        for (inner, m) in [(n, 5), (3, n), (n + 1, n), (1600, 17)] {
            let (a, b) = (rows(n, inner, 1), rows(inner, m, 2));
            let turned = a.t().as_standard_layout().into_owned();
            let expected = reference::matmul(a.view(), b.view());
            for set in Instructions::available() {
                let what = format!("{n}, {inner}, {m}, {set:?}");
                let c = matmul_with(set, a.view(), b.view(), &mut Scratch::new());
                close(c.view(), expected.view(), 1e-5, &what);
                // The same bits from the transpose of rows, and on two threads.
                let of_turned = matmul_with(set, turned.t(), b.view(), &mut on_two_threads());
                assert_eq!(bits(&of_turned), bits(&c), "{what}");
            }
        }
    }
}

#[test]
fn matrices_of_any_strides_have_the_same_product() {
    let (wide_a, wide_b) = (rows(40, 40, 1), rows(40, 40, 2));
    let (a, b) = (wide_a.slice(s![..;3, ..;2]), wide_b.slice(s![..20, ..;3]));
    let plain = matmul_with(
        Instructions::best(),
        a.to_owned().view(),
        b.to_owned().view(),
        &mut Scratch::new(),
    );
    let strided = matmul_with(Instructions::best(), a, b, &mut Scratch::new());
    assert_eq!(bits(&strided), bits(&plain));
    let none = matmul_with(
        Instructions::best(),
        a.slice(s![.., ..0]),
        b.slice(s![..0, ..]),
        &mut Scratch::new(),
    );
    assert_eq!(none, Array2::<f32>::zeros((14, 14)));
}

#[test]
fn the_gradient_of_rows_is_its_reference_at_every_size() {
    for out in (1..=67).chain([1600]) {
        let inner = out % 41 + 1;
        let (w, d) = (weight(&[out, inner], 1), rows(37, out, 2));
        let half: Vec<u16> = w.to_f32().into_iter().map(lt_core::f32_to_f16).collect();
        let half = Weight::shared_f16(&[out, inner], std::sync::Arc::new(half)).unwrap();
        for w in [w, half] {
            let expected = reference::matmul(d.view(), w.matrix());
            for set in Instructions::available() {
                let w = w.clone();
                let one = product_d_input_with(set, d.view(), &w, &mut Scratch::new());
                close(one.view(), expected.view(), 1e-5, &format!("{out}, {set:?}"));
                let two = product_d_input_with(set, d.view(), &w, &mut on_two_threads());
                assert_eq!(bits(&one), bits(&two), "{out}, {set:?}");
                // A row alone has the bits that it has among others.
                let alone = d.slice(s![5..6, ..]);
                let alone = product_d_input_with(set, alone, &w, &mut Scratch::new());
                assert_eq!(bits(&alone), bits(&one.slice(s![5..6, ..]).to_owned()), "{out}");
            }
        }
    }
}

#[test]
fn the_gradient_follows_a_weight_that_changes() {
    let (mut w, d) = (weight(&[3, 4], 1), rows(2, 3, 2));
    for _ in 0..2 {
        let got = product_d_input_with(Instructions::best(), d.view(), &w, &mut Scratch::new());
        close(got.view(), reference::matmul(d.view(), w.matrix()).view(), 1e-6, "as it is now");
        w.make_mut()[5] += 10.0;
    }
}

#[test]
fn the_sum_of_rows_is_its_reference() {
    let wide = rows(40, 50, 1);
    for rows in [wide.view(), wide.t(), wide.slice(s![..;3, ..;2]), wide.slice(s![..0, ..])] {
        for set in Instructions::available() {
            assert_eq!(sum_of_rows_with(set, rows), reference::sum_of_rows(rows));
        }
    }
}

#[test]
fn gradients_of_norms_are_their_references_at_every_width() {
    for d in 1..=67 {
        let (x, d_y) = (rows(23, d, 1), rows(23, d, 2));
        let (gain, bias) = (weight(&[d], 3), weight(&[d], 4));
        let problem = LayerNorm::new(x.view(), Norm::new(&gain, 1e-3).bias(Some(&bias)));
        let expected = reference::layer_norm_backward(&problem, d_y.view());
        for set in Instructions::available() {
            let what = format!("{d}, {set:?}");
            let got = layer_norm_backward_with(set, &problem, d_y.view(), &mut Scratch::new());
            close(got.input.view(), expected.input.view(), 1e-4, &what);
            close(row(&got.gain), row(&expected.gain), 1e-4, &what);
            let (got, expected) = (got.bias.unwrap(), expected.bias.as_ref().unwrap());
            close(row(&got), row(expected), 1e-5, &what);
        }
    }
    for (d, heads) in (1..=67).map(|d| (d, 1)).chain([(1, 7), (5, 3), (16, 4), (33, 2)]) {
        let (x, d_y, weight) = (rows(23, heads * d, 1), rows(23, heads * d, 2), weight(&[d], 3));
        for gain in [Gain::Weight, Gain::OnePlusWeight] {
            let problem = RmsNorm::new(x.view(), RootMeanSquare::new(&weight, 1e-3).gain(gain));
            let expected = reference::rms_norm_backward(&problem, d_y.view());
            for set in Instructions::available() {
                let what = format!("{heads} of {d}, {set:?}");
                let got = rms_norm_backward_with(set, &problem, d_y.view(), &mut Scratch::new());
                close(got.input.view(), expected.input.view(), 1e-4, &what);
                close(row(&got.gain), row(&expected.gain), 1e-4, &what);
                assert!(got.bias.is_none());
            }
        }
    }
}

#[test]
fn norms_take_views_of_any_strides() {
    let (wide_x, wide_d) = (rows(20, 20, 1), rows(20, 20, 2));
    let (x, d) = (wide_x.slice(s![..;3, ..;2]), wide_d.t().slice_move(s![..7, ..10]));
    let (gain, set) = (weight(&[10], 3), Instructions::best());
    let (x_copy, d_copy) = (x.to_owned(), d.to_owned());
    fn norm<'a>(x: ArrayView2<'a, f32>, gain: &'a Weight) -> LayerNorm<'a> {
        LayerNorm::new(x, Norm::new(gain, 1e-5))
    }
    let got = layer_norm_backward_with(set, &norm(x, &gain), d, &mut Scratch::new());
    let plain = norm(x_copy.view(), &gain);
    assert_eq!(got, layer_norm_backward_with(set, &plain, d_copy.view(), &mut Scratch::new()));
}

/// A batch with an empty text, lengths around tiles and blocks, and all that scores may have.
struct Case {
    name: &'static str,
    heads: Heads,
    widths: [usize; 2],
    mask: Mask,
    cap: Option<f32>,
    bias: Option<Vec<f32>>,
    rate: f32,
}

fn cases() -> Vec<Case> {
    let plain = |name, heads, widths| Case {
        name,
        heads,
        widths,
        mask: Mask::all(),
        cap: None,
        bias: None,
        rate: 0.0,
    };
    let grouped = Heads { query: 4, key: 2 };
    let numbers = |heads: usize, reach: usize| {
        Some((0..heads * (2 * reach + 1)).map(|n| (n % 7) as f32 * 0.2 - 0.5).collect())
    };
    vec![
        plain("plain", Heads::from(2), [8, 8]),
        plain("of one column", Heads::from(3), [1, 1]),
        plain("of other values", Heads::from(2), [17, 5]),
        plain("grouped", grouped, [16, 16]),
        Case { mask: Mask::causal(), ..plain("causal", Heads { query: 4, key: 1 }, [33, 20]) },
        Case { mask: Mask::causal() & Mask::window(70, 0), ..plain("window", grouped, [8, 9]) },
        Case {
            mask: Mask::custom(|place| {
                (place.query * 7 + place.key * 3) % 5 > 1 && place.query > 1
            }),
            ..plain("with gaps and blind rows", Heads::from(2), [4, 4])
        },
        Case { cap: Some(0.7), ..plain("capped", Heads::from(2), [8, 8]) },
        Case { bias: numbers(2, 3), ..plain("by distance", Heads::from(2), [8, 8]) },
        Case { rate: 0.3, ..plain("dropped", Heads::from(2), [8, 8]) },
        Case {
            mask: Mask::causal(),
            cap: Some(2.0),
            bias: numbers(4, 40),
            rate: 0.1,
            ..plain("all of it", grouped, [12, 20])
        },
    ]
}

#[test]
fn attention_is_its_reference_with_all_that_scores_may_have() {
    let batch = Ragged::from_lengths([1, 0, 17, 130, 64]);
    let keys: Vec<u64> = (0..batch.tokens() as u64).map(|row| row * 77).collect();
    for case in cases() {
        let [k, v] = case.widths;
        let query = rows(batch.tokens(), case.heads.query * k, 1);
        let key = rows(batch.tokens(), case.heads.key * k, 2);
        let value = rows(batch.tokens(), case.heads.key * v, 3);
        let d_output = rows(batch.tokens(), case.heads.query * v, 4);
        let bias = case.bias.as_ref();
        let bias = bias.map(|numbers| DistanceBias::new(case.heads.query, numbers).unwrap());
        let problem = Attention::new(query.view(), key.view(), value.view(), &batch, case.heads)
            .mask(&case.mask)
            .cap(case.cap)
            .bias(bias);
        let dropped = DroppedWeights { dropping: Dropping::new(case.rate), keys: &keys };
        let expected_output = reference::attention_dropped(&problem, dropped);
        let dropped = (case.rate > 0.0).then_some(dropped);
        let expected = reference::attention_backward(&problem, dropped, d_output.view());
        for set in Instructions::available() {
            let what = format!("{}, {set:?}", case.name);
            let scratch = &mut Scratch::new();
            if let Some(dropped) = dropped {
                let output = attention_dropped_with(set, &problem, dropped, scratch);
                close(output.view(), expected_output.view(), 1e-5, &what);
            }
            let got = attention_backward_with(set, &problem, dropped, d_output.view(), scratch);
            let AttentionGradient { query, key, value, bias } = got;
            close(query.view(), expected.query.view(), 2e-5, &what);
            close(key.view(), expected.key.view(), 2e-5, &what);
            close(value.view(), expected.value.view(), 2e-5, &what);
            assert_eq!(bias.is_some(), expected.bias.is_some(), "{what}");
            if let (Some(bias), Some(expected)) = (bias, &expected.bias) {
                close(bias.view(), expected.view(), 2e-5, &what);
            }
        }
    }
}

#[test]
fn a_text_has_the_same_gradients_alone_and_among_others() {
    let batch = Ragged::from_lengths([30, 70, 5]);
    let (query, key, value) = (rows(105, 8, 1), rows(105, 8, 2), rows(105, 8, 3));
    let (d_output, set) = (rows(105, 8, 4), Instructions::best());
    let mask = Mask::causal();
    let all = Attention::new(query.view(), key.view(), value.view(), &batch, 2).mask(&mask);
    let all = attention_backward_with(set, &all, None, d_output.view(), &mut Scratch::new());
    let (middle, alone) = (s![30..100, ..], Ragged::single(70));
    let [q, k, v] = [&query, &key, &value].map(|rows| rows.slice(middle));
    let one = Attention::new(q, k, v, &alone, 2).mask(&mask);
    let d_middle = d_output.slice(middle);
    let one = attention_backward_with(set, &one, None, d_middle, &mut Scratch::new());
    for (all, one) in [(&all.query, &one.query), (&all.key, &one.key), (&all.value, &one.value)] {
        assert_eq!(bits(&all.slice(middle).to_owned()), bits(one));
    }
}

/// What is masked may hold anything, in keys, values and in the queries that see nothing.
#[test]
fn what_is_masked_takes_no_part() {
    let batch = Ragged::single(20);
    let mask = Mask::custom(|place| place.key < 15 && place.query > 0);
    let (mut query, mut key, mut value) = (rows(20, 4, 1), rows(20, 4, 2), rows(20, 4, 3));
    let d_output = rows(20, 4, 4);
    query.row_mut(0).fill(f32::NAN);
    key.slice_mut(s![15.., ..]).fill(f32::NAN);
    value.slice_mut(s![15.., ..]).fill(f32::INFINITY);
    let problem = Attention::new(query.view(), key.view(), value.view(), &batch, 2).mask(&mask);
    for set in Instructions::available() {
        let got =
            attention_backward_with(set, &problem, None, d_output.view(), &mut Scratch::new());
        let expected = reference::attention_backward(&problem, None, d_output.view());
        for (got, expected) in [
            (&got.query, &expected.query),
            (&got.key, &expected.key),
            (&got.value, &expected.value),
        ] {
            close(got.view(), expected.view(), 2e-5, &format!("{set:?}"));
        }
    }
}

/// And changes no bit of what is dropped and averaged.
#[test]
fn what_nobody_sees_changes_no_bit_of_the_forward_pass_of_training() {
    let batch = Ragged::single(20);
    let mask = Mask::custom(|place| place.key < 15 && place.query > 0);
    let keys: Vec<u64> = (0..20).collect();
    let dropped = DroppedWeights { dropping: Dropping::new(0.3), keys: &keys };
    for set in Instructions::available() {
        let output = |held: f32| {
            let (mut query, mut key, mut value) = (rows(20, 4, 1), rows(20, 4, 2), rows(20, 4, 3));
            query.row_mut(0).fill(held);
            key.slice_mut(s![15.., ..]).fill(held);
            value.slice_mut(s![15.., ..]).fill(held);
            let problem = Attention::new(query.view(), key.view(), value.view(), &batch, 2);
            attention_dropped_with(set, &problem.mask(&mask), dropped, &mut Scratch::new())
        };
        assert_eq!(bits(&output(f32::NAN)), bits(&output(0.0)), "{set:?}");
    }
}
