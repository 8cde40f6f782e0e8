//! The law of layers that cannot see where sequences begin: `Linear`, norms, feed-forward.
//!
//! The closure takes rows `[n, width]` and returns as many rows, of any width.

use ndarray::{Array2, ArrayView2, s};
use proptest::prelude::*;
use proptest::sample::select;

use crate::rows::{same_bits, shaped};
use crate::strategies::{length, numbers, one};
use crate::{IntoRows, Law, Rows};

/// The laws of this module.
pub const LAWS: [&Law; 1] = [&EACH_ROW_STANDS_ALONE];

/// See [`each_row_stands_alone`].
pub const EACH_ROW_STANDS_ALONE: Law = Law {
    name: "a position-wise layer computes each row alone",
    statement: "f(X)ᵢ = f(xᵢ), whatever the other rows hold and however many there are",
    tolerance: "none: the sums of a row are the same sums in the same order",
};

/// A row comes out with the same bits alone, among other rows, and among rows of NaN:
/// `f(X)ᵢ = f(xᵢ)`.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn each_row_stands_alone<R: IntoRows>(width: usize, layer: impl Fn(ArrayView2<'_, f32>) -> R) {
    let other = select(vec![f32::NAN, f32::INFINITY, 1e30, 0.0]);
    let cases =
        (length(1), one(), numbers(), other).prop_map(move |(count, place, numbers, other)| {
            (numbers.rows(count, width), place.index(count), other)
        });
    EACH_ROW_STANDS_ALONE.hold(&cases, |(Rows(mut among), place, other)| {
        let run = |rows: &Array2<f32>| {
            let result = layer(rows.view()).into_rows()?;
            shaped(Ok::<_, String>(result.clone()), rows.nrows(), result.ncols())
        };
        let alone = run(&among.slice(s![place..=place, ..]).to_owned())?;
        same_bits("a row among others", run(&among)?.row(place), alone.row(0))?;
        for i in (0..among.nrows()).filter(|&i| i != place) {
            among.row_mut(i).fill(other);
        }
        let what = format!("a row among rows of {other}");
        same_bits(&what, run(&among)?.row(place), alone.row(0))
    });
}
