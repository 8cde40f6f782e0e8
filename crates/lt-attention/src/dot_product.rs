//! Scaled dot-product attention.

use lt_core::{Error, Module, Result, Scratch, Shape, check_shape, dims};
use lt_kernels::{Attention, attention, reference};
use ndarray::{Array2, Array3};

use crate::AttentionInput;
use crate::input::check_sequences;

/// softmax(Q·Kᵀ / √k)·V: each query gets an average of the values, weighted by how well the keys
/// match it.
///
/// It has no parameters but the number of heads, which look independently, each at its own columns.
///
/// # Shapes
/// `[tokens, h·k]`, `[key tokens, h·k]` and `[key tokens, h·v]` to `[tokens, h·v]`.
///
/// [Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), equation 1. PyTorch:
/// `torch.nn.functional.scaled_dot_product_attention`.
///
/// ```
/// use lt_attention::{AttentionInput, ScaledDotProduct, lt_core::{Mask, Module, Ragged}};
/// use ndarray::array;
/// let (query, key, value) = (array![[0.0]], array![[1.0], [2.0]], array![[3.0], [5.0]]);
/// // A query of zero matches both keys alike: the plain average of 3 and 5.
/// let average = ScaledDotProduct::new(1)?.forward(
///     AttentionInput::new(query.view(), key.view(), value.view(), &Ragged::single(1))
///         .keys(&Ragged::single(2)),
/// )?;
/// assert_eq!(average, array![[4.0]]);
/// # Ok::<(), lt_attention::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaledDotProduct {
    heads: usize,
}

impl ScaledDotProduct {
    /// Attention of this many heads.
    ///
    /// # Errors
    /// [`Error::Config`] if there are none.
    pub fn new(heads: usize) -> Result<Self> {
        if heads > 0 {
            return Ok(Self { heads });
        }
        let (got, expected) = ("0".into(), "at least one head".into());
        Err(Error::Config { at: "ScaledDotProduct::new", field: "heads", got, expected })
    }

    /// The weights: for each sequence `[h, t, s]`. The output does not need them; they are for
    /// looking at.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn weights(self, input: &AttentionInput<'_>) -> Result<Vec<Array3<f32>>> {
        Ok(reference::attention_weights(&self.problem(input)?))
    }

    fn problem<'a>(self, input: &AttentionInput<'a>) -> Result<Attention<'a>> {
        const AT: &str = "ScaledDotProduct::forward";
        let AttentionInput { query, key, value, queries, keys, mask, bias } = *input;
        queries.check(AT, query.nrows())?;
        keys.check(AT, key.nrows())?;
        check_shape(AT, dims![key.nrows(), "h·v"], value.shape())?;
        check_shape(AT, dims!["key tokens", query.ncols()], key.shape())?;
        for columns in [query.ncols(), value.ncols()] {
            if columns % self.heads != 0 {
                return Err(Error::Config {
                    at: AT,
                    field: "columns",
                    got: Shape::of(&[columns]).to_string(),
                    expected: format!("a multiple of the {} heads", self.heads),
                });
            }
        }
        let of_bias = bias.map_or(self.heads, |bias| bias.heads());
        if of_bias != self.heads {
            return Err(Error::Config {
                at: AT,
                field: "bias.heads",
                got: of_bias.to_string(),
                expected: format!("{}, as attention has", self.heads),
            });
        }
        check_sequences(AT, queries, keys, mask)?;
        Ok(Attention::new(query, key, value, queries, self.heads).keys(keys).mask(mask).bias(bias))
    }
}

impl<'a> Module<AttentionInput<'a>> for ScaledDotProduct {
    type Output = Array2<f32>;

    fn forward(&self, input: AttentionInput<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: AttentionInput<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        Ok(attention(&self.problem(&input)?, scratch))
    }
}
