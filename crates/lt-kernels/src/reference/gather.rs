use ndarray::Array2;

use crate::reference::layer_norm;
use crate::{Gather, LayerNorm};

/// y = norm(Σ tableᵢ\[rowᵢ\]) for each token; see [`gather`](crate::gather).
///
/// # Panics
/// If the shapes of the problem do not fit each other, or a table has no such row.
#[must_use]
pub fn gather(problem: &Gather<'_>) -> Array2<f32> {
    let mut sum = Array2::zeros(problem.shape());
    // (1) the rows of each table, added up
    // formula: embedding
    for (place, lookup) in problem.lookups.iter().enumerate() {
        let table = lookup.table.matrix();
        let scale = if place == 0 { problem.scale } else { 1.0 };
        for (mut sum, &row) in sum.rows_mut().into_iter().zip(lookup.rows) {
            sum.scaled_add(scale, &table.row(row as usize));
        }
    }
    // (2) the norm of the sum, if there is one
    match problem.norm {
        Some(norm) => layer_norm(&LayerNorm::new(sum.view(), norm)),
        None => sum,
    }
}
