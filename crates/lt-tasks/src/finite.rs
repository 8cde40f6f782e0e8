//! Whether what a model computed can be used.

use ndarray::Array2;

use crate::TaskError;

/// Refuses NaN and infinity: row i is what came out for text i.
///
/// # Errors
/// [`TaskError::Text`] with [`TaskError::NotFinite`] for the first row that holds one.
pub(crate) fn finite_rows(rows: &Array2<f32>) -> Result<(), TaskError> {
    match rows.outer_iter().position(|row| row.iter().any(|x| !x.is_finite())) {
        None => Ok(()),
        Some(number) => Err(TaskError::NotFinite.of_text(number)),
    }
}
