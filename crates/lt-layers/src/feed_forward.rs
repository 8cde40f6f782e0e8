//! The feed-forward layer.

#[cfg(feature = "train")]
pub(crate) mod backward;

use lt_core::{Module, Result, Scratch, check_columns, check_shape, dims, params};
use lt_kernels::{Activation, WeightAndBias, feed_forward};
use ndarray::{Array2, ArrayView2};

use crate::Linear;

/// y = activation(x·W₁ᵀ + b₁)·W₂ᵀ + b₂: two linear layers, wide in the middle, for each token
/// alone.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`, through `[tokens, f]`.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), equation 2 (with ReLU). PyTorch:
/// `BertIntermediate` and the dense layer of `BertOutput`.
///
/// ```
/// use lt_layers::{Activation, FeedForward, Linear, lt_core::{Module, Weight}};
/// use ndarray::array;
/// let up = Linear::new(Weight::new(&[2, 1], vec![1.0, -1.0])?, None)?;
/// let down = Linear::new(Weight::new(&[1, 2], vec![1.0, 1.0])?, None)?;
/// // relu(x) + relu(−x) = |x|
/// let absolute = FeedForward::new(up, Activation::Relu, down)?;
/// assert_eq!(absolute.forward(array![[3.0], [-2.0]].view())?, array![[3.0], [2.0]]);
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FeedForward {
    up: Linear,
    activation: Activation,
    down: Linear,
}

params!(FeedForward { up, down });

impl FeedForward {
    /// A layer of these two linear layers, with an activation between them.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if the second does not take what the first gives.
    pub fn new(up: Linear, activation: Activation, down: Linear) -> Result<Self> {
        check_shape("FeedForward::new", dims!["out", up.outputs()], down.weight().shape())?;
        Ok(Self { up, activation, down })
    }

    /// The first linear layer, `[f, d]`.
    #[must_use]
    pub fn up(&self) -> &Linear {
        &self.up
    }

    /// What stands between them.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The second linear layer, `[d, f]`.
    #[must_use]
    pub fn down(&self) -> &Linear {
        &self.down
    }

    /// activation(x·W₁ᵀ + b₁)·W₂ᵀ + b₂ + residual, in one pass over the output.
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
        check_shape("FeedForward::forward", expected, residual.shape())?;
        Ok(feed_forward(&self.problem(x)?.residual(Some(residual)), scratch))
    }

    fn problem<'a>(&'a self, x: ArrayView2<'a, f32>) -> Result<lt_kernels::FeedForward<'a>> {
        check_columns("FeedForward::forward", self.up.inputs(), &x)?;
        let [up, down] = [&self.up, &self.down]
            .map(|layer| WeightAndBias { weight: layer.weight(), bias: layer.bias() });
        Ok(lt_kernels::FeedForward::new(x, up, self.activation, down))
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for FeedForward {
    type Output = Array2<f32>;

    fn forward(&self, x: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(x, &mut Scratch::new())
    }

    fn forward_in(&self, x: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        Ok(feed_forward(&self.problem(x)?, scratch))
    }
}
