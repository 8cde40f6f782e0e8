//! What the gradient of a norm is.

use ndarray::Array2;

/// The gradients of a norm with respect to what it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradient {
    /// dx, of the shape of x.
    pub input: Array2<f32>,
    /// That of the gain γ, `[d]`; of the weight that γ is made from, which only a constant is added to.
    pub gain: Vec<f32>,
    /// That of the bias β, `[d]`, if there is one.
    pub bias: Option<Vec<f32>>,
}
