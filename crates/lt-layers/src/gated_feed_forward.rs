//! The gated feed-forward layer.

#[cfg(feature = "train")]
pub(crate) mod backward;

use lt_core::{Module, Result, Scratch, check_columns, check_shape, dims, params};
use lt_kernels::{Activation, WeightAndBias, gated_feed_forward};
use ndarray::{Array2, ArrayView2};

use crate::Linear;

/// y = (activation(x·W₁ᵀ + b₁) ⊙ (x·W₂ᵀ + b₂))·W₃ᵀ + b₃: a feed-forward layer in which one
/// linear layer, the gate, says how much of the other comes through. For each token alone.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`, through twice `[tokens, f]`.
///
/// [Shazeer 2020](https://arxiv.org/abs/2002.05202), equation 6, which has no biases: `GEGLU` with
/// GELU, `SwiGLU` with SiLU. PyTorch: `ModernBertMLP`, whose `Wi` is gate and up, one below the
/// other; `LlamaMLP`.
///
/// ```
/// use lt_layers::{Activation, GatedFeedForward, Linear, lt_core::{Module, Weight}};
/// use ndarray::array;
/// let linear = |weight| Linear::new(Weight::new(&[1, 1], vec![weight])?, None);
/// // relu(x)·2x
/// let layer = GatedFeedForward::new(linear(1.0)?, Activation::Relu, linear(2.0)?, linear(1.0)?)?;
/// assert_eq!(layer.forward(array![[3.0], [-2.0]].view())?, array![[18.0], [0.0]]);
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GatedFeedForward {
    gate: Linear,
    activation: Activation,
    up: Linear,
    down: Linear,
}

params!(GatedFeedForward { gate, up, down });

impl GatedFeedForward {
    /// A layer of these three linear layers, in the order of the formula: the activation belongs
    /// to the gate before it.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if gate and up are not of one shape, or the last
    /// does not take what they give.
    pub fn new(gate: Linear, activation: Activation, up: Linear, down: Linear) -> Result<Self> {
        const AT: &str = "GatedFeedForward::new";
        check_shape(AT, dims![gate.outputs(), gate.inputs()], up.weight().shape())?;
        check_shape(AT, dims!["out", up.outputs()], down.weight().shape())?;
        Ok(Self { gate, activation, up, down })
    }

    /// The linear layer that the activation is applied to, `[f, d]`.
    #[must_use]
    pub fn gate(&self) -> &Linear {
        &self.gate
    }

    /// What makes a gate of it.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The linear layer whose outputs go through the gate, `[f, d]`.
    #[must_use]
    pub fn up(&self) -> &Linear {
        &self.up
    }

    /// The last linear layer, `[d, f]`.
    #[must_use]
    pub fn down(&self) -> &Linear {
        &self.down
    }

    /// What [`forward`](Module::forward) computes, plus a residual, added in one pass over the
    /// output.
    ///
    /// # Errors
    /// As for [`Module::forward`], and if the residual has not the shape of the output.
    pub fn forward_added(
        &self,
        x: ArrayView2<'_, f32>,
        residual: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let expected = dims![x.nrows(), self.down.outputs()];
        check_shape("GatedFeedForward::forward", expected, residual.shape())?;
        Ok(gated_feed_forward(&self.problem(x)?.residual(Some(residual)), scratch))
    }

    fn problem<'a>(&'a self, x: ArrayView2<'a, f32>) -> Result<lt_kernels::GatedFeedForward<'a>> {
        check_columns("GatedFeedForward::forward", self.gate.inputs(), &x)?;
        let [gate, up, down] = [&self.gate, &self.up, &self.down]
            .map(|layer| WeightAndBias { weight: layer.weight(), bias: layer.bias() });
        Ok(lt_kernels::GatedFeedForward::new(x, gate, self.activation, up, down))
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for GatedFeedForward {
    type Output = Array2<f32>;

    fn forward(&self, x: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(x, &mut Scratch::new())
    }

    fn forward_in(&self, x: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        Ok(gated_feed_forward(&self.problem(x)?, scratch))
    }
}
