//! From the vectors of the tokens of one sequence to one vector (pooling, 池化).
//!
//! Each function takes rows `[t, d]`, the special tokens included, and gives `[d]`. Sums run from
//! the first token to the last. A sequence without tokens gives zeros.

use lt_config::Pooling;
use ndarray::{Array1, ArrayView2, ArrayViewMut1};

use crate::TaskError;

/// The first token, which is `[CLS]` in BERT: y = h₁.
///
/// PyTorch: sentence-transformers' `cls`.
///
/// ```
/// let tokens = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(lt_tasks::cls(tokens.view()), ndarray::array![1.0, 2.0]);
/// ```
#[must_use]
pub fn cls(tokens: ArrayView2<'_, f32>) -> Array1<f32> {
    tokens.outer_iter().next().map_or_else(|| zeros(tokens), |first| first.to_owned())
}

/// The largest of each coordinate: yⱼ = maxᵢ hᵢⱼ.
///
/// PyTorch: sentence-transformers' `max`.
///
/// ```
/// let tokens = ndarray::array![[1.0, -2.0], [3.0, -4.0]];
/// assert_eq!(lt_tasks::max(tokens.view()), ndarray::array![3.0, -2.0]);
/// ```
#[must_use]
pub fn max(tokens: ArrayView2<'_, f32>) -> Array1<f32> {
    let mut rows = tokens.outer_iter();
    let mut largest = rows.next().map_or_else(|| zeros(tokens), |first| first.to_owned());
    for row in rows {
        largest.zip_mut_with(&row, |largest, &value| {
            // Not f32::max, which would hide that a number is NaN.
            if value > *largest || value.is_nan() {
                *largest = value;
            }
        });
    }
    largest
}

/// The mean over the tokens: y = Σᵢ hᵢ / t.
///
/// PyTorch: sentence-transformers' `mean`, which counts `[CLS]` and `[SEP]` too, but no padding.
///
/// ```
/// let tokens = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(lt_tasks::mean(tokens.view()), ndarray::array![2.0, 3.0]);
/// ```
#[must_use]
pub fn mean(tokens: ArrayView2<'_, f32>) -> Array1<f32> {
    // formula: mean-pooling
    weighted(tokens, |_| 1.0) / count(tokens)
}

/// The sum over the tokens divided by the root of their number: y = Σᵢ hᵢ / √t.
///
/// PyTorch: sentence-transformers' `mean_sqrt_len_tokens`.
///
/// ```
/// let tokens = ndarray::array![[1.0], [2.0], [3.0], [4.0]];
/// assert_eq!(lt_tasks::mean_sqrt_len(tokens.view()), ndarray::array![5.0]);
/// ```
#[must_use]
pub fn mean_sqrt_len(tokens: ArrayView2<'_, f32>) -> Array1<f32> {
    weighted(tokens, |_| 1.0) / count(tokens).sqrt()
}

/// The mean weighted by position, counted from 1: y = Σᵢ i·hᵢ / Σᵢ i.
///
/// For decoders, whose later tokens have seen more. PyTorch: sentence-transformers'
/// `weightedmean`.
///
/// ```
/// let tokens = ndarray::array![[3.0], [6.0]];
/// assert_eq!(lt_tasks::weighted_mean(tokens.view()), ndarray::array![5.0]);
/// ```
#[must_use]
pub fn weighted_mean(tokens: ArrayView2<'_, f32>) -> Array1<f32> {
    let position = |row: usize| (row + 1) as f32;
    let weights = (0..tokens.nrows()).map(position).sum::<f32>();
    weighted(tokens, position) / weights.max(1.0)
}

/// The last token: y = hₜ.
///
/// PyTorch: sentence-transformers' `lasttoken`.
///
/// ```
/// let tokens = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(lt_tasks::last_token(tokens.view()), ndarray::array![3.0, 4.0]);
/// ```
#[must_use]
pub fn last_token(tokens: ArrayView2<'_, f32>) -> Array1<f32> {
    tokens.outer_iter().next_back().map_or_else(|| zeros(tokens), |last| last.to_owned())
}

/// Each of these poolings of one sequence `[t, d]`, one behind the other: `[n·d]`.
///
/// ```
/// use lt_tasks::{Pooling, pool};
/// let tokens = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
/// let vector = pool(tokens.view(), &[Pooling::Mean, Pooling::Cls])?;
/// assert_eq!(vector, ndarray::array![2.0, 3.0, 1.0, 2.0]);
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// # Errors
/// [`TaskError::Pooling`] for a pooling that is newer than this crate.
pub fn pool(tokens: ArrayView2<'_, f32>, pooling: &[Pooling]) -> Result<Array1<f32>, TaskError> {
    let mut vector = Vec::with_capacity(pooling.len() * tokens.ncols());
    for &pooling in pooling {
        vector.extend(match pooling {
            Pooling::Cls => cls(tokens),
            Pooling::Max => max(tokens),
            Pooling::Mean => mean(tokens),
            Pooling::MeanSqrtLen => mean_sqrt_len(tokens),
            Pooling::WeightedMean => weighted_mean(tokens),
            Pooling::LastToken => last_token(tokens),
            newer => return Err(TaskError::Pooling { name: newer.name() }),
        });
    }
    Ok(vector.into())
}

/// Scales a vector to length 1, in place: y / max(‖y‖₂, 10⁻¹²), so that zeros stay zeros.
///
/// PyTorch: `torch.nn.functional.normalize`.
///
/// ```
/// let mut vector = ndarray::array![3.0, 4.0];
/// lt_tasks::normalize(vector.view_mut());
/// assert_eq!(vector, ndarray::array![0.6, 0.8]);
/// ```
pub fn normalize(mut vector: ArrayViewMut1<'_, f32>) {
    let squares = vector.iter().fold(0.0_f32, |sum, value| sum + value * value);
    let length = squares.sqrt().max(1e-12);
    // formula: cosine
    vector.mapv_inplace(|value| value / length);
}

/// Σᵢ wᵢ·hᵢ, from the first token to the last.
fn weighted(tokens: ArrayView2<'_, f32>, weight: impl Fn(usize) -> f32) -> Array1<f32> {
    let mut sum = zeros(tokens);
    for (row, token) in tokens.outer_iter().enumerate() {
        sum.scaled_add(weight(row), &token);
    }
    sum
}

/// How many tokens there are, to divide by: at least 1.
fn count(tokens: ArrayView2<'_, f32>) -> f32 {
    tokens.nrows().max(1) as f32
}

fn zeros(tokens: ArrayView2<'_, f32>) -> Array1<f32> {
    Array1::zeros(tokens.ncols())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    const ALL: [Pooling; 6] = [
        Pooling::Cls,
        Pooling::Max,
        Pooling::Mean,
        Pooling::MeanSqrtLen,
        Pooling::WeightedMean,
        Pooling::LastToken,
    ];

    #[test]
    fn every_pooling_of_one_token_is_that_token() {
        let token = array![[0.5, -3.0, 7.0]];
        for pooling in ALL {
            let vector = pool(token.view(), &[pooling]).unwrap();
            assert_eq!(vector, array![0.5, -3.0, 7.0], "{pooling:?}");
        }
    }

    #[test]
    fn no_tokens_are_zeros_and_not_nan() {
        let vector = pool(Array2::zeros((0, 2)).view(), &ALL).unwrap();
        assert_eq!(vector, Array1::<f32>::zeros(12));
    }

    #[test]
    fn poolings_of_three_tokens_are_what_the_formulas_say() {
        let tokens = array![[1.0, -1.0], [2.0, -2.0], [9.0, -9.0]];
        let vector = pool(tokens.view(), &ALL).unwrap();
        let root = 12.0 / 3.0_f32.sqrt();
        let weighted = (1.0 + 2.0 * 2.0 + 3.0 * 9.0) / 6.0;
        assert_eq!(
            vector.to_vec(),
            [1.0, -1.0, 9.0, -1.0, 4.0, -4.0, root, -root, weighted, -weighted, 9.0, -9.0]
        );
    }

    #[test]
    fn a_maximum_does_not_hide_nan() {
        let vector = max(array![[1.0], [f32::NAN], [2.0]].view());
        assert!(vector[0].is_nan());
    }

    #[test]
    fn a_vector_of_zeros_stays_one() {
        let mut zeros = array![0.0, 0.0];
        normalize(zeros.view_mut());
        assert_eq!(zeros, array![0.0, 0.0]);
    }
}
