//! Laws of layer normalisation: `yᵢ = (xᵢ − μ) / √(σ² + ε)`, row by row, before gain and bias.
//!
//! The closure takes rows `[n, d]` and ε, with gain 1 and bias 0.

use ndarray::{ArrayView1, ArrayView2};
use proptest::prelude::*;
use proptest::sample::select;

use crate::rows::{shaped, shown, within};
use crate::strategies::numbers;
use crate::{IntoRows, Law, Rows, Verdict};

/// The laws of this module.
pub const LAWS: [&Law; 4] =
    [&MEAN_IS_ZERO, &VARIANCE_IS_ONE, &A_SHIFT_CHANGES_NOTHING, &A_SCALE_CHANGES_NOTHING];

/// All the laws of layer normalisation.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    mean_is_zero(&norm);
    variance_is_one(&norm);
    a_shift_changes_nothing(&norm);
    a_scale_changes_nothing(&norm);
}

/// See [`mean_is_zero`].
pub const MEAN_IS_ZERO: Law = Law {
    name: "layer norm has mean 0",
    statement: "Σⱼ yᵢⱼ / d = 0 before gain and bias",
    tolerance: "1e-6 · max|x| / √(σ² + ε) + 1e-6: what rounding μ leaves behind",
};

/// Each row has mean 0 before gain and bias.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn mean_is_zero<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    MEAN_IS_ZERO.hold(&(rows(), epsilon()), |(rows, epsilon)| {
        let result = shaped(norm(rows.view(), epsilon), rows.nrows(), rows.ncols())?;
        for (i, (row, result)) in rows.outer_iter().zip(result.outer_iter()).enumerate() {
            let mean = Moments::of(result).mean;
            if !within(mean, 0.0, 1e-6 + 1e-6 * steepness(row, epsilon)) {
                return Err(format!("row {i} has mean {mean}: {}", shown(result)));
            }
        }
        Ok(())
    });
}

/// See [`variance_is_one`].
pub const VARIANCE_IS_ONE: Law = Law {
    name: "layer norm has variance 1 but for epsilon",
    statement: "Σⱼ (yᵢⱼ − ȳᵢ)² / d = σ² / (σ² + ε), with σ² of the row, divided by d",
    tolerance: "1e-5 + 1e-6 · max|x| / √(σ² + ε)",
};

/// Each row has variance `σ² / (σ² + ε)` before gain and bias: 1 as ε → 0. The variance σ² of the
/// row divides by `d`, not by `d − 1`, and ε stands under the root.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn variance_is_one<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    VARIANCE_IS_ONE.hold(&(rows(), epsilon()), |(rows, epsilon)| {
        let result = shaped(norm(rows.view(), epsilon), rows.nrows(), rows.ncols())?;
        for (i, (row, result)) in rows.outer_iter().zip(result.outer_iter()).enumerate() {
            let (before, after) = (Moments::of(row).variance, Moments::of(result).variance);
            let expected = before / (before + f64::from(epsilon));
            if !within(after, expected, 1e-5 + 1e-6 * steepness(row, epsilon)) {
                return Err(format!("row {i} has variance {after}, expected {expected}"));
            }
        }
        Ok(())
    });
}

/// See [`a_shift_changes_nothing`].
pub const A_SHIFT_CHANGES_NOTHING: Law = Law {
    name: "layer norm ignores a shift",
    statement: "norm(x + c) = norm(x)",
    tolerance: "1e-5 + 2e-6 · max|x + c| / √(σ² + ε): x + c and the mean are rounded",
};

/// A number added to a whole row changes nothing: `norm(x + c) = norm(x)`, for |c| ≤ 500. The
/// variance as `mean(x²) − μ²`, in one pass, does not hold it: the difference cancels.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_shift_changes_nothing<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    let cases = (rows(), (-500..=500_i16).prop_map(f32::from));
    A_SHIFT_CHANGES_NOTHING.hold(&cases, |(rows, shift)| {
        unchanged(&norm, &rows, &Rows(rows.mapv(|value| value + shift)))
    });
}

/// See [`a_scale_changes_nothing`].
pub const A_SCALE_CHANGES_NOTHING: Law = Law {
    name: "layer norm ignores a positive scale",
    statement: "norm(a·x) = norm(x) for a > 0 as ε → 0",
    tolerance: "1e-5 + 2e-6 · max|x| / √(σ² + ε), and ε = 1e-12",
};

/// A row multiplied by a number above zero is the same after normalisation, as ε → 0:
/// `norm(a·x) = norm(x)`.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_scale_changes_nothing<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    let cases = (rows(), (1..=50_i8).prop_map(|tenths| f32::from(tenths) / 10.0));
    A_SCALE_CHANGES_NOTHING.hold(&cases, |(rows, scale)| {
        unchanged(&norm, &rows, &Rows(rows.mapv(|value| value * scale)))
    });
}

/// Whether both have the same result with an ε that hardly counts.
fn unchanged<R: IntoRows>(
    norm: &impl Fn(ArrayView2<'_, f32>, f32) -> R,
    rows: &Rows,
    changed: &Rows,
) -> Verdict {
    const EPSILON: f32 = 1e-12;
    let (n, d) = rows.dim();
    let expected = shaped(norm(rows.view(), EPSILON), n, d)?;
    let got = shaped(norm(changed.view(), EPSILON), n, d)?;
    for i in 0..n {
        let steepest = steepness(rows.row(i), EPSILON).max(steepness(changed.row(i), EPSILON));
        let tolerance = 1e-5 + 2e-6 * steepest;
        let pairs = got.row(i).into_iter().zip(expected.row(i));
        if !pairs.clone().all(|(&a, &b)| within(a.into(), b.into(), tolerance)) {
            let (got, expected) = (shown(got.row(i)), shown(expected.row(i)));
            return Err(format!("row {i} becomes {got}, before {expected}"));
        }
    }
    Ok(())
}

struct Moments {
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(row: ArrayView1<'_, f32>) -> Self {
        let d = row.len() as f64;
        let mean = row.iter().map(|&value| f64::from(value)).sum::<f64>() / d;
        let squares = row.iter().map(|&value| (f64::from(value) - mean).powi(2));
        Self { mean, variance: squares.sum::<f64>() / d }
    }
}

/// How much normalisation magnifies what is rounded off: `max|x| / √(σ² + ε)`.
fn steepness(row: ArrayView1<'_, f32>, epsilon: f32) -> f64 {
    let deviation = (Moments::of(row).variance + f64::from(epsilon)).sqrt();
    f64::from(crate::rows::largest(row)) / deviation
}

fn rows() -> impl Strategy<Value = Rows> {
    (1..=4_usize, 1..=40_usize, numbers()).prop_map(|(n, d, numbers)| numbers.rows(n, d))
}

fn epsilon() -> impl Strategy<Value = f32> {
    select(vec![1e-12, 1e-5, 1e-3, 0.5])
}
