use ndarray::ArrayView2;

/// The sum of all rows, from the first to the last: ndarray's own sum goes by the layout in memory.
///
/// # Shapes
/// `[tokens, d]` to `[d]`.
///
/// ```
/// let rows = ndarray::array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(lt_kernels::reference::sum_of_rows(rows.view()), [4.0, 6.0]);
/// ```
#[must_use]
pub fn sum_of_rows(rows: ArrayView2<'_, f32>) -> Vec<f32> {
    let mut sum = vec![0.0; rows.ncols()];
    for row in rows.rows() {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sum
}
