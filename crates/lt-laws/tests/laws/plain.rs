//! Plain implementations, each right, or wrong in one way that has been seen in the wild.

use lt_core::{Error, Mask, Place, Ragged, Result};
use lt_laws::Batch;
use lt_laws::attention::Inputs;
use ndarray::{Array2, ArrayView2};

/// What an attention can get wrong.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Flaw {
    None,
    /// No division by √d.
    Unscaled,
    /// Weights that sum to 2.
    CountsTwice,
    /// Later keys weigh more.
    FavoursLaterKeys,
    /// The rounding of a row depends on which row it is.
    RowsDiffer,
    /// Hidden scores are set to −10⁴ instead of being left out.
    FillsWithMinus1e4,
    /// Everything is computed, and multiplied by 0 where it is hidden.
    MultipliesByTheMask,
    /// 0/0 where there is nothing to look at.
    DividesByZero,
    /// The mask's range of keys is taken for the whole of the mask.
    TakesTheRangeForTheMask,
    /// Any mask is taken as it comes.
    DoesNotCheckTheMask,
    /// There is no mask.
    IgnoresTheMask,
    /// Sequences look at the whole batch.
    MixesSequences,
}

/// Attention, one query after another.
pub(crate) fn attention(flaw: Flaw, inputs: Inputs<'_>) -> Result<Array2<f32>> {
    let Inputs { query, key, value, queries, keys, mask } = inputs;
    if flaw != Flaw::DoesNotCheckTheMask {
        mask.check("attention", queries, keys)?;
    }
    let all = Ragged::single(keys.tokens());
    let mut output = Array2::zeros((query.nrows(), value.ncols()));
    for (sequence, rows) in queries.ranges().enumerate() {
        let range = match flaw {
            Flaw::MixesSequences => all.ranges().next(),
            _ => keys.ranges().nth(sequence),
        };
        let columns = range.unwrap_or_default();
        for i in rows.clone() {
            let allows = |j: usize| {
                let place = Place { sequence, query: i - rows.start, key: j - columns.start };
                match flaw {
                    Flaw::IgnoresTheMask => true,
                    Flaw::TakesTheRangeForTheMask => {
                        mask.keys(sequence, place.query, columns.len()).range.contains(&place.key)
                    }
                    _ => mask.allows(place),
                }
            };
            let everything = [Flaw::FillsWithMinus1e4, Flaw::MultipliesByTheMask];
            let seen: Vec<usize> =
                columns.clone().filter(|&j| everything.contains(&flaw) || allows(j)).collect();
            if seen.is_empty() && flaw != Flaw::DividesByZero {
                continue;
            }
            let scale = match flaw {
                Flaw::Unscaled => 1.0,
                Flaw::RowsDiffer => (1.0 + 1e-6 * i as f32) / (query.ncols() as f32).sqrt(),
                _ => 1.0 / (query.ncols() as f32).sqrt(),
            };
            let score = |&j: &usize| {
                let products = query.row(i).into_iter().zip(key.row(j)).map(|(q, k)| q * k);
                match flaw {
                    Flaw::FillsWithMinus1e4 if !allows(j) => -1e4,
                    Flaw::FavoursLaterKeys => scale * products.sum::<f32>() + 0.01 * j as f32,
                    _ => scale * products.sum::<f32>(),
                }
            };
            let mut weights: Vec<f32> = seen.iter().map(score).collect();
            softmax_in_place(&mut weights);
            for (weight, &j) in weights.iter_mut().zip(&seen) {
                match flaw {
                    Flaw::CountsTwice => *weight *= 2.0,
                    Flaw::MultipliesByTheMask if !allows(j) => *weight *= 0.0,
                    _ => {}
                }
            }
            for (c, output) in output.row_mut(i).iter_mut().enumerate() {
                let sum: f32 = seen.iter().zip(&weights).map(|(&j, w)| w * value[[j, c]]).sum();
                *output = if seen.is_empty() { f32::NAN } else { sum };
            }
        }
    }
    Ok(output)
}

fn softmax_in_place(scores: &mut [f32]) {
    let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if top == f32::NEG_INFINITY {
        scores.fill(0.0); // nothing is allowed
        return;
    }
    for score in scores.iter_mut() {
        *score = (*score - top).exp();
    }
    let sum: f32 = scores.iter().sum();
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

/// Softmax of each row.
pub(crate) fn softmax(rows: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut rows = rows.as_standard_layout().into_owned();
    for mut row in rows.outer_iter_mut() {
        softmax_in_place(row.as_slice_mut().expect("the layout is standard"));
    }
    rows
}

/// Layer normalisation of each row, with gain 1 and bias 0.
pub(crate) fn layer_norm(rows: ArrayView2<'_, f32>, epsilon: f32) -> Array2<f32> {
    normalise(rows, |row| {
        let mean = row.iter().sum::<f32>() / row.len() as f32;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / row.len() as f32;
        (mean, (variance + epsilon).sqrt())
    })
}

/// Each row divided by the root of the mean of its squares.
pub(crate) fn rms_norm(rows: ArrayView2<'_, f32>, epsilon: f32) -> Array2<f32> {
    normalise(rows, |row| {
        let squares = row.iter().map(|x| x * x).sum::<f32>() / row.len() as f32;
        (0.0, (squares + epsilon).sqrt())
    })
}

/// `(x − centre) / spread` of each row.
pub(crate) fn normalise(
    rows: ArrayView2<'_, f32>,
    of: impl Fn(&[f32]) -> (f32, f32),
) -> Array2<f32> {
    let mut rows = rows.to_owned();
    for mut row in rows.outer_iter_mut() {
        let (centre, spread) = of(&row.to_vec());
        row.mapv_inplace(|x| (x - centre) / spread);
    }
    rows
}

/// An encoder layer without parameters: each token, and what it sees, normalised.
pub(crate) fn encoder(flaw: Flaw, batch: Batch<'_>) -> Result<Array2<f32>> {
    let Batch { rows, sequences, mask } = batch;
    let inputs =
        Inputs { query: rows, key: rows, value: rows, queries: sequences, keys: sequences, mask };
    let sum = &rows + &attention(flaw, inputs)?;
    Ok(layer_norm(sum.view(), 1e-5))
}

/// The encoder over rows to which their position has been added.
pub(crate) fn encoder_with_positions(batch: Batch<'_>) -> Result<Array2<f32>> {
    let mut rows = batch.rows.to_owned();
    for range in batch.sequences.ranges() {
        for (position, row) in range.enumerate() {
            rows.row_mut(row).iter_mut().for_each(|x| *x *= (position as f32 + 1.0).cos());
        }
    }
    encoder(Flaw::None, Batch { rows: rows.view(), ..batch })
}

/// Each id becomes a row that depends on its position, then the encoder: a model.
pub(crate) fn model(ids: &[u32], batch: &Ragged) -> Result<Array2<f32>> {
    embed_and_encode(ids, batch, |position, _| position)
}

/// As [`model`], with a function from (position in its sequence, row in the batch) to position.
pub(crate) fn embed_and_encode(
    ids: &[u32],
    batch: &Ragged,
    position: fn(usize, usize) -> usize,
) -> Result<Array2<f32>> {
    let mut rows = Array2::zeros((ids.len(), 5));
    for range in batch.ranges() {
        for (at, row) in range.enumerate() {
            let position = position(at, row) as f32;
            for (j, x) in rows.row_mut(row).iter_mut().enumerate() {
                *x = (ids[row] as f32 * 1.7 + j as f32).sin() + (position * 0.3 + j as f32).cos();
            }
        }
    }
    encoder(Flaw::None, Batch { rows: rows.view(), sequences: batch, mask: &Mask::all() })
}

/// Where the words of a text stand, in characters.
pub(crate) fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    for (i, c) in text.chars().enumerate() {
        match words.last_mut() {
            _ if !c.is_alphanumeric() => {}
            Some((_, to)) if *to == i => *to = i + 1,
            _ => words.push((i, i + 1)),
        }
    }
    words
}

/// An error of the kind that layers return.
pub(crate) fn refusal() -> Error {
    Error::Config { at: "plain", field: "size", got: "this".into(), expected: "another".into() }
}
