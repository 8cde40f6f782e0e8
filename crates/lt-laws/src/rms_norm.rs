//! Laws of division by the root mean square: `yᵢ = γᵢ·xᵢ / √(mean(x²) + ε)`, head by head.
//!
//! The closures take rows `[n, d]` and ε, with gain 1; or what they say.

use ndarray::{Array2, ArrayView1, ArrayView2};
use proptest::prelude::*;
use proptest::sample::select;

use crate::rows::{close, same_bits, shaped, shown, within};
use crate::strategies::numbers;
use crate::{IntoRows, Law, Rows};

/// The laws of this module.
pub const LAWS: [&Law; 5] = [
    &MEAN_SQUARE_IS_ONE,
    &DIRECTION_IS_KEPT,
    &A_SCALE_CHANGES_NOTHING,
    &ONE_IS_ADDED_TO_THE_WEIGHT,
    &HEADS_STAND_ALONE,
];

/// The laws of a norm with gain 1.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    mean_square_is_one(&norm);
    direction_is_kept(&norm);
    a_scale_changes_nothing(&norm);
}

/// See [`mean_square_is_one`].
pub const MEAN_SQUARE_IS_ONE: Law = Law {
    name: "RMS norm has mean square 1 but for epsilon",
    statement: "Σⱼ yᵢⱼ² / d = m / (m + ε), with m = Σⱼ xᵢⱼ² / d",
    tolerance: "1e-5: what summing and the root round",
};

/// The squares of each row have mean `m / (m + ε)`, with m that of the row before: 1 as ε → 0. The
/// sum is divided by `d`, and ε stands under the root.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn mean_square_is_one<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    MEAN_SQUARE_IS_ONE.hold(&(rows(), epsilon()), |(rows, epsilon)| {
        let result = shaped(norm(rows.view(), epsilon), rows.nrows(), rows.ncols())?;
        for (i, (row, result)) in rows.outer_iter().zip(result.outer_iter()).enumerate() {
            let (before, after) = (mean_square(row), mean_square(result));
            let expected = before / (before + f64::from(epsilon));
            if !within(after, expected, 1e-5) {
                return Err(format!("row {i} has mean square {after}, expected {expected}"));
            }
        }
        Ok(())
    });
}

/// See [`direction_is_kept`].
pub const DIRECTION_IS_KEPT: Law = Law {
    name: "RMS norm keeps the direction of a row",
    statement: "xᵢⱼ·yᵢₖ = xᵢₖ·yᵢⱼ, and xᵢⱼ·yᵢⱼ ≥ 0: nothing is subtracted first",
    tolerance: "1e-5 · max|xᵢ|: each y is rounded",
};

/// Each row is its own multiple, by a number that is not negative: no mean is taken off.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn direction_is_kept<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    DIRECTION_IS_KEPT.hold(&(rows(), epsilon()), |(rows, epsilon)| {
        let result = shaped(norm(rows.view(), epsilon), rows.nrows(), rows.ncols())?;
        for (i, (row, result)) in rows.outer_iter().zip(result.outer_iter()).enumerate() {
            let largest = crate::rows::largest(row);
            let top = row.iter().position(|x| x.abs() == largest).unwrap_or(0);
            for (&x, &y) in row.iter().zip(result) {
                let (got, expected) = (row[top] * y, x * result[top]);
                let same = within(got.into(), expected.into(), 1e-5 * f64::from(largest));
                if !same || x * y < 0.0 {
                    return Err(format!("row {i} becomes {}", shown(result)));
                }
            }
        }
        Ok(())
    });
}

/// See [`a_scale_changes_nothing`].
pub const A_SCALE_CHANGES_NOTHING: Law = Law {
    name: "RMS norm ignores a scale but for its sign",
    statement: "norm(a·x) = sign(a)·norm(x) as ε → 0",
    tolerance: "1e-5, and ε = 1e-12",
};

/// A row multiplied by a number is the same after normalisation, but for the sign of that number,
/// as ε → 0: `norm(a·x) = sign(a)·norm(x)`.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn a_scale_changes_nothing<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    const EPSILON: f32 = 1e-12;
    let tenths = prop_oneof![1..=50_i8, -50..=-1_i8];
    let cases = (rows(), tenths.prop_map(|tenths| f32::from(tenths) / 10.0));
    A_SCALE_CHANGES_NOTHING.hold(&cases, |(rows, scale)| {
        let (n, d) = rows.dim();
        let expected = shaped(norm(rows.view(), EPSILON), n, d)? * scale.signum();
        let scaled = rows.mapv(|value| value * scale);
        close(&shaped(norm(scaled.view(), EPSILON), n, d)?, &expected, 1e-5)
    });
}

/// See [`one_is_added_to_the_weight`].
pub const ONE_IS_ADDED_TO_THE_WEIGHT: Law = Law {
    name: "a gain of one more than the weight is that gain",
    statement: "norm(x; 1 + w) = norm₊₁(x; w)",
    tolerance: "none: 1 + w is rounded once on either side",
};

/// A norm that adds one to its weight (Gemma's) has the bits of one that is given the sum.
///
/// The closures take rows and a weight as long as they are wide: the first uses it as the gain, the
/// second adds one.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn one_is_added_to_the_weight<R: IntoRows, S: IntoRows>(
    as_it_is: impl Fn(ArrayView2<'_, f32>, &[f32]) -> R,
    one_more: impl Fn(ArrayView2<'_, f32>, &[f32]) -> S,
) {
    let cases = (rows(), numbers());
    ONE_IS_ADDED_TO_THE_WEIGHT.hold(&cases, |(rows, numbers)| {
        let (n, d) = rows.dim();
        let weight: Vec<f32> = numbers.rows(1, d).iter().copied().collect();
        let sum: Vec<f32> = weight.iter().map(|weight| 1.0 + weight).collect();
        let got = shaped(one_more(rows.view(), &weight), n, d)?;
        let expected = shaped(as_it_is(rows.view(), &sum), n, d)?;
        (0..n).try_for_each(|i| same_bits(&format!("row {i}"), got.row(i), expected.row(i)))
    });
}

/// See [`heads_stand_alone`].
pub const HEADS_STAND_ALONE: Law = Law {
    name: "a norm of heads side by side computes each head alone",
    statement: "norm(X)ᵢₕ = norm(xᵢₕ) for each head h of row i",
    tolerance: "none: the same bits",
};

/// Heads that lie side by side in a row have the bits that they have as rows of their own.
///
/// The closure takes rows `[n, heads·d]` and d.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn heads_stand_alone<R: IntoRows>(norm: impl Fn(ArrayView2<'_, f32>, usize) -> R) {
    let cases = (1..=4_usize, 1..=5_usize, 1..=40_usize, numbers());
    let cases = cases.prop_map(|(n, heads, d, numbers)| (heads, numbers.rows(n, heads * d)));
    HEADS_STAND_ALONE.hold(&cases, |(heads, rows)| {
        let (n, d) = (rows.nrows(), rows.ncols() / heads);
        let got = shaped(norm(rows.view(), d), n, heads * d)?;
        let alone =
            Array2::from_shape_fn((n * heads, d), |(i, j)| rows[[i / heads, i % heads * d + j]]);
        let expected = shaped(norm(alone.view(), d), n * heads, d)?;
        for (i, expected) in expected.outer_iter().enumerate() {
            let (row, head) = (i / heads, i % heads);
            let got = got.row(row);
            let got = got.slice(ndarray::s![head * d..(head + 1) * d]);
            same_bits(&format!("head {head} of row {row}"), got, expected)?;
        }
        Ok(())
    });
}

fn mean_square(row: ArrayView1<'_, f32>) -> f64 {
    row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / row.len() as f64
}

fn rows() -> impl Strategy<Value = Rows> {
    (1..=4_usize, 1..=40_usize, numbers()).prop_map(|(n, d, numbers)| numbers.rows(n, d))
}

fn epsilon() -> impl Strategy<Value = f32> {
    select(vec![1e-12, 1e-5, 1e-3, 0.5])
}
