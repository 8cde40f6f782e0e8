//! The first layer of a head.

#[cfg(feature = "train")]
mod backward;

use lt_core::{Module, Result, Scratch, check_columns, check_shape, dims, params};
use lt_layers::{Activation, LayerNorm, Linear};
use ndarray::{Array2, ArrayView2};

#[cfg(feature = "train")]
pub use backward::HeadTransformCache;

/// norm(activation(W·h + b)): what most heads do with a vector before they score it; the norm where
/// the family has one.
///
/// # Shapes
/// `[n, d]` to `[n, e]`.
///
/// PyTorch: transformers' `BertPredictionHeadTransform`, `ModernBertPredictionHead`; without the
/// norm `BertPooler` and the `dense` of `RobertaClassificationHead`.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadTransform {
    dense: Linear,
    activation: Activation,
    norm: Option<LayerNorm>,
}

params!(HeadTransform { dense, norm });

impl HeadTransform {
    /// Of these layers.
    ///
    /// # Errors
    /// If the norm is of another width.
    pub(crate) fn new(
        dense: Linear,
        activation: Activation,
        norm: impl Into<Option<LayerNorm>>,
    ) -> Result<Self> {
        let norm = norm.into();
        if let Some(norm) = &norm {
            check_shape("HeadTransform::new", dims![dense.outputs()], &[norm.width()])?;
        }
        Ok(Self { dense, activation, norm })
    }

    /// The width d of the vectors that it takes.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.dense.inputs()
    }

    /// The width e of the vectors that it gives.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.dense.outputs()
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for HeadTransform {
    type Output = Array2<f32>;

    fn forward(&self, rows: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(rows, &mut Scratch::new())
    }

    fn forward_in(&self, rows: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        check_columns("HeadTransform::forward", self.inputs(), &rows)?;
        // formula: masked-lm
        let mut rows = self.dense.forward_activated(rows, self.activation, scratch)?; // [n, e]
        if let Some(norm) = &self.norm {
            norm.forward_in_place(&mut rows, scratch)?;
        }
        Ok(rows)
    }
}
