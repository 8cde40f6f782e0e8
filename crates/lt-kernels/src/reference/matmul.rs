use ndarray::{Array2, ArrayView2};

/// The matrix product A·B: cᵢⱼ = Σₖ aᵢₖ·bₖⱼ, each sum in the order of k.
///
/// # Shapes
/// `[n, k]` times `[k, m]` to `[n, m]`.
///
/// # Panics
/// If A has not as many columns as B has rows.
///
/// ```
/// let c = lt_kernels::reference::matmul(
///     ndarray::array![[1.0, 2.0]].view(), ndarray::array![[3.0], [4.0]].view());
/// assert_eq!(c, ndarray::array![[1.0 * 3.0 + 2.0 * 4.0]]);
/// ```
#[must_use]
pub fn matmul(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Array2<f32> {
    assert_eq!(a.ncols(), b.nrows(), "[n, k] times [k, m]");
    let mut c = Array2::zeros((a.nrows(), b.ncols()));
    for (a_row, mut c_row) in a.rows().into_iter().zip(c.rows_mut()) {
        for (&a_ik, b_row) in a_row.iter().zip(b.rows()) {
            for (c_ij, &b_kj) in c_row.iter_mut().zip(b_row) {
                *c_ij += a_ik * b_kj;
            }
        }
    }
    c
}
