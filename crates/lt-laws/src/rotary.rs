//! Laws of rotary positions: each row of queries and keys is turned by an angle that grows with
//! its position.
//!
//! The closure takes rows `[tokens, width]` of one head and where the sequences begin, and returns
//! the rows turned.

use lt_core::Ragged;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use proptest::prelude::*;

use crate::rows::{close, largest, shaped, shown, within};
use crate::strategies::{batch_of_rows, length, numbers};
use crate::{IntoRows, Law};

/// The laws of this module.
pub const LAWS: [&Law; 5] = [
    &ONLY_THE_DISTANCE_COUNTS,
    &POSITIONS_ARE_TOLD_APART,
    &LENGTHS_ARE_KEPT,
    &THE_FIRST_POSITION_IS_NOT_TURNED,
    &TURNING_BACK_UNDOES,
];

/// The laws that need nothing but the rotation; [`turning_back_undoes`] needs its inverse.
///
/// # Panics
/// If one of them is broken.
#[track_caller]
pub fn all<R: IntoRows>(width: usize, rotate: impl Fn(ArrayView2<'_, f32>, &Ragged) -> R) {
    only_the_distance_counts(width, &rotate);
    positions_are_told_apart(width, &rotate);
    lengths_are_kept(width, &rotate);
    the_first_position_is_not_turned(width, &rotate);
}

/// See [`only_the_distance_counts`].
pub const ONLY_THE_DISTANCE_COUNTS: Law = Law {
    name: "a score after rotation depends on the distance alone",
    statement: "(Rᵢ·q)·(Rⱼ·k) = (Rᵢ₊ₙ·q)·(Rⱼ₊ₙ·k)",
    tolerance: "1e-4 · |q| · |k|: angles of up to 270 are rounded to f32",
};

/// The product of a query at one position with a key at another is that of the same two moved on
/// together.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn only_the_distance_counts<R: IntoRows>(
    width: usize,
    rotate: impl Fn(ArrayView2<'_, f32>, &Ragged) -> R,
) {
    let cases =
        (length(2), numbers()).prop_map(move |(length, numbers)| (length, numbers.rows(2, width)));
    ONLY_THE_DISTANCE_COUNTS.hold(&cases, |(length, query_and_key)| {
        let everywhere = |row: ArrayView1<'_, f32>| -> Result<Array2<f32>, String> {
            let rows = row.insert_axis(Axis(0));
            let rows = rows.broadcast((length, width)).ok_or("one row")?.to_owned();
            shaped(rotate(rows.view(), &Ragged::single(length)), length, width)
        };
        let (query, key) = (everywhere(query_and_key.row(0))?, everywhere(query_and_key.row(1))?);
        let size = |row| dot(row, row).sqrt();
        let tolerance = 1e-4 * size(query_and_key.row(0)) * size(query_and_key.row(1));
        for i in 1..length {
            for j in 1..length {
                let n = i.min(j);
                // formula: rotary
                let here = dot(query.row(i), key.row(j));
                let there = dot(query.row(i - n), key.row(j - n));
                if !within(here, there, tolerance) {
                    let (first, second) = (i - n, j - n);
                    return Err(format!(
                        "the score of positions {i} and {j} is {here}, of {first} and {second} {there}"
                    ));
                }
            }
        }
        Ok(())
    });
}

/// See [`positions_are_told_apart`].
pub const POSITIONS_ARE_TOLD_APART: Law = Law {
    name: "the same row at two positions comes out as two",
    statement: "Rᵢ·x ≠ Rⱼ·x for i ≠ j, where no number of x is 0",
    tolerance: "none: that something was turned shows in some bit",
};

/// One row, at all positions of a text, becomes as many different ones: without this, doing
/// nothing at all would obey the other laws.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn positions_are_told_apart<R: IntoRows>(
    width: usize,
    rotate: impl Fn(ArrayView2<'_, f32>, &Ragged) -> R,
) {
    let row = proptest::collection::vec(0.5_f32..2.0, width);
    POSITIONS_ARE_TOLD_APART.hold(&(row, 2..=7_usize), |(row, tokens)| {
        let rows = Array2::from_shape_fn((tokens, width), |(_, column)| row[column]);
        let turned = shaped(rotate(rows.view(), &Ragged::single(tokens)), tokens, width)?;
        for (i, j) in (0..tokens).flat_map(|j| (0..j).map(move |i| (i, j))) {
            if turned.row(i) == turned.row(j) {
                let got = shown(turned.row(i));
                return Err(format!("positions {i} and {j} both give {got}"));
            }
        }
        Ok(())
    });
}

/// See [`lengths_are_kept`].
pub const LENGTHS_ARE_KEPT: Law = Law {
    name: "a rotation keeps the length of a vector",
    statement: "|Rᵢ·x| = |x|",
    tolerance: "1e-5 of the length: cos² + sin² is 1 but for rounding",
};

/// A row that was turned is as long as it was.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn lengths_are_kept<R: IntoRows>(
    width: usize,
    rotate: impl Fn(ArrayView2<'_, f32>, &Ragged) -> R,
) {
    LENGTHS_ARE_KEPT.hold(&batch_of_rows(width), |(batch, rows)| {
        let turned = shaped(rotate(rows.view(), &batch), rows.nrows(), width)?;
        for (i, (before, after)) in rows.outer_iter().zip(turned.outer_iter()).enumerate() {
            let (before, after) = (dot(before, before).sqrt(), dot(after, after).sqrt());
            if !within(after, before, 1e-5 * before) {
                return Err(format!("row {i} was {before} long, and is {after}"));
            }
        }
        Ok(())
    });
}

/// See [`the_first_position_is_not_turned`].
pub const THE_FIRST_POSITION_IS_NOT_TURNED: Law = Law {
    name: "the first position of each sequence is not turned",
    statement: "R₀·x = x, and positions count from the start of each sequence",
    tolerance: "none: cos 0 = 1, sin 0 = 0",
};

/// The first row of each sequence comes out as it was.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn the_first_position_is_not_turned<R: IntoRows>(
    width: usize,
    rotate: impl Fn(ArrayView2<'_, f32>, &Ragged) -> R,
) {
    THE_FIRST_POSITION_IS_NOT_TURNED.hold(&batch_of_rows(width), |(batch, rows)| {
        let turned = shaped(rotate(rows.view(), &batch), rows.nrows(), width)?;
        for (number, range) in batch.ranges().enumerate() {
            let (got, expected) = (turned.row(range.start), rows.row(range.start));
            if got != expected {
                let (got, expected) = (shown(got), shown(expected));
                return Err(format!("sequence {number} begins with {got}, expected {expected}"));
            }
        }
        Ok(())
    });
}

/// See [`turning_back_undoes`].
pub const TURNING_BACK_UNDOES: Law = Law {
    name: "turning back undoes the rotation",
    statement: "R₋ᵢ·(Rᵢ·x) = x",
    tolerance: "1e-5 of the largest input: cos² + sin² is 1 but for rounding",
};

/// The second closure gives back what the first was given.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn turning_back_undoes<R: IntoRows, S: IntoRows>(
    width: usize,
    rotate: impl Fn(ArrayView2<'_, f32>, &Ragged) -> R,
    rotate_back: impl Fn(ArrayView2<'_, f32>, &Ragged) -> S,
) {
    TURNING_BACK_UNDOES.hold(&batch_of_rows(width), |(batch, rows)| {
        let turned = shaped(rotate(rows.view(), &batch), rows.nrows(), width)?;
        let back = shaped(rotate_back(turned.view(), &batch), rows.nrows(), width)?;
        close(&back, &rows, 1e-5 * largest(rows.iter()))
    });
}

fn dot(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}
