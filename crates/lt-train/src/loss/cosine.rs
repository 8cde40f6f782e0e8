//! Cosine distance.

use lt_core::Result;
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::{Loss, check_same};

/// Cosine distance: 1 − cos of the angle between each row and its target. Each row is a label.
///
/// Used to bring the vectors of a student to those of a teacher
/// ([Sanh et al. 2019](https://arxiv.org/abs/1910.01108), section 2). A row of zeros has no angle: its
/// loss is 1, its gradient zero.
///
/// # Shapes
/// Vectors, targets and gradient (of the vectors) `[rows, d]`.
///
/// PyTorch: `F.cosine_embedding_loss(x, y, torch.ones(rows), reduction="sum")`.
///
/// ```
/// use ndarray::array;
/// let loss = lt_train::loss::cosine_distance(array![[2.0, 0.0]].view(), array![[0.0, 3.0]].view())?;
/// assert_eq!(loss.sum, 1.0); // a right angle
/// assert_eq!(loss.gradient, array![[0.0, -0.5]]); // towards the target
/// # Ok::<(), lt_train::lt_core::Error>(())
/// ```
///
/// # Errors
/// [`lt_core::Error::Shape`] if the targets have another shape than the vectors.
pub fn cosine_distance(vectors: ArrayView2<'_, f32>, targets: ArrayView2<'_, f32>) -> Result<Loss> {
    check_same("cosine_distance", vectors, targets)?;
    let mut gradient = Array2::zeros(vectors.raw_dim());
    let mut sum = 0.0;
    let rows = vectors.rows().into_iter().zip(targets.rows());
    for ((x, y), mut d) in rows.zip(gradient.rows_mut()) {
        let (length, target_length) = (dot(x, x).sqrt(), dot(y, y).sqrt());
        if length == 0.0 || target_length == 0.0 {
            sum += 1.0;
            continue;
        }
        let cosine = dot(x, y) / (length * target_length);
        sum += 1.0 - cosine;
        // forward: loss = 1 − x·y / (|x||y|)  ⇒  backward: dx = (cos·x/|x| − y/|y|) / |x|
        for ((d, &x), &y) in d.iter_mut().zip(x).zip(y) {
            let direction = f64::from(y) / target_length;
            *d = ((cosine * f64::from(x) / length - direction) / length) as f32;
        }
    }
    Ok(Loss { sum, labels: vectors.nrows(), gradient })
}

/// x·y in f64, in the order of the columns.
pub(super) fn dot(x: ArrayView1<'_, f32>, y: ArrayView1<'_, f32>) -> f64 {
    x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}
