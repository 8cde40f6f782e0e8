//! The gradient of what attention takes in.

use ndarray::Array2;

/// The gradient with respect to [`HiddenStates`](crate::HiddenStates): of self-attention, and of
/// every layer around it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StatesGrad {
    /// To the rows, `[tokens, d]`.
    pub hidden: Array2<f32>,
    /// To the numbers that were added to the scores by distance, `[h, 2r + 1]`; `None` if there
    /// were none, or if they are slopes, which are not learned.
    pub bias: Option<Array2<f32>>,
}

impl StatesGrad {
    /// To the rows alone.
    #[must_use]
    pub fn new(hidden: Array2<f32>) -> Self {
        Self { hidden, bias: None }
    }

    /// With that to the numbers of the distances.
    #[must_use]
    pub fn bias(self, bias: Option<Array2<f32>>) -> Self {
        Self { bias, ..self }
    }
}
