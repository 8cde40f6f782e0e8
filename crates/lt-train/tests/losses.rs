//! Losses are those of PyTorch, and their gradients are the slopes of the losses.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use lt_laws::sample::rows;
use lt_train::loss::{
    CrossEntropy, Distillation, InfoNce, Loss, Similarity, binary_cross_entropy, cosine_distance,
    squared_error,
};
use ndarray::Array2;
use serde_json::Value;

static GOLDEN: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("golden/losses.json")).unwrap());

const LABELS: [Option<u32>; 5] = [Some(2), None, Some(0), Some(6), Some(3)];

/// Compares with PyTorch, which sums in f32: relative to the largest number of each kind.
#[track_caller]
fn equals(name: &str, sum: f64, gradients: &[&Array2<f32>]) {
    let case = &GOLDEN["cases"][name];
    let expected = case["sum"].as_f64().unwrap();
    assert!(
        (sum - expected).abs() <= 2e-6 * expected.abs().max(1.0),
        "{name}: {sum}, not {expected}"
    );
    let expected = case["gradients"].as_array().unwrap();
    assert_eq!(expected.len(), gradients.len(), "{name}");
    for (expected, got) in expected.iter().zip(gradients) {
        let expected: Vec<f64> =
            expected.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        assert_eq!(expected.len(), got.len(), "{name}");
        let largest = expected.iter().fold(0.0_f64, |a, x| a.max(x.abs()));
        for (expected, &got) in expected.iter().zip(*got) {
            let error = (f64::from(got) - expected).abs();
            assert!(error <= 2e-6 * largest, "{name}: {got}, not {expected}");
        }
    }
}

/// Compares each number of a gradient with (f(x + h) − f(x − h)) / 2h.
#[track_caller]
fn is_the_slope(x: &Array2<f32>, gradient: &Array2<f32>, f: impl Fn(&Array2<f32>) -> f64) {
    let largest = gradient.iter().fold(0.0_f32, |a, g| a.max(g.abs()));
    for place in 0..x.len() {
        let index = (place / x.ncols(), place % x.ncols());
        let [above, below] = [1.0_f32, -1.0].map(|sign| {
            let mut moved = x.clone();
            moved[index] += sign * 1e-2;
            (f(&moved), f64::from(moved[index]))
        });
        let slope = (above.0 - below.0) / (above.1 - below.1);
        let got = f64::from(gradient[index]);
        assert!((slope - got).abs() <= 2e-3 * f64::from(largest), "{index:?}: {got}, not {slope}");
    }
}

/// A loss of one input, against PyTorch and against its slope.
#[track_caller]
fn holds(name: &str, x: &Array2<f32>, labels: usize, loss: impl Fn(&Array2<f32>) -> Loss) {
    let found = loss(x);
    assert_eq!(found.labels, labels, "{name}");
    equals(name, found.sum, &[&found.gradient]);
    is_the_slope(x, &found.gradient, |x| loss(x).sum);
}

#[test]
fn cross_entropy_is_pytorchs_and_its_gradient_the_slope() {
    let x = rows(5, 7, 1) * 3.0;
    let plain = CrossEntropy::new();
    holds("cross_entropy", &x, 4, |x| plain.sum(x.view(), &LABELS).unwrap());
    let smoothed = plain.smoothing(0.1).unwrap();
    holds("cross_entropy_smoothed", &x, 4, |x| smoothed.sum(x.view(), &LABELS).unwrap());
}

#[test]
fn large_logits_do_not_overflow() {
    let x = rows(5, 7, 1) * 300.0;
    let loss = CrossEntropy::new().sum(x.view(), &LABELS).unwrap();
    equals("cross_entropy_large", loss.sum, &[&loss.gradient]);
}

#[test]
fn a_logit_that_is_no_number_shows() {
    let mut x = rows(2, 3, 1);
    x[[0, 2]] = f32::NAN;
    let loss = CrossEntropy::new().sum(x.view(), &[0_u32, 1]).unwrap();
    assert!(loss.sum.is_nan());
}

#[test]
fn rows_without_a_label_have_no_gradient() {
    let x = rows(5, 7, 1);
    let loss = CrossEntropy::new().sum(x.view(), &LABELS).unwrap();
    assert!(loss.gradient.row(1).iter().all(|&g| g == 0.0));
    let none: [Option<u32>; 5] = [None; 5];
    let loss = CrossEntropy::new().sum(x.view(), &none).unwrap();
    assert_eq!((loss.sum, loss.labels), (0.0, 0));
}

#[test]
fn a_label_that_is_no_column_is_refused_by_name() {
    let error = CrossEntropy::new().sum(rows(2, 3, 1).view(), &[0_u32, 3]).unwrap_err();
    assert!(error.to_string().contains("label 3 at row 1"), "{error}");
    assert!(CrossEntropy::new().sum(rows(2, 3, 1).view(), &[0_u32]).is_err());
    assert!(CrossEntropy::new().smoothing(1.5).is_err());
}

#[test]
fn binary_cross_entropy_is_pytorchs_and_its_gradient_the_slope() {
    let y = rows(4, 3, 3).mapv(|y| if y > 0.0 { 1.0 } else { 0.0 });
    holds("binary_cross_entropy", &(rows(4, 3, 2) * 5.0), 12, |x| {
        binary_cross_entropy(x.view(), y.view()).unwrap()
    });
}

#[test]
fn squared_error_is_pytorchs_and_its_gradient_the_slope() {
    let y = rows(4, 3, 5);
    holds("squared_error", &rows(4, 3, 4), 12, |x| squared_error(x.view(), y.view()).unwrap());
}

#[test]
fn distillation_is_pytorchs_and_its_gradient_the_slope() {
    let teacher = rows(4, 5, 7) * 4.0;
    let distillation = Distillation::new(2.5).unwrap();
    holds("distillation", &(rows(4, 5, 6) * 4.0), 4, |x| {
        distillation.sum(x.view(), teacher.view()).unwrap()
    });
    assert!(Distillation::new(0.0).is_err());
}

#[test]
fn cosine_distance_is_pytorchs_and_its_gradient_the_slope() {
    let y = rows(4, 5, 9);
    holds("cosine_distance", &rows(4, 5, 8), 4, |x| cosine_distance(x.view(), y.view()).unwrap());
}

#[test]
fn a_vector_of_zeros_has_a_loss_and_no_gradient() {
    let zeros = Array2::zeros((1, 3));
    let loss = cosine_distance(zeros.view(), rows(1, 3, 1).view()).unwrap();
    assert_eq!((loss.sum, loss.gradient), (1.0, zeros));
}

#[test]
fn info_nce_is_pytorchs_and_its_gradients_are_the_slopes() {
    let (q, d) = (rows(3, 6, 10), rows(5, 6, 11));
    for (name, similarity) in
        [("info_nce_cosine", Similarity::Cosine), ("info_nce_dot", Similarity::Dot)]
    {
        let loss = InfoNce::new(0.05).unwrap().similarity(similarity);
        let found = loss.sum(q.view(), d.view()).unwrap();
        assert_eq!(found.labels, 3);
        equals(name, found.sum, &[&found.d_queries, &found.d_documents]);
        // At the temperature 1 it is smooth enough for finite differences.
        let loss = InfoNce::new(1.0).unwrap().similarity(similarity);
        let found = loss.sum(q.view(), d.view()).unwrap();
        is_the_slope(&q, &found.d_queries, |q| loss.sum(q.view(), d.view()).unwrap().sum);
        is_the_slope(&d, &found.d_documents, |d| loss.sum(q.view(), d.view()).unwrap().sum);
    }
    assert!(InfoNce::new(0.05).unwrap().sum(d.view(), q.view()).is_err());
}
