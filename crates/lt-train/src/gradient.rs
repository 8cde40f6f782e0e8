//! Gradients of a whole model: their sum, their size, and where they stopped being numbers.

use std::sync::{Mutex, PoisonError};

use lt_core::{Params, Path, Threads, Values, Weight, weights};

use crate::{Result, TrainError};

/// How many numbers are squared and summed in one go: fixed, so that no sum depends on threads.
const PIECE: usize = 1 << 16;

/// Sums that the compiler can carry side by side, in a fixed order.
const LANES: usize = 8;

/// Adds a gradient to another of the same model: parameter by parameter, number by number.
///
/// # Errors
/// [`TrainError::OtherModel`] if they are not of the same model; what was added by then stays.
pub fn add<M: Params>(sum: &mut M, gradient: &M) -> Result<()> {
    let mut parts = weights(gradient).into_iter();
    let mut result = Ok(());
    sum.visit_mut(&mut Path::new(), &mut |name, weight| {
        let found = parts.next().map(|(_, found)| found);
        match found {
            Some(found) if found.shape() == weight.shape() => weight.add_weight(found),
            _ => {
                let (name, expected) = (name.to_owned(), weight.shape().to_vec());
                let got = found.map_or_else(Vec::new, |found| found.shape().to_vec());
                result = Err(TrainError::OtherModel { name, expected, got });
            }
        }
    });
    result
}

/// The numbers of a gradient from `at` on, as many as `buffer` is long: where they lie, or
/// written into `buffer`.
pub(crate) fn piece<'a>(gradient: &'a Weight, at: usize, buffer: &'a mut [f32]) -> &'a [f32] {
    match gradient.values() {
        Values::F32(values) => &values[at..at + buffer.len()],
        Values::Zeros => {
            buffer.fill(0.0);
            buffer
        }
        Values::Rows(rows) => {
            buffer.fill(0.0);
            let (width, end) = (rows.columns().max(1), at + buffer.len());
            for (row, values) in
                rows.iter().filter(|(row, _)| (at / width..=end / width).contains(row))
            {
                let start = row * width;
                let (from, to) = (start.max(at), (start + width).min(end));
                if from < to {
                    buffer[from - at..to - at].copy_from_slice(&values[from - start..to - start]);
                }
            }
            buffer
        }
        _ => &gradient.f32()[at..at + buffer.len()],
    }
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
