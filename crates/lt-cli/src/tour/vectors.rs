//! What the tour measures vectors by: length, and direction against another.

use ndarray::{ArrayView1, ArrayView2, Axis};

/// The length of a vector: ‖x‖ = √Σᵢ xᵢ².
pub(crate) fn length(x: ArrayView1<'_, f32>) -> f32 {
    x.dot(&x).sqrt()
}

/// The length of each row.
pub(crate) fn lengths(rows: ArrayView2<'_, f32>) -> Vec<f32> {
    rows.outer_iter().map(length).collect()
}

/// The cosine of the angle between two vectors: x·y / (‖x‖·‖y‖); 0 if one of them is zero.
pub(crate) fn cosine(x: ArrayView1<'_, f32>, y: ArrayView1<'_, f32>) -> f32 {
    let lengths = length(x) * length(y);
    if lengths > 0.0 { (x.dot(&y) / lengths).clamp(-1.0, 1.0) } else { 0.0 }
}

/// The mean of the cosines between each two of these rows; `None` if there are not two.
///
/// (‖Σᵢ uᵢ‖² − n) / (n·(n − 1)) with unit vectors uᵢ: one walk through the rows, not n².
pub(crate) fn mean_pairwise_cosine(rows: ArrayView2<'_, f32>) -> Option<f32> {
    let n = rows.nrows() as f32;
    if n < 2.0 {
        return None;
    }
    let lengths = lengths(rows).into_iter().map(|length| length.max(f32::MIN_POSITIVE));
    let mut unit = rows.to_owned();
    for (mut row, length) in unit.outer_iter_mut().zip(lengths) {
        row /= length;
    }
    let sum = unit.sum_axis(Axis(0));
    Some(((sum.dot(&sum) - n) / (n * (n - 1.0))).clamp(-1.0, 1.0))
}

/// The mean; 0 of nothing.
pub(crate) fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let n = values.len().max(1) as f32;
    values.sum::<f32>() / n
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_cosine_ignores_length_and_a_zero_vector_is_like_nothing() {
        let rows = array![[3.0, 4.0], [6.0, 8.0], [-4.0, 3.0], [0.0, 0.0]];
        assert_eq!(length(rows.row(0)), 5.0);
        assert_eq!(cosine(rows.row(0), rows.row(1)), 1.0);
        assert_eq!(cosine(rows.row(0), rows.row(2)), 0.0);
        assert_eq!(cosine(rows.row(0), rows.row(3)), 0.0);
    }

    #[test]
    fn the_mean_pairwise_cosine_is_the_mean_over_the_pairs() {
        let rows = array![[1.0, 0.5, 0.0], [0.2, -3.0, 1.0], [0.0, 0.0, 2.0]];
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let one_by_one = mean(pairs.iter().map(|&(i, j)| cosine(rows.row(i), rows.row(j))));
        let at_once = mean_pairwise_cosine(rows.view()).unwrap_or(f32::NAN);
        assert!((at_once - one_by_one).abs() < 1e-6, "{at_once} and {one_by_one}");
        assert_eq!(mean_pairwise_cosine(array![[1.0, 2.0]].view()), None);
    }
}
