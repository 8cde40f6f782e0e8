//! A norm of either kind.

#[cfg(feature = "train")]
mod backward;

use lt_core::{Module, Params, Path, Result, Scratch, Weight};
use ndarray::{Array2, ArrayView2};

use crate::{LayerNorm, RmsNorm};

/// A layer norm or an RMS norm: what a layer around it holds, whose family says which.
///
/// Its parameters have the names of the norm inside, as if there were nothing around it.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// ```
/// use lt_layers::{AnyNorm, Gain, LayerNorm, RmsNorm, lt_core::weights};
/// let (layer, rms) = (LayerNorm::zeros(4, 1e-5)?, RmsNorm::zeros(4, Gain::Weight, 1e-5)?);
/// let names = |norm: AnyNorm| weights(&norm).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
/// assert_eq!((names(layer.into()), names(rms.into())), (vec!["gain".into(), "bias".into()], vec!["weight".into()]));
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AnyNorm {
    /// To mean 0 and variance 1.
    Layer(LayerNorm),
    /// To squares of mean 1.
    Rms(RmsNorm),
}

impl From<LayerNorm> for AnyNorm {
    fn from(norm: LayerNorm) -> Self {
        Self::Layer(norm)
    }
}

impl From<RmsNorm> for AnyNorm {
    fn from(norm: RmsNorm) -> Self {
        Self::Rms(norm)
    }
}

impl AnyNorm {
    /// The width of a row, d.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Layer(norm) => norm.width(),
            Self::Rms(norm) => norm.width(),
        }
    }
}

impl Params for AnyNorm {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        match self {
            Self::Layer(norm) => norm.visit(path, visit),
            Self::Rms(norm) => norm.visit(path, visit),
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        match self {
            Self::Layer(norm) => norm.visit_mut(path, visit),
            Self::Rms(norm) => norm.visit_mut(path, visit),
        }
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for AnyNorm {
    type Output = Array2<f32>;

    fn forward(&self, x: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(x, &mut Scratch::new())
    }

    fn forward_in(&self, x: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        match self {
            Self::Layer(norm) => norm.forward_in(x, scratch),
            Self::Rms(norm) => norm.forward_in(x, scratch),
        }
    }
}
