//! What the laws of the reader are tried on, and an attention that is changed.

use lt_core::{Place, Ragged};
use lt_laws::attention::Inputs;
use ndarray::{Array2, ArrayView2, s};

use crate::laws::Pool;

/// Reverses a list.
pub(super) type Reverse = fn(&[u8]) -> Vec<u8>;

pub(super) const REVERSE: &[Reverse] = &[|list| list.iter().rev().copied().collect()];

pub(super) const NO_REVERSE: &[(&str, Reverse)] = &[
    ("changes nothing", |list| list.to_vec()),
    ("forgets the last number", |list| list.iter().rev().skip(1).copied().collect()),
    ("gives an empty list", |_| Vec::new()),
    ("gives zeros", |list| vec![0; list.len()]),
    ("sorts, the largest first", |list| {
        let mut sorted = list.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        sorted
    }),
    ("exchanges the first and the last alone", |list| {
        let mut exchanged = list.to_vec();
        if let [first, .., last] = &mut exchanged[..] {
            std::mem::swap(first, last);
        }
        exchanged
    }),
];

/// One number from each column of each text, and from how long the longest text is.
fn pooled(
    rows: ArrayView2<'_, f32>,
    batch: &Ragged,
    of: impl Fn(&[f32], usize) -> f32,
) -> Array2<f32> {
    let ranges: Vec<_> = batch.ranges().collect();
    Array2::from_shape_fn((batch.len(), rows.ncols()), |(text, column)| {
        of(&rows.slice(s![ranges[text].clone(), column]).to_vec(), batch.longest())
    })
}

fn mean(x: &[f32]) -> f32 {
    x.iter().sum::<f32>() / x.len() as f32
}

fn least(x: &[f32]) -> f32 {
    x.iter().copied().fold(f32::INFINITY, f32::min)
}

fn largest(x: &[f32]) -> f32 {
    x.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// From the first token to the last, and from the last to the first.
pub(super) const MEANS: &[Pool] = &[
    |rows, batch| pooled(rows, batch, |x, _| mean(x)),
    |rows, batch| pooled(rows, batch, |x, _| x.iter().rev().sum::<f32>() / x.len() as f32),
];

pub(super) const NO_MEANS: &[(&str, Pool)] = &[
    ("gives the first token", |rows, batch| pooled(rows, batch, |x, _| x[0])),
    ("gives the largest number", |rows, batch| pooled(rows, batch, |x, _| largest(x))),
    ("gives the middle between the least number and the largest", |rows, batch| {
        pooled(rows, batch, |x, _| (least(x) + largest(x)) / 2.0)
    }),
    ("gives the sum", |rows, batch| pooled(rows, batch, |x, _| x.iter().sum())),
    ("divides by the length of the longest text", |rows, batch| {
        pooled(rows, batch, |x, longest| x.iter().sum::<f32>() / longest as f32)
    }),
    ("forgets the last token of a text", |rows, batch| {
        pooled(rows, batch, |x, _| mean(&x[..(x.len() - 1).max(1)]))
    }),
    ("counts the second token twice, the third three times", |rows, batch| {
        pooled(rows, batch, |x, _| {
            let weighted = x.iter().zip(1_u8..).map(|(x, weight)| (x * f32::from(weight), weight));
            let (sum, weights) = weighted.fold((0.0, 0.0), |(sum, weights), (x, weight)| {
                (sum + x, weights + f32::from(weight))
            });
            sum / weights
        })
    }),
    ("gives each text the mean of the batch", |rows, batch| {
        Array2::from_shape_fn((batch.len(), rows.ncols()), |(_, column)| {
            mean(&rows.column(column).to_vec())
        })
    }),
];

/// Attention whose scores depend on the number of the key.
pub(super) fn favours_later_keys(inputs: Inputs<'_>) -> lt_core::Result<Array2<f32>> {
    let Inputs { query, key, value, queries, keys, mask } = inputs;
    mask.check("attention", queries, keys)?;
    let mut output = Array2::zeros((query.nrows(), value.ncols()));
    let scale = (query.ncols() as f32).sqrt().recip();
    for (sequence, (rows, columns)) in queries.ranges().zip(keys.ranges()).enumerate() {
        for (place, i) in rows.enumerate() {
            let place = |j: usize| Place { sequence, query: place, key: j - columns.start };
            let seen: Vec<usize> = columns.clone().filter(|&j| mask.allows(place(j))).collect();
            let score =
                |&j: &usize| query.row(i).dot(&key.row(j)) * scale + 0.1 * place(j).key as f32;
            let scores: Vec<f32> = seen.iter().map(score).collect();
            for (j, weight) in seen.into_iter().zip(crate::solutions::attention::weights(&scores)) {
                output.row_mut(i).scaled_add(weight, &value.row(j));
            }
        }
    }
    Ok(output)
}
