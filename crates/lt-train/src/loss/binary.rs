//! Binary cross-entropy.

use lt_core::Result;
use lt_kernels::math;
use ndarray::{Array2, ArrayView2, Zip};

use super::{Loss, check_same};

/// Binary cross-entropy: each logit x answers a question of its own, with yes (z = 1) or no
/// (z = 0): −z·ln σ(x) − (1 − z)·ln(1 − σ(x)). Each number is a label.
///
/// # Shapes
/// Logits, targets and gradient `[rows, questions]`.
///
/// PyTorch: `F.binary_cross_entropy_with_logits(x, z, reduction="sum")`.
///
/// ```
/// use ndarray::array;
/// let loss = lt_train::loss::binary_cross_entropy(array![[0.0]].view(), array![[1.0]].view())?;
/// assert!((loss.sum - 2.0_f64.ln()).abs() < 1e-9); // −ln ½
/// assert_eq!(loss.gradient, array![[-0.5]]); // σ(0) − 1
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
///
/// # Errors
/// [`lt_core::Error::Shape`] if the targets have another shape than the logits.
pub fn binary_cross_entropy(
    logits: ArrayView2<'_, f32>,
    targets: ArrayView2<'_, f32>,
) -> Result<Loss> {
    check_same("binary_cross_entropy", logits, targets)?;
    let mut gradient = Array2::zeros(logits.raw_dim());
    let mut sum = 0.0;
    Zip::from(gradient.rows_mut()).and(logits.rows()).and(targets.rows()).for_each(
        |mut d, logits, targets| {
            for ((d, &x), &z) in d.iter_mut().zip(logits).zip(targets) {
                let (x, z) = (f64::from(x), f64::from(z));
                // forward: loss = max(x, 0) − x·z + ln(1 + e^−|x|), which never overflows
                let small = math::exp_f64(-x.abs());
                let positive = if x < 0.0 { 0.0 } else { x };
                sum += positive - x * z + math::ln_f64(1.0 + small);
                // ⇒ backward: dx = σ(x) − z
                let sigmoid = if x < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) };
                *d = (sigmoid - z) as f32;
            }
        },
    );
    Ok(Loss { sum, labels: logits.len(), gradient })
}
