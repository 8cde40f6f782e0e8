//! How often the prediction is right.

use super::error::{MetricError, check_lengths};

/// Accuracy (准确率), the part of the predictions that are right: |{i : ŷᵢ = yᵢ}| / n.
///
/// It says little where one class is far more frequent than the others: see the trap in
/// [the chapter](crate::metrics#traps).
///
/// Python: `sklearn.metrics.accuracy_score(gold, predicted)`.
///
/// ```
/// use lt_tasks::metrics::accuracy;
/// assert_eq!(accuracy(&["cat", "dog", "dog", "cat"], &["cat", "dog", "cat", "cat"])?, 0.75);
/// # Ok::<(), lt_tasks::metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::Lengths`] if there are not as many predictions as right answers,
/// [`MetricError::Empty`] if there are none.
pub fn accuracy<L: PartialEq>(gold: &[L], predicted: &[L]) -> Result<f64, MetricError> {
    check_lengths(gold.len(), predicted.len())?;
    let right = gold.iter().zip(predicted).filter(|(gold, predicted)| gold == predicted).count();
    Ok(right as f64 / gold.len() as f64)
}
