//! Wrong implementations, made to measure.

use lt_core::{Params, Ragged, Result, Weight, params, zeros_like};
use lt_laws::attention::Inputs;
use lt_laws::gradient::Subject;
use lt_laws::{Batch, offsets, subject};
use ndarray::{Array2, ArrayView2, Axis};

use crate::plain::{self, Flaw, refusal};
use crate::toys::{Linear, Norm, Slip};

pub(crate) fn softmax_of(
    exp: fn(f32, f32) -> f32,
    total: fn(f32) -> f32,
) -> impl Fn(ArrayView2<'_, f32>) -> Array2<f32> {
    move |rows| {
        let mut rows = rows.to_owned();
        for mut row in rows.outer_iter_mut() {
            let top = row.fold(f32::NEG_INFINITY, |top, &x| top.max(x));
            row.mapv_inplace(|x| exp(x, top));
            let total = total(row.sum());
            row.mapv_inplace(|x| x / total);
        }
        rows
    }
}

pub(crate) fn flawed(flaw: Flaw) -> impl Fn(Inputs<'_>) -> Result<Array2<f32>> {
    move |inputs| plain::attention(flaw, inputs)
}

pub(crate) fn self_head(batch: Batch<'_>) -> Result<Array2<f32>> {
    let Batch { rows, sequences, mask } = batch;
    let (queries, keys) = (sequences, sequences);
    plain::attention(
        Flaw::None,
        Inputs { query: rows, key: rows, value: rows, queries, keys, mask },
    )
}

pub(crate) fn encoder(flaw: Flaw) -> impl Fn(Batch<'_>) -> Result<Array2<f32>> {
    move |batch| plain::encoder(flaw, batch)
}

pub(crate) fn mean(row: &[f32]) -> f32 {
    row.iter().sum::<f32>() / row.len() as f32
}

/// A layer norm with its own idea of the spread, from Σ(x − μ)², d and ε.
pub(crate) fn norm_of(
    spread: fn(f32, f32, f32) -> f32,
) -> impl Fn(ArrayView2<'_, f32>, f32) -> Array2<f32> {
    move |rows, epsilon| {
        plain::normalise(rows, |row| {
            let mean = mean(row);
            let squares = row.iter().map(|x| (x - mean).powi(2)).sum();
            (mean, spread(squares, row.len() as f32, epsilon))
        })
    }
}

/// A division by the root mean square with its own idea of it, from Σx², d and ε.
pub(crate) fn rms_of(
    root: fn(f32, f32, f32) -> f32,
) -> impl Fn(ArrayView2<'_, f32>, f32) -> Array2<f32> {
    move |rows, epsilon| {
        plain::normalise(rows, |row| {
            let squares = row.iter().map(|x| x * x).sum();
            (0.0, root(squares, row.len() as f32, epsilon))
        })
    }
}

/// A gain that is the weight and this much more.
pub(crate) fn with_gain(more: f32) -> impl Fn(ArrayView2<'_, f32>, &[f32]) -> Array2<f32> {
    move |rows, weight| {
        let mut rows = plain::rms_norm(rows, 1e-5);
        for mut row in rows.outer_iter_mut() {
            row.iter_mut().zip(weight).for_each(|(x, weight)| *x *= weight + more);
        }
        rows
    }
}

/// The variance as the mean of the squares less the square of the mean.
pub(crate) fn one_pass_norm(rows: ArrayView2<'_, f32>, epsilon: f32) -> Array2<f32> {
    plain::normalise(rows, |row| {
        let squares: Vec<f32> = row.iter().map(|x| x * x).collect();
        let variance = mean(&squares) - mean(row).powi(2);
        (mean(row), (variance.max(0.0) + epsilon).sqrt())
    })
}

/// The sum of each row, as so many partial sums.
pub(crate) fn sums(batch: Batch<'_>, parts: usize) -> Array2<f32> {
    let sum = |row: ndarray::ArrayView1<'_, f32>| -> f32 {
        let chunks: Vec<f32> = row.to_vec();
        chunks.chunks(row.len().div_ceil(parts)).map(|part| part.iter().sum::<f32>()).sum()
    };
    batch.rows.map_axis(Axis(1), sum).insert_axis(Axis(1))
}

pub(crate) fn counting_through(ids: &[u32], batch: &Ragged) -> Result<Array2<f32>> {
    plain::embed_and_encode(ids, batch, |_, row| row)
}

#[derive(Clone)]
pub(crate) struct Pair {
    matrix: Weight,
    vector: Weight,
}

params!(Pair { matrix, vector });

pub(crate) fn pair() -> Pair {
    Pair { matrix: Weight::zeros(&[2, 3]), vector: Weight::zeros(&[3]) }
}

pub(crate) fn each_weight(model: &Pair, save: impl Fn(&Weight) -> Result<Weight>) -> Result<Pair> {
    let mut loaded = zeros_like(model);
    let mut saved = vec![save(&model.vector)?, save(&model.matrix)?];
    loaded.visit_mut(&mut lt_core::Path::new(), &mut |_, weight| {
        if let Some(saved) = saved.pop() {
            *weight = saved;
        }
    });
    Ok(loaded)
}

/// The words of a text, counted in other units than characters.
pub(crate) fn in_units(text: &str, size: fn(char) -> usize) -> Vec<(usize, usize)> {
    let unit = |end: usize| text.chars().take(end).map(size).sum();
    plain::words(text).into_iter().map(|(from, to)| (unit(from), unit(to))).collect()
}

/// The words of a text, each with offsets that may be others than its own.
pub(crate) fn tokens(
    text: &str,
    moved: impl Fn(usize, usize) -> (usize, usize),
) -> Vec<offsets::Token> {
    let words = plain::words(text).into_iter().map(|(at, end)| {
        let (from, to) = moved(at, end);
        offsets::Token { text: text.chars().skip(at).take(end - at).collect(), from, to }
    });
    words.collect()
}

/// Attention in which each column of the values has queries, and so weights, of its own.
pub(crate) fn column_by_column(inputs: Inputs<'_>) -> Result<Array2<f32>> {
    let mut output = Array2::zeros((inputs.query.nrows(), inputs.value.ncols()));
    for column in 0..inputs.value.ncols() {
        let query = &inputs.query * column as f32;
        let own = plain::attention(Flaw::None, Inputs { query: query.view(), ..inputs })?;
        output.column_mut(column).assign(&own.column(column));
    }
    Ok(output)
}

/// Each word where it is found first.
pub(crate) fn first_alike(text: &str) -> Vec<(usize, usize)> {
    let characters: Vec<char> = text.chars().collect();
    let first = |(from, to): (usize, usize)| {
        let word = &characters[from..to];
        let at = characters.windows(word.len()).position(|window| window == word);
        at.map_or((from, to), |at| (at, at + word.len()))
    };
    plain::words(text).into_iter().map(first).collect()
}

pub(crate) fn check(fits: bool) -> Result<()> {
    if fits { Ok(()) } else { Err(refusal()) }
}

pub(crate) fn linear(layer: fn() -> Linear) -> Subject<Linear> {
    Subject {
        layer,
        ..subject! {
            Linear = Linear::new(Slip::None);
            inputs: [[4, 7]];
            input: |inputs| inputs[0].view();
            gradients: |grad| vec![grad];
            without_gradient: [];
            wrong: [[[4, 6]]];
        }
    }
}

pub(crate) fn norm(layer: fn() -> Norm) -> Subject<Norm> {
    Subject {
        layer,
        ..subject! {
            Norm = Norm::new(Slip::None);
            inputs: [[3, 6]];
            input: |inputs| inputs[0].view();
            gradients: |grad| vec![grad];
            without_gradient: [];
            wrong: [[[3, 5]]];
        }
    }
}
