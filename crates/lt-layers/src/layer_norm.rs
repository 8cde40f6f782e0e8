//! Layer normalisation.

#[cfg(feature = "train")]
mod backward;

use lt_core::{Error, Module, Result, Scratch, Weight, check_columns, check_shape, dims, params};
use lt_kernels::{Norm, layer_norm, layer_norm_in_place};
use ndarray::{Array2, ArrayView2};

/// y = γ·(x − μ) / √(σ² + ε) + β: each row is given mean 0 and variance 1, then scaled and shifted.
///
/// μ and σ² are the mean and the variance of the row, the variance divided by d; ε is inside the
/// root.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`; γ and β are `[d]`.
///
/// [Ba, Kiros & Hinton 2016](https://arxiv.org/abs/1607.06450), equation 4. PyTorch:
/// `torch.nn.LayerNorm(d, eps)`, whose `weight` is our `gain`.
///
/// ```
/// use lt_layers::{LayerNorm, lt_core::{Module, Weight}};
/// use ndarray::array;
/// let norm = LayerNorm::new(
///     Weight::new(&[2], vec![1.0, 1.0])?, Weight::new(&[2], vec![0.0, 10.0])?, 0.0)?;
/// // The mean of 3 and 7 is 5, the deviation 2.
/// assert_eq!(norm.forward(array![[3.0, 7.0]].view())?, array![[-1.0, 11.0]]);
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNorm {
    gain: Weight,
    bias: Option<Weight>,
    epsilon: f32,
}

params!(LayerNorm { gain, bias });

impl LayerNorm {
    /// A layer of this gain γ `[d]`, bias β `[d]` (or `None`) and ε.
    ///
    /// # Errors
    /// If gain and bias are not vectors of one length, or ε is negative or not finite.
    pub fn new(gain: Weight, bias: impl Into<Option<Weight>>, epsilon: f32) -> Result<Self> {
        const AT: &str = "LayerNorm::new";
        check_shape(AT, dims!["d"], gain.shape())?;
        let bias = bias.into();
        if let Some(bias) = &bias {
            check_shape(AT, dims![gain.len()], bias.shape())?;
        }
        let refuse = |field, got: String, expected: &str| {
            Err(Error::Config { at: AT, field, got, expected: expected.into() })
        };
        if gain.is_empty() {
            return refuse("gain", "empty".into(), "at least one number");
        }
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return refuse("epsilon", epsilon.to_string(), "a finite number, 0 or above");
        }
        Ok(Self { gain, bias, epsilon })
    }

    /// A layer for rows of width `d` whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn zeros(d: usize, epsilon: f32) -> Result<Self> {
        Self::new(Weight::zeros(&[d]), Weight::zeros(&[d]), epsilon)
    }

    /// γ, `[d]`.
    #[must_use]
    pub fn gain(&self) -> &Weight {
        &self.gain
    }

    /// β, `[d]`.
    #[must_use]
    pub fn bias(&self) -> Option<&Weight> {
        self.bias.as_ref()
    }

    /// ε.
    #[must_use]
    pub fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// The width of a row, d.
    #[must_use]
    pub fn width(&self) -> usize {
        self.gain.len()
    }

    /// What [`forward`](Module::forward) computes, in the place of `x`.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    ///
    /// ```
    /// # use lt_layers::{LayerNorm, lt_core::{Scratch, Weight}};
    /// let norm = LayerNorm::new(Weight::new(&[2], vec![1.0, 1.0])?, None, 0.0)?;
    /// let mut rows = ndarray::array![[3.0, 7.0]];
    /// norm.forward_in_place(&mut rows, &mut Scratch::new())?;
    /// assert_eq!(rows, ndarray::array![[-1.0, 1.0]]);
    /// # Ok::<(), lt_layers::lt_core::Error>(())
    /// ```
    pub fn forward_in_place(&self, x: &mut Array2<f32>, scratch: &mut Scratch) -> Result<()> {
        check_columns("LayerNorm::forward_in_place", self.width(), &x.view())?;
        layer_norm_in_place(self.norm(), x, scratch);
        Ok(())
    }

    /// γ, β and ε as the kernels take them.
    #[must_use]
    pub fn norm(&self) -> Norm<'_> {
        Norm::new(&self.gain, self.epsilon).bias(self.bias.as_ref())
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for LayerNorm {
    type Output = Array2<f32>;

    fn forward(&self, x: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(x, &mut Scratch::new())
    }

    fn forward_in(&self, x: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        check_columns("LayerNorm::forward", self.width(), &x)?;
        Ok(layer_norm(&lt_kernels::LayerNorm::new(x, self.norm()), scratch))
    }
}
