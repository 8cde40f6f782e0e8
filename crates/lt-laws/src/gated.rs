//! The law of gated feed-forward layers: `(activation(x·W₁ᵀ) ⊙ x·W₂ᵀ)·W₃ᵀ`.

use ndarray::ArrayView2;
use proptest::prelude::*;
use proptest::sample::select;

use crate::rows::{shaped, shown};
use crate::strategies::numbers;
use crate::{IntoRows, Law};

/// The laws of this module.
pub const LAWS: [&Law; 1] = [&UP_IS_NOT_BENT];

/// See [`up_is_not_bent`].
pub const UP_IS_NOT_BENT: Law = Law {
    name: "the activation bends the gate alone",
    statement: "f(x; W₁, c·W₂) = c·f(x; W₁, W₂) for a layer without a last bias",
    tolerance: "none: c is a power of two, or its opposite, which rounds nothing",
};

/// A gated layer is linear in what goes through the gate: its weights (and bias) times c give the
/// output times c. A layer that takes the one half of a stored `Wi` for the other is not.
///
/// The closure takes rows of this width and c, and runs a layer whose `up` was multiplied with c,
/// and whose last linear layer has no bias. The activation has to be one that bends (not ReLU).
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn up_is_not_bent<R: IntoRows>(width: usize, layer: impl Fn(ArrayView2<'_, f32>, f32) -> R) {
    let factors = select(vec![2.0_f32, 0.5, -1.0, -4.0]);
    let cases = (1..=5_usize, numbers(), factors)
        .prop_map(move |(tokens, numbers, factor)| (numbers.rows(tokens, width), factor));
    UP_IS_NOT_BENT.hold(&cases, |(rows, factor)| {
        let once = layer(rows.view(), 1.0).into_rows()?;
        let scaled = shaped(layer(rows.view(), factor), once.nrows(), once.ncols())?;
        let expected = once * factor;
        match (0..rows.nrows()).find(|&row| scaled.row(row) != expected.row(row)) {
            None => Ok(()),
            Some(row) => Err(format!(
                "row {row} is {}, expected {}",
                shown(scaled.row(row)),
                shown(expected.row(row))
            )),
        }
    });
}
