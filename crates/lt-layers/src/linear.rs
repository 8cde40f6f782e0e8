//! The linear layer.

#[cfg(feature = "train")]
mod backward;

use lt_core::{
    Error, Module, Result, Scratch, Shape, Weight, check_columns, check_shape, dims, params, shape,
};
use lt_kernels::{Activation, Product, product};
use ndarray::{Array2, ArrayView2};

/// y = x·Wᵀ + b: each output is a weighted sum of the inputs.
///
/// # Shapes
/// `x` is `[tokens, in]`, W `[out, in]`, b `[out]`, y `[tokens, out]`.
///
/// PyTorch: `torch.nn.Linear(in, out)`.
///
/// ```
/// use lt_layers::{Linear, lt_core::{Module, Weight}};
/// use ndarray::array;
/// let weight = Weight::new(&[1, 2], vec![10.0, 1.0])?;
/// let layer = Linear::new(weight, Some(Weight::new(&[1], vec![0.5])?))?;
/// assert_eq!(layer.forward(array![[2.0, 3.0]].view())?, array![[23.5]]);
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    weight: Weight,
    bias: Option<Weight>,
}

params!(Linear { weight, bias });

impl Linear {
    /// A layer of this weight `[out, in]` and bias `[out]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the weight is no matrix, or the bias not as long as its first side.
    pub fn new(weight: Weight, bias: Option<Weight>) -> Result<Self> {
        let &[out, inner] = weight.shape() else {
            let (expected, got) = (shape!["out", "in"], Shape::of(weight.shape()));
            return Err(Error::Shape { at: "Linear::new", expected, got });
        };
        if out == 0 || inner == 0 {
            let got = Shape::of(weight.shape()).to_string();
            let expected = "at least one input and one output".into();
            return Err(Error::Config { at: "Linear::new", field: "weight", got, expected });
        }
        if let Some(bias) = &bias {
            check_shape("Linear::new", dims![out], bias.shape())?;
        }
        Ok(Self { weight, bias })
    }

    /// A layer whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// If `inputs` or `outputs` is zero.
    pub fn zeros(inputs: usize, outputs: usize) -> Result<Self> {
        Self::new(Weight::zeros(&[outputs, inputs]), Some(Weight::zeros(&[outputs])))
    }

    /// W, `[out, in]`.
    #[must_use]
    pub fn weight(&self) -> &Weight {
        &self.weight
    }

    /// b, `[out]`.
    #[must_use]
    pub fn bias(&self) -> Option<&Weight> {
        self.bias.as_ref()
    }

    /// How many inputs a row has.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weight.shape()[1]
    }

    /// How many outputs a row has.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weight.shape()[0]
    }

    /// activation(x·Wᵀ + b), in one pass over the output.
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows are not as wide as the layer has inputs.
    pub fn forward_activated(
        &self,
        x: ArrayView2<'_, f32>,
        activation: Activation,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        Ok(product(&self.problem(x)?.activation(activation), scratch))
    }

    /// x·Wᵀ + b + residual, in one pass over the output.
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows are not as wide as the layer has inputs, or the residual has
    /// not the shape of the output.
    pub fn forward_added(
        &self,
        x: ArrayView2<'_, f32>,
        residual: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        check_shape("Linear::forward", dims![x.nrows(), self.outputs()], residual.shape())?;
        Ok(product(&self.problem(x)?.residual(residual), scratch))
    }

    /// x·Wᵀ + b as a problem for a kernel, to be solved together with others.
    ///
    /// # Errors
    /// [`Error::Shape`] if the rows are not as wide as the layer has inputs.
    pub fn problem<'a>(&'a self, x: ArrayView2<'a, f32>) -> Result<Product<'a>> {
        check_columns("Linear::forward", self.inputs(), &x)?;
        // formula: linear
        Ok(Product::new(x, &self.weight).bias(self.bias.as_ref()))
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for Linear {
    type Output = Array2<f32>;

    fn forward(&self, x: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(x, &mut Scratch::new())
    }

    fn forward_in(&self, x: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        self.forward_activated(x, Activation::Identity, scratch)
    }
}
