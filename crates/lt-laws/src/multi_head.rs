//! Laws of multi-head attention: `Concat(head₁, …, headₕ)·Wᴼ`, where
//! `headᵢ = attention(Q·Wᵢᵠ, K·Wᵢᴷ, V·Wᵢⱽ)`.

use std::fmt::Display;

use proptest::prelude::*;

use crate::attention::{self, Inputs};
use crate::rows::{close, largest, shaped};
use crate::strategies::{masks, numbers, ragged, width};
use crate::{Batch, IntoRows, Law};

/// The laws of this module.
pub const LAWS: [&Law; 3] =
    [&ONE_HEAD_IS_PLAIN_ATTENTION, &ONE_CROSS_HEAD_IS_PLAIN_ATTENTION, &HEADS_DIVIDE_THE_WIDTH];

/// See [`one_head_is_plain_attention`].
pub const ONE_HEAD_IS_PLAIN_ATTENTION: Law = Law {
    name: "one head with identity projections is plain attention",
    statement: "h = 1, Wᵠ = Wᴷ = Wⱽ = Wᴼ = I, b = 0 ⇒ multi-head(X) = attention(X, X, X)",
    tolerance: "4e-5 of the largest input: scores of up to 40 are rounded before exp",
};

/// One head whose projections are the identity is plain attention of the rows with themselves.
///
/// The first closure builds such a layer for the batch's width and runs it; the second runs plain
/// attention.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn one_head_is_plain_attention<R: IntoRows, P: IntoRows>(
    one_head: impl Fn(Batch<'_>) -> R,
    plain: impl Fn(Inputs<'_>) -> P,
) {
    let cases =
        (ragged(), width(), numbers(), masks()).prop_map(|(sequences, width, numbers, masks)| {
            let mask = masks.of(&sequences, &sequences);
            let rows = numbers.rows(sequences.tokens(), width);
            (sequences, rows, mask)
        });
    ONE_HEAD_IS_PLAIN_ATTENTION.hold(&cases, |(sequences, rows, mask)| {
        let batch = Batch { rows: rows.view(), sequences: &sequences, mask: &mask };
        let inputs = Inputs {
            query: rows.view(),
            key: rows.view(),
            value: rows.view(),
            queries: &sequences,
            keys: &sequences,
            mask: &mask,
        };
        let got = shaped(one_head(batch), rows.nrows(), rows.ncols())?;
        let expected = shaped(plain(inputs), rows.nrows(), rows.ncols())?;
        close(&got, &expected, 4e-5 * largest(rows.iter()))
    });
}

/// See [`one_cross_head_is_plain_attention`].
pub const ONE_CROSS_HEAD_IS_PLAIN_ATTENTION: Law = Law {
    name: "one cross-attention head with identity projections is plain attention",
    statement: "h = 1, Wᵠ = Wᴷ = Wⱽ = Wᴼ = I, b = 0 ⇒ multi-head(X, M) = attention(X, M, M)",
    tolerance: "4e-5 of the largest input: scores of up to 40 are rounded before exp",
};

/// As [`one_head_is_plain_attention`], where the keys and values are those of a memory: in the
/// inputs of the first closure `key` and `value` are the same rows.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn one_cross_head_is_plain_attention<R: IntoRows, P: IntoRows>(
    one_head: impl Fn(Inputs<'_>) -> R,
    plain: impl Fn(Inputs<'_>) -> P,
) {
    let cases = attention::cases();
    ONE_CROSS_HEAD_IS_PLAIN_ATTENTION.hold(&cases, |case| {
        let inputs = Inputs { value: case.key.view(), ..case.inputs() };
        let (t, d) = case.query.dim();
        let got = shaped(one_head(inputs), t, d)?;
        let expected = shaped(plain(inputs), t, d)?;
        close(&got, &expected, 4e-5 * largest(case.key.iter()))
    });
}

/// See [`heads_divide_the_width`].
pub const HEADS_DIVIDE_THE_WIDTH: Law = Law {
    name: "the number of heads divides the width, or is refused",
    statement: "a layer of h heads and width d can be made ⇔ h > 0 and h divides d",
    tolerance: "none",
};

/// A layer can be made exactly if the number of heads divides the width (D6). The closure makes
/// one from `(width, heads)`.
///
/// # Panics
/// If the law is broken.
#[track_caller]
pub fn heads_divide_the_width<T, E: Display>(make: impl Fn(usize, usize) -> Result<T, E>) {
    HEADS_DIVIDE_THE_WIDTH.hold(&(1..=24_usize, 0..=9_usize), |(width, heads)| {
        let divides = heads > 0 && width % heads == 0;
        match (make(width, heads), divides) {
            (Ok(_), true) | (Err(_), false) => Ok(()),
            (Ok(_), false) => Err(format!("{heads} heads of a width of {width} were accepted")),
            (Err(error), true) => Err(format!("it was refused: {error}")),
        }
    });
}
