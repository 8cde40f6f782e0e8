//! Division by the root mean square.

#[cfg(feature = "train")]
mod backward;

use std::ops::Range;

use lt_core::{Error, Module, Result, Scratch, Weight, check_columns, check_shape, dims, params};
use lt_kernels::{Gain, RootMeanSquare, rms_norm, rms_norm_in_place};
use ndarray::{Array2, ArrayView2};

/// y = γ·x / √(mean(x²) + ε): each row is divided by the root of the mean of its squares, then
/// scaled. Nothing is subtracted, and nothing added.
///
/// γ is the stored weight, or one more than that: see [`Gain`].
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`; the weight is `[d]`.
///
/// [Zhang & Sennrich 2019](https://arxiv.org/abs/1910.07467), equation 4. PyTorch:
/// `torch.nn.RMSNorm(d, eps)`; transformers: `LlamaRMSNorm`, `Gemma3RMSNorm`.
///
/// ```
/// use lt_layers::{Gain, RmsNorm, lt_core::{Module, Weight}};
/// use ndarray::array;
/// let weight = Weight::new(&[2], vec![1.0, 2.0])?;
/// let x = array![[1.0, 7.0]]; // √((1 + 49) / 2) = 5
/// let norm = RmsNorm::new(weight.clone(), Gain::Weight, 0.0)?;
/// assert_eq!(norm.forward(x.view())?, array![[0.2, 2.8]]);
/// let norm = RmsNorm::new(weight, Gain::OnePlusWeight, 0.0)?;
/// assert_eq!(norm.forward(x.view())?, array![[0.4, 4.2]]);
/// # Ok::<(), lt_layers::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RmsNorm {
    weight: Weight,
    gain: Gain,
    epsilon: f32,
}

params!(RmsNorm { weight });

impl RmsNorm {
    /// A layer of this weight `[d]`, this kind of gain and this ε.
    ///
    /// # Errors
    /// If the weight is no vector or empty, or ε is negative or not finite.
    pub fn new(weight: Weight, gain: Gain, epsilon: f32) -> Result<Self> {
        const AT: &str = "RmsNorm::new";
        check_shape(AT, dims!["d"], weight.shape())?;
        let refuse = |field, got: String, expected: &str| {
            Err(Error::Config { at: AT, field, got, expected: expected.into() })
        };
        if weight.is_empty() {
            return refuse("weight", "empty".into(), "at least one number");
        }
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return refuse("epsilon", epsilon.to_string(), "a finite number, 0 or above");
        }
        Ok(Self { weight, gain, epsilon })
    }

    /// A layer for rows of width `d` whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn zeros(d: usize, gain: Gain, epsilon: f32) -> Result<Self> {
        Self::new(Weight::zeros(&[d]), gain, epsilon)
    }

    /// What is stored, `[d]`.
    #[must_use]
    pub fn weight(&self) -> &Weight {
        &self.weight
    }

    /// How the gain γ comes from the weight.
    #[must_use]
    pub fn gain(&self) -> Gain {
        self.gain
    }

    /// ε.
    #[must_use]
    pub fn epsilon(&self) -> f32 {
        self.epsilon
    }

    /// The width of a row, d.
    #[must_use]
    pub fn width(&self) -> usize {
        self.weight.len()
    }

    /// What [`forward`](Module::forward) computes, in the place of `x`.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    ///
    /// ```
    /// # use lt_layers::{Gain, RmsNorm, lt_core::{Scratch, Weight}};
    /// let norm = RmsNorm::new(Weight::new(&[2], vec![1.0, 1.0])?, Gain::Weight, 0.0)?;
    /// let mut rows = ndarray::array![[1.0, 7.0]];
    /// norm.forward_in_place(&mut rows, &mut Scratch::new())?;
    /// assert_eq!(rows, ndarray::array![[0.2, 1.4]]);
    /// # Ok::<(), lt_layers::lt_core::Error>(())
    /// ```
    pub fn forward_in_place(&self, x: &mut Array2<f32>, scratch: &mut Scratch) -> Result<()> {
        check_columns("RmsNorm::forward_in_place", self.width(), &x.view())?;
        rms_norm_in_place(self.norm(), x, 0..self.width(), scratch);
        Ok(())
    }

    /// Normalises each head of some columns, in their place: a head is as wide as this layer, and
    /// the other columns stay as they are.
    ///
    /// # Shapes
    /// `x` is `[tokens, any]`, `columns` as many as a whole number of heads has.
    ///
    /// # Errors
    /// If the rows have no such columns, or these are no whole number of heads.
    ///
    /// The `q_norm` and `k_norm` of `Qwen3Attention` and `Gemma3Attention`.
    ///
    /// ```
    /// # use lt_layers::{Gain, RmsNorm, lt_core::{Scratch, Weight}};
    /// let norm = RmsNorm::new(Weight::new(&[1], vec![2.0])?, Gain::Weight, 0.0)?;
    /// let mut rows = ndarray::array![[-3.0, 4.0, 5.0]]; // two query heads, and something else
    /// norm.forward_heads_in_place(&mut rows, 0..2, &mut Scratch::new())?;
    /// assert_eq!(rows, ndarray::array![[-2.0, 2.0, 5.0]]);
    /// # Ok::<(), lt_layers::lt_core::Error>(())
    /// ```
    pub fn forward_heads_in_place(
        &self,
        x: &mut Array2<f32>,
        columns: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let refuse = |got, expected| {
            Err(Error::Config {
                at: "RmsNorm::forward_heads_in_place",
                field: "columns",
                got,
                expected,
            })
        };
        if columns.start > columns.end || columns.end > x.ncols() {
            return refuse(format!("{columns:?}"), format!("columns within 0..{}", x.ncols()));
        }
        if !columns.len().is_multiple_of(self.width()) {
            let expected = format!("whole heads of {} columns", self.width());
            return refuse(format!("{columns:?}, {} columns", columns.len()), expected);
        }
        rms_norm_in_place(self.norm(), x, columns, scratch);
        Ok(())
    }

    /// The weight, the kind of gain and ε as the kernels take them.
    #[must_use]
    pub fn norm(&self) -> RootMeanSquare<'_> {
        RootMeanSquare::new(&self.weight, self.epsilon).gain(self.gain)
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for RmsNorm {
    type Output = Array2<f32>;

    fn forward(&self, x: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(x, &mut Scratch::new())
    }

    fn forward_in(&self, x: ArrayView2<'a, f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        check_columns("RmsNorm::forward", self.width(), &x)?;
        Ok(rms_norm(&lt_kernels::RmsNorm::new(x, self.norm()), scratch))
    }
}
