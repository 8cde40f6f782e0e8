//! How alike vectors are.

use ndarray::Array2;

use crate::normalize;

/// The cosine of the angle between each two rows: sᵢⱼ = xᵢ·xⱼ / (‖xᵢ‖·‖xⱼ‖), from −1 (opposite)
/// to 1 (the same direction).
///
/// A row of zeros has no direction: its cosines are 0, not NaN.
///
/// # Shapes
/// `[n, d]` to `[n, n]`.
///
/// PyTorch: `sentence_transformers.util.cos_sim(vectors, vectors)`.
///
/// ```
/// use ndarray::array;
/// let vectors = array![[2.0, 0.0], [0.0, 0.5], [-1.0, 0.0]];
/// assert_eq!(
///     lt_tasks::cosine(&vectors),
///     array![[1.0, 0.0, -1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]
/// );
/// ```
#[must_use]
pub fn cosine(vectors: &Array2<f32>) -> Array2<f32> {
    let mut unit = vectors.clone();
    for row in unit.outer_iter_mut() {
        normalize(row);
    }
    let count = unit.nrows();
    let mut cosines = Array2::zeros((count, count));
    for (i, a) in unit.outer_iter().enumerate() {
        for (j, b) in unit.outer_iter().enumerate().take(i + 1) {
            let dot = a.iter().zip(b).fold(0.0_f32, |sum, (a, b)| sum + a * b);
            // Rounding may carry a cosine a little past 1.
            let cosine = dot.clamp(-1.0, 1.0);
            cosines[[i, j]] = cosine;
            cosines[[j, i]] = cosine;
        }
    }
    cosines
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_row_of_zeros_is_like_nothing_not_even_itself() {
        let cosines = cosine(&array![[0.0, 0.0], [1.0, 2.0]]);
        assert_eq!(cosines.row(0).to_vec(), [0.0, 0.0]);
        assert_eq!(cosines[[1, 0]], 0.0);
    }

    #[test]
    fn cosines_are_symmetric_and_ignore_length() {
        let vectors = array![[1.0, 2.0, 3.0], [3.0, -1.0, 0.5], [0.1, 0.2, 0.7]];
        let cosines = cosine(&vectors);
        assert_eq!(cosines, cosines.t());
        assert!(cosines.iter().all(|cosine| (-1.0..=1.0).contains(cosine)));
        // Powers of two scale exactly.
        assert_eq!(cosine(&(&vectors * 1024.0)), cosines);
    }
}
