//! Gradients of a whole model: their sum, their size, and where they stopped being numbers.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use lt_core::{Params, SparseRows, Threads, Values, Weight, add_gradients, weights};

use crate::{Result, TrainError};

/// How many numbers are squared and summed in one go: fixed, so that no sum depends on threads.
const PIECE: usize = 1 << 16;

/// Sums that the compiler can carry side by side, in a fixed order.
const LANES: usize = 8;

/// Adds a gradient to another of the same model: parameter by parameter, number by number.
///
/// # Errors
/// [`TrainError::OtherModel`] if they are not of the same model; nothing is added then.
pub fn add<M: Params>(sum: &mut M, gradient: &M) -> Result<()> {
    let found = weights(gradient);
    for (place, (name, weight)) in weights(sum).into_iter().enumerate() {
        match found.get(place) {
            Some((other, found)) if *other == name && found.shape() == weight.shape() => {}
            found => {
                let expected = weight.shape().to_vec();
                let got = found.map_or_else(Vec::new, |(_, found)| found.shape().to_vec());
                return Err(TrainError::OtherModel { name, expected, got });
            }
        }
    }
    add_gradients(sum, gradient);
    Ok(())
}

/// The numbers of a gradient in a range of places: where they lie, or written into `buffer`.
pub(crate) fn piece<'a>(
    gradient: &'a Weight,
    range: Range<usize>,
    buffer: &'a mut Vec<f32>,
) -> &'a [f32] {
    let rows = match gradient.values() {
        Values::F32(values) => return &values[range],
        Values::Zeros => None,
        Values::Rows(rows) => Some(rows),
        _ => return &gradient.f32()[range],
    };
    buffer.clear();
    buffer.resize(range.len(), 0.0);
    for (row, values) in rows.into_iter().flat_map(SparseRows::iter) {
        let start = row * values.len();
        let (from, to) = (start.max(range.start), (start + values.len()).min(range.end));
        if from < to {
            let found = &values[from - start..to - start];
            buffer[from - range.start..to - range.start].copy_from_slice(found);
        }
    }
    buffer
}

/// Σ g² of one parameter, in f64 and in a fixed order, whatever the threads.
pub(crate) fn sum_of_squares(gradient: &Weight, threads: &Threads) -> f64 {
    match gradient.values() {
        Values::Zeros => 0.0,
        Values::F32(values) => squares(values, threads),
        // Row by row: the others add nothing.
        Values::Rows(rows) => rows.iter().map(|(_, row)| squares_of_piece(row)).sum(),
        _ => squares(gradient.f32(), threads),
    }
}

fn squares(values: &[f32], threads: &Threads) -> f64 {
    let pieces: Vec<&[f32]> = values.chunks(PIECE).collect();
    let sums = Mutex::new(vec![0.0; pieces.len()]);
    threads.run(pieces.len(), &|number| {
        let sum = squares_of_piece(pieces[number]);
        sums.lock().unwrap_or_else(PoisonError::into_inner)[number] = sum;
    });
    sums.into_inner().unwrap_or_else(PoisonError::into_inner).iter().sum()
}

fn squares_of_piece(values: &[f32]) -> f64 {
    let (lanes, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0_f64; LANES];
    for lane in lanes {
        for (sum, &value) in sums.iter_mut().zip(lane) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    let rest: f64 = rest.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    sums.iter().sum::<f64>() + rest
}

/// The first parameter, in the order of the visit, with a number that is NaN or infinite.
///
/// ```
/// use lt_core::{Weight, params};
/// # use lt_train::lt_core;
/// #[derive(Clone)]
/// struct Affine { weight: Weight, bias: Weight }
/// params!(Affine { weight, bias });
/// let bias = Weight::new(&[2], vec![0.0, f32::NAN])?;
/// let broken = Affine { weight: Weight::zeros(&[2, 2]), bias };
/// assert_eq!(lt_train::gradient::first_not_finite(&broken).as_deref(), Some("bias"));
/// # Ok::<(), lt_core::Error>(())
/// ```
#[must_use]
pub fn first_not_finite(parameters: &impl Params) -> Option<String> {
    let finite = |weight: &Weight| match weight.values() {
        Values::Zeros => true,
        Values::Rows(rows) => rows.iter().all(|(_, row)| row.iter().all(|value| value.is_finite())),
        _ => weight.f32().iter().all(|value| value.is_finite()),
    };
    weights(parameters).into_iter().find(|(_, weight)| !finite(weight)).map(|(name, _)| name)
}
