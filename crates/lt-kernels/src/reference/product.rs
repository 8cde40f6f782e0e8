use ndarray::Array2;

use crate::Product;

/// y = activation(x·Wᵀ + b) + residual; see [`product`](crate::product).
///
/// # Panics
/// If the shapes of the problem do not fit each other.
#[must_use]
pub fn product(problem: &Product<'_>) -> Array2<f32> {
    let (tokens, out) = problem.shape();
    let weight = problem.weight.matrix(); // [out, in]
    Array2::from_shape_fn((tokens, out), |(t, o)| {
        // (1) the bias
        let mut y = problem.bias.map_or(0.0, |bias| bias.f32()[o]);
        // (2) plus the dot product of a row of x with a row of W
        // formula: linear
        for (x, w) in problem.x.row(t).iter().zip(weight.row(o)) {
            y += x * w;
        }
        // (3) the activation, and (4) the residual
        // formula: product
        problem.activation.apply(y) + problem.residual.map_or(0.0, |rows| rows[[t, o]])
    })
}
