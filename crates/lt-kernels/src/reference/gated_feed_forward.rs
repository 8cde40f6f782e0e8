use ndarray::Array2;

use crate::reference::product;
use crate::{GatedFeedForward, Product};

/// A gated feed-forward layer as three products; see
/// [`gated_feed_forward`](crate::gated_feed_forward).
///
/// # Panics
/// If the shapes of the problem do not fit each other.
#[must_use]
pub fn gated_feed_forward(problem: &GatedFeedForward<'_>) -> Array2<f32> {
    let GatedFeedForward { x, gate, activation, up, down, residual } = *problem;
    // (1) how much comes through
    let gate = product(&Product::new(x, gate.weight).bias(gate.bias).activation(activation));
    // (2) what comes through it, number by number
    let wide = gate * product(&Product::new(x, up.weight).bias(up.bias));
    // (3) back to the width of the rows
    let last = Product::new(wide.view(), down.weight).bias(down.bias);
    product(&Product { residual, ..last })
}
