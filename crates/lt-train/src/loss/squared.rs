//! Squared error.

use lt_core::Result;
use ndarray::{Array2, ArrayView2, Zip};

use super::{Loss, check_same};

/// Squared error: (x − y)² of each number, which is a label.
///
/// # Shapes
/// Outputs x, targets y and gradient `[rows, n]`.
///
/// PyTorch: `F.mse_loss(x, y, reduction="sum")`.
///
/// ```
/// use ndarray::array;
/// let loss = lt_train::loss::squared_error(array![[3.0, 1.0]].view(), array![[1.0, 1.0]].view())?;
/// assert_eq!((loss.sum, loss.labels, loss.gradient), (4.0, 2, array![[4.0, 0.0]]));
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
///
/// # Errors
/// [`lt_core::Error::Shape`] if the targets have another shape than the outputs.
pub fn squared_error(outputs: ArrayView2<'_, f32>, targets: ArrayView2<'_, f32>) -> Result<Loss> {
    check_same("squared_error", outputs, targets)?;
    let mut gradient = Array2::zeros(outputs.raw_dim());
    let mut sum = 0.0;
    Zip::from(gradient.rows_mut()).and(outputs.rows()).and(targets.rows()).for_each(
        |mut d, outputs, targets| {
            for ((d, &x), &y) in d.iter_mut().zip(outputs).zip(targets) {
                // forward: loss = (x − y)²  ⇒  backward: dx = 2 (x − y)
                let difference = x - y;
                sum += f64::from(difference) * f64::from(difference);
                *d = 2.0 * difference;
            }
        },
    );
    Ok(Loss { sum, labels: outputs.len(), gradient })
}
