//! How alike vectors are.

use lt_core::{Scratch, Weight};
use lt_kernels::{Product, product};
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
    let (count, d) = unit.dim();
    let numbers = unit.iter().copied().collect();
    let Ok(columns) = Weight::new(&[count, d], numbers) else {
        unreachable!("as many numbers as there are in the array")
    };
    // x·xᵀ. Each product is one sum in the order of the columns, so that the table is symmetric.
    // formula: cosine
    let mut cosines = product(&Product::new(unit.view(), &columns), &mut Scratch::new()); // [n, n]
    // Rounding may carry a cosine a little past 1.
    cosines.mapv_inplace(|cosine| cosine.clamp(-1.0, 1.0));
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
