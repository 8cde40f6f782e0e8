//! Losses: how far what a model says is from what it should have said, and the gradient of that.
//!
//! Each is a sum over labels, with the gradient of the sum. The mean is taken by the step, which
//! alone knows how many labels all of its shards have.

mod binary;
mod contrastive;
mod cosine;
mod cross_entropy;
mod distillation;
mod squared;

use ndarray::{Array2, ArrayView2};

pub use binary::binary_cross_entropy;
pub use contrastive::{Contrastive, InfoNce, Similarity};
pub use cosine::cosine_distance;
pub use cross_entropy::CrossEntropy;
pub use distillation::Distillation;
pub use squared::squared_error;

/// A loss summed over labels, and the gradient of the sum.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Loss {
    /// The sum, in f64.
    pub sum: f64,
    /// How many labels it is a sum over.
    pub labels: usize,
    /// ∂sum/∂input, of the input's shape.
    pub gradient: Array2<f32>,
}

impl Loss {
    /// The gradient, times `scale`: 1 / labels of the whole step makes it that of the mean.
    ///
    /// ```
    /// let loss = lt_train::loss::squared_error(
    ///     ndarray::array![[3.0]].view(), ndarray::array![[1.0]].view())?;
    /// assert_eq!(loss.scaled(0.5), ndarray::array![[2.0]]); // ½ · 2(3 − 1)
    /// # Ok::<(), lt_train::lt_core::Error>(())
    /// ```
    #[must_use]
    pub fn scaled(self, scale: f32) -> Array2<f32> {
        self.gradient * scale
    }
}

/// Refuses rows whose shape differs from that of what they are compared with.
fn check_same(
    at: &'static str,
    expected: ArrayView2<'_, f32>,
    got: ArrayView2<'_, f32>,
) -> lt_core::Result<()> {
    lt_core::check_shape(at, lt_core::dims![expected.nrows(), expected.ncols()], got.shape())
}
