//! A plain rotary position embedding, right, or wrong in one way.

use lt_core::{Mask, Ragged, Result};
use lt_laws::Batch;
use lt_laws::attention::Inputs;
use ndarray::{Array2, ArrayView2};

use crate::plain::{self, Flaw};

/// What a rotation can get wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Twist {
    None,
    /// Both columns of a pair get a plus.
    SameSign,
    /// Positions begin with 1.
    CountsFromOne,
    /// Positions count through the batch.
    CountsThrough,
    /// Pairs of neighbours with the angles of pairs of halves: `cat(angles, angles)`.
    MixesLayouts,
    /// Sines of the position are added, as in an embedding.
    Adds,
}

/// Each row turned by the angles of its position; by the opposite ones if `direction` is −1.
pub(crate) fn turned(
    twist: Twist,
    direction: f32,
    rows: ArrayView2<'_, f32>,
    batch: &Ragged,
) -> Array2<f32> {
    let (k, half) = (rows.ncols(), rows.ncols() / 2);
    let mut turned = rows.to_owned();
    for range in batch.ranges() {
        for (position, row) in range.enumerate() {
            let position = match twist {
                Twist::CountsFromOne => position + 1,
                Twist::CountsThrough => row,
                _ => position,
            };
            let angle =
                |i: usize| direction * position as f32 / 100_f32.powf((2 * i) as f32 / k as f32);
            for i in 0..half {
                let (first, second) = match twist {
                    Twist::MixesLayouts => (2 * i, 2 * i + 1),
                    _ => (i, i + half),
                };
                let (a, b) = (rows[[row, first]], rows[[row, second]]);
                let (x, y) = (angle(first % half), angle(second % half));
                (turned[[row, first]], turned[[row, second]]) = match twist {
                    Twist::Adds => (a + x.sin(), b + y.cos()),
                    Twist::SameSign => (a * x.cos() + b * x.sin(), b * y.cos() + a * y.sin()),
                    _ => (a * x.cos() - b * x.sin(), b * y.cos() + a * y.sin()),
                };
            }
        }
    }
    turned
}

pub(crate) fn turns(twist: Twist) -> impl Fn(ArrayView2<'_, f32>, &Ragged) -> Array2<f32> {
    move |rows, batch| turned(twist, 1.0, rows, batch)
}

/// Attention of rows that were turned.
pub(crate) fn turned_attention(batch: Batch<'_>) -> Result<Array2<f32>> {
    let Batch { rows, sequences, mask } = batch;
    let turned = turned(Twist::None, 1.0, rows, sequences);
    let (query, key) = (turned.view(), turned.view());
    let (queries, keys) = (sequences, sequences);
    plain::attention(Flaw::None, Inputs { query, key, value: rows, queries, keys, mask })
}

/// An encoder layer under a mask that is made of a reach and the mask of the batch.
pub(crate) fn windowed(
    mask: impl Fn(usize, &Mask) -> Mask,
) -> impl Fn(Batch<'_>, usize) -> Result<Array2<f32>> {
    move |batch, reach| {
        plain::encoder(Flaw::None, Batch { mask: &mask(reach, batch.mask), ..batch })
    }
}

/// As a window should be.
pub(crate) fn both_ways(reach: usize, mask: &Mask) -> Mask {
    Mask::window(reach, reach) & mask.clone()
}
