//! Laws of softmax: `pᵢⱼ = exp(xᵢⱼ) / Σₖ exp(xᵢₖ)`, row by row.
//!
//! The closure takes scores `[n, d]` and returns probabilities of the same shape. A score of −∞
//! is one that must not be looked at.

use ndarray::{ArrayView2, s};
use proptest::prelude::*;

use crate::rows::{close, shaped, shown, within};
use crate::strategies::{numbers, one, width};
use crate::{IntoRows, Law, Rows, Verdict};

/// The laws of this module.
pub const LAWS: [&Law; 5] = [
    &ROWS_SUM_TO_ONE,
    &A_SHIFT_CHANGES_NOTHING,
    &RATIOS_ARE_EXPONENTIALS,
    &LARGE_SCORES_SURVIVE,
    &NOTHING_ALLOWED_GIVES_ZEROS,
];

/// All the laws of softmax.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all<R: IntoRows>(softmax: impl Fn(ArrayView2<'_, f32>) -> R) {
    rows_sum_to_one(&softmax);
    a_shift_changes_nothing(&softmax);
    ratios_are_exponentials(&softmax);
    large_scores_survive(&softmax);
    nothing_allowed_gives_zeros(&softmax);
}

/// See [`rows_sum_to_one`].
pub const ROWS_SUM_TO_ONE: Law = Law {
    name: "softmax rows sum to one",
    statement: "0 ≤ pᵢⱼ ≤ 1 and Σⱼ pᵢⱼ = 1; pᵢⱼ = 0 where xᵢⱼ = −∞",
    tolerance: "1e-5: a sum of 20 rounded numbers",
};

/// Each row lies in \[0, 1\] and sums to one: `0 ≤ pᵢⱼ ≤ 1`, `Σⱼ pᵢⱼ = 1` within 1e-5 (twenty
/// roundings). Where the score is −∞ the probability is exactly 0.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn rows_sum_to_one<R: IntoRows>(softmax: impl Fn(ArrayView2<'_, f32>) -> R) {
    let cases = (scores(), prop::bool::ANY).prop_map(|(Rows(mut scores), hide)| {
        // Never the first of a row: a row of nothing has a law of its own.
        for score in scores.slice_mut(s![.., 1..]) {
            if hide && *score < -2.0 {
                *score = f32::NEG_INFINITY;
            }
        }
        Rows(scores)
    });
    ROWS_SUM_TO_ONE.hold(&cases, |scores| {
        let probabilities = shaped(softmax(scores.view()), scores.nrows(), scores.ncols())?;
        sums_to_one(probabilities.view())?;
        for ((place, &score), &p) in scores.indexed_iter().zip(&probabilities) {
            if score == f32::NEG_INFINITY && p != 0.0 {
                return Err(format!("the probability at {place:?} is {p}, expected 0"));
            }
        }
        Ok(())
    });
}

/// See [`a_shift_changes_nothing`].
pub const A_SHIFT_CHANGES_NOTHING: Law = Law {
    name: "softmax ignores a shift",
    statement: "softmax(x + c) = softmax(x)",
    tolerance: "2e-5: x + c is rounded where |x + c| is about 100",
};

/// A number added to all scores changes nothing: `softmax(x + c) = softmax(x)`, within 2e-5
/// because `x + c` is rounded.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_shift_changes_nothing<R: IntoRows>(softmax: impl Fn(ArrayView2<'_, f32>) -> R) {
    let cases = (scores(), (-100..=100_i8).prop_map(f32::from));
    A_SHIFT_CHANGES_NOTHING.hold(&cases, |(scores, shift)| {
        let shifted = scores.mapv(|score| score + shift);
        let expected = shaped(softmax(scores.view()), scores.nrows(), scores.ncols())?;
        let got = shaped(softmax(shifted.view()), scores.nrows(), scores.ncols())?;
        close(&got, &expected, 2e-5)
    });
}

/// See [`ratios_are_exponentials`].
pub const RATIOS_ARE_EXPONENTIALS: Law = Law {
    name: "softmax ratios are exponentials of differences",
    statement: "pᵢⱼ = pᵢₖ · exp(xᵢⱼ − xᵢₖ)",
    tolerance: "1e-5 of the value: two exponentials and two divisions are rounded",
};

/// Two probabilities of a row differ by the exponential of the difference of their scores:
/// `pᵢⱼ = pᵢₖ · exp(xᵢⱼ − xᵢₖ)`, within 1e-5 of the value. With
/// [`rows_sum_to_one`] this is all that softmax is.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn ratios_are_exponentials<R: IntoRows>(softmax: impl Fn(ArrayView2<'_, f32>) -> R) {
    RATIOS_ARE_EXPONENTIALS.hold(&scores(), |scores| {
        let result = shaped(softmax(scores.view()), scores.nrows(), scores.ncols())?;
        for (i, (scores, result)) in scores.outer_iter().zip(result.outer_iter()).enumerate() {
            for j in 1..scores.len() {
                let ratio = f64::from(scores[j] - scores[0]).exp();
                let (got, expected) = (f64::from(result[j]), f64::from(result[0]) * ratio);
                if !within(got, expected, 1e-5 * expected) {
                    return Err(format!("row {i}: p{j} is {got}, expected {expected}"));
                }
            }
        }
        Ok(())
    });
}

/// See [`large_scores_survive`].
pub const LARGE_SCORES_SURVIVE: Law = Law {
    name: "softmax survives large scores",
    statement: "for |x| ≤ 10⁴: rows sum to 1, pᵢⱼ = pᵢₖ · exp(xᵢⱼ − xᵢₖ) for the largest xᵢₖ, \
                and pᵢⱼ = 0 where xᵢⱼ is 200 below it",
    tolerance: "1e-5, as for ordinary scores; exp(−200) is 0 in f32",
};

/// Scores of ±10⁴ neither overflow nor vanish: rows sum to one, 9999 beside 10⁴ still gets `1/e` of
/// its share, and what is 200 or more below the largest of its row gets exactly 0, because
/// `exp(−200)` is below the smallest f32.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn large_scores_survive<R: IntoRows>(softmax: impl Fn(ArrayView2<'_, f32>) -> R) {
    let cases =
        (1..=4_usize, width(), numbers()).prop_map(|(n, d, numbers)| numbers.extreme_rows(n, d));
    LARGE_SCORES_SURVIVE.hold(&cases, |scores| {
        let result = shaped(softmax(scores.view()), scores.nrows(), scores.ncols())?;
        sums_to_one(result.view())?;
        for (i, (scores, result)) in scores.outer_iter().zip(result.outer_iter()).enumerate() {
            let (top, most) = scores.iter().zip(&result).map(|(&score, &p)| (score, p)).fold(
                (f32::NEG_INFINITY, 0.0),
                |top, next| if next.0 > top.0 { next } else { top },
            );
            for (j, (&score, &p)) in scores.iter().zip(&result).enumerate() {
                if score <= top - 200.0 && p != 0.0 {
                    return Err(format!("row {i}: p{j} is {p}, expected 0"));
                }
                let expected = f64::from(most) * f64::from(score - top).exp();
                if !within(p.into(), expected, 1e-5) {
                    return Err(format!("row {i}: p{j} is {p}, expected {expected}"));
                }
            }
        }
        Ok(())
    });
}

/// See [`nothing_allowed_gives_zeros`].
pub const NOTHING_ALLOWED_GIVES_ZEROS: Law = Law {
    name: "softmax of nothing allowed is zeros",
    statement: "xᵢⱼ = −∞ for all j ⇒ pᵢⱼ = 0 for all j, and other rows do not notice",
    tolerance: "none",
};

/// A row that is wholly −∞ gives zeros, not NaN (0/0), and the rows beside it sum to one (D1).
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn nothing_allowed_gives_zeros<R: IntoRows>(softmax: impl Fn(ArrayView2<'_, f32>) -> R) {
    let cases = (scores(), one()).prop_map(|(Rows(mut scores), masked)| {
        let masked = masked.index(scores.nrows());
        scores.row_mut(masked).fill(f32::NEG_INFINITY);
        (Rows(scores), masked)
    });
    NOTHING_ALLOWED_GIVES_ZEROS.hold(&cases, |(scores, masked)| {
        let result = shaped(softmax(scores.view()), scores.nrows(), scores.ncols())?;
        if !result.row(masked).iter().all(|&p| p == 0.0) {
            let got = shown(result.row(masked));
            return Err(format!("row {masked} is {got}, expected zeros"));
        }
        sums_to_one(result.slice(s![..masked, ..]))?;
        sums_to_one(result.slice(s![masked + 1.., ..]))
    });
}

fn scores() -> impl Strategy<Value = Rows> {
    (1..=4_usize, width(), numbers()).prop_map(|(n, d, numbers)| numbers.rows(n, d))
}

fn sums_to_one(probabilities: ArrayView2<'_, f32>) -> Verdict {
    for (i, row) in probabilities.outer_iter().enumerate() {
        if !row.iter().all(|p| (0.0..=1.0).contains(p)) {
            return Err(format!("row {i} leaves [0, 1]: {}", shown(row)));
        }
        let sum: f64 = row.iter().map(|&p| f64::from(p)).sum();
        if !within(sum, 1.0, 1e-5) {
            return Err(format!("row {i} sums to {sum}"));
        }
    }
    Ok(())
}
