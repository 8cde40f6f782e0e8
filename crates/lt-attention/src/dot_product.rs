//! Scaled dot-product attention.

use lt_core::{Error, Mask, Module, Result, Scratch, Shape, check_shape, dims};
use lt_kernels::{Attention, Heads, attention, reference};
use ndarray::{Array2, Array3, ArrayView2};

use crate::input::check_sequences;
use crate::{AttentionInput, HiddenStates, LayerCache};

/// softmax(Q·Kᵀ / √k)·V: each query gets an average of the values, weighted by how well the keys
/// match it.
///
/// It has no parameters but the number of heads, which look independently, each at its own columns.
/// Queries may have more heads than keys and values: then groups of them share a key head.
///
/// # Shapes
/// `[tokens, h·k]`, `[key tokens, g·k]` and `[key tokens, g·v]` to `[tokens, h·v]`, where the g key
/// heads are the h heads, or a divisor of them.
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
///
/// Grouped: [Ainslie et al. 2023](https://arxiv.org/abs/2305.13245), section 2.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaledDotProduct {
    heads: Heads,
    scale: Option<f32>,
    cap: Option<f32>,
}

impl ScaledDotProduct {
    /// Attention of this many heads.
    ///
    /// # Errors
    /// [`Error::Config`] if there are none, or those of keys do not divide those of queries.
    pub fn new(heads: impl Into<Heads>) -> Result<Self> {
        let heads = heads.into();
        let refuse = |field, got: usize, expected: String| {
            let (at, got) = ("ScaledDotProduct::new", got.to_string());
            Err(Error::Config { at, field, got, expected })
        };
        if heads.query == 0 {
            return refuse("heads", 0, "at least one head".to_owned());
        }
        if heads.key == 0 || !heads.query.is_multiple_of(heads.key) {
            let expected = format!("a divisor of the {} heads of queries", heads.query);
            return refuse("the number of key heads", heads.key, expected);
        }
        Ok(Self { heads, scale: None, cap: None })
    }

    /// With scores that are multiplied by this in place of 1/√k.
    #[must_use]
    pub fn scale(self, scale: impl Into<Option<f32>>) -> Self {
        Self { scale: scale.into(), ..self }
    }

    /// With scaled scores that are bent towards a cap c, c·tanh(score / c), if there is one.
    ///
    /// [Gemma Team 2024](https://arxiv.org/abs/2408.00118), section 2. PyTorch: transformers'
    /// `attn_logit_softcapping`.
    #[must_use]
    pub fn cap(self, cap: impl Into<Option<f32>>) -> Self {
        Self { cap: cap.into(), ..self }
    }

    /// What scores of keys of width k are multiplied by.
    pub(crate) fn scale_of(self, k: usize) -> f32 {
        self.scale.unwrap_or_else(|| 1.0 / (k as f32).sqrt())
    }

    /// Attention of queries `[tokens, h·k]` to what a cache keeps of their sequences.
    pub(crate) fn to_kept(
        self,
        query: ArrayView2<'_, f32>,
        input: &HiddenStates<'_>,
        mask: &Mask,
        cache: &LayerCache,
        scratch: &mut Scratch,
    ) -> Array2<f32> {
        let k = query.ncols() / self.heads.query;
        let (before, kept) = (cache.before(), cache.kept());
        let problem = Attention::to_kept(query, input.sequences, before, kept, self.heads);
        let problem = problem.scale(self.scale_of(k)).cap(self.cap).bias(input.bias).mask(mask);
        attention(&problem, scratch)
    }

    /// The weights: for each sequence `[h, t, s]`. The output does not need them; they are for
    /// looking at.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn weights(self, input: &AttentionInput<'_>) -> Result<Vec<Array3<f32>>> {
        Ok(reference::attention_weights(&self.problem(input)?))
    }

    /// The problem that a kernel solves.
    pub(crate) fn problem<'a>(self, input: &AttentionInput<'a>) -> Result<Attention<'a>> {
        const AT: &str = "ScaledDotProduct::forward";
        let AttentionInput { query, key, value, queries, keys, mask, bias } = *input;
        queries.check(AT, query.nrows())?;
        keys.check(AT, key.nrows())?;
        check_shape(AT, dims![key.nrows(), "h·v"], value.shape())?;
        let Heads { query: h, key: g } = self.heads;
        for (columns, heads) in [(query.ncols(), h), (value.ncols(), g)] {
            if columns % heads != 0 {
                return Err(Error::Config {
                    at: AT,
                    field: "columns",
                    got: Shape::of(&[columns]).to_string(),
                    expected: format!("a multiple of the {heads} heads"),
                });
            }
        }
        let k = query.ncols() / h;
        check_shape(AT, dims!["key tokens", g * k], key.shape())?;
        let of_bias = bias.map_or(h, |bias| bias.heads());
        if of_bias != h {
            return Err(Error::Config {
                at: AT,
                field: "bias.heads",
                got: of_bias.to_string(),
                expected: format!("{h}, as attention has"),
            });
        }
        check_sequences(AT, queries, keys, mask)?;
        let problem = Attention::new(query, key, value, queries, self.heads).keys(keys);
        Ok(problem.scale(self.scale_of(k)).cap(self.cap).mask(mask).bias(bias))
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
