use ndarray::Array2;

use crate::reference::product;
use crate::{FeedForward, Product};

/// y = activation(x·W₁ᵀ + b₁)·W₂ᵀ + b₂ + residual; see [`feed_forward`](crate::feed_forward).
///
/// # Panics
/// If the shapes of the problem do not fit each other.
#[must_use]
pub fn feed_forward(problem: &FeedForward<'_>) -> Array2<f32> {
    // (1) up, and the activation
    // formula: feed-forward
    let up = Product::new(problem.x, problem.up.weight).bias(problem.up.bias);
    let wide = product(&up.activation(problem.activation)); // [tokens, f]
    // (2) down, and the residual
    let down = Product::new(wide.view(), problem.down.weight).bias(problem.down.bias);
    product(&Product { residual: problem.residual, ..down })
}
