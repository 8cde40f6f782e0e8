//! The norms around a sublayer, and its residual.

#[cfg(feature = "train")]
mod backward;

use lt_core::{Module, Result, Scratch, params};
use lt_layers::AnyNorm;
use ndarray::{Array2, ArrayView2};

#[cfg(feature = "train")]
pub(crate) use backward::SublayerCache;

/// Where the norms of a sublayer stand: y = after(x + inner(f(before(x)))). What is absent changes
/// nothing.
///
/// ```text
/// pre-LN:    y = x + f(before(x))              GPT-2, Llama, Qwen
/// post-LN:   y = after(x + f(x))               the Transformer paper, BART
/// sandwich:  y = x + inner(f(before(x)))       Gemma
/// ```
///
/// [Xiong et al. 2020](https://arxiv.org/abs/2002.04745), figure 1 (the first two);
/// [Ding et al. 2021](https://arxiv.org/abs/2105.13290), section 2.4 (the third).
///
/// ```
/// use lt_decoder::SublayerNorms;
/// use lt_layers::{Gain, RmsNorm};
/// let norm = || RmsNorm::zeros(4, Gain::OnePlusWeight, 1e-6);
/// let gemma = SublayerNorms::sandwich(norm()?, norm()?);
/// assert!(gemma.before.is_some() && gemma.inner.is_some() && gemma.after.is_none());
/// # Ok::<(), lt_decoder::lt_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SublayerNorms {
    /// Of what the sublayer is given.
    pub before: Option<AnyNorm>,
    /// Of what it gives, before that is added.
    pub inner: Option<AnyNorm>,
    /// Of the sum.
    pub after: Option<AnyNorm>,
}

params!(SublayerNorms { before, inner, after });

impl SublayerNorms {
    /// One norm, of what the sublayer is given.
    #[must_use]
    pub fn pre(norm: impl Into<AnyNorm>) -> Self {
        Self { before: Some(norm.into()), ..Self::default() }
    }

    /// One norm, of the sum.
    #[must_use]
    pub fn post(norm: impl Into<AnyNorm>) -> Self {
        Self { after: Some(norm.into()), ..Self::default() }
    }

    /// Two norms, of what the sublayer is given and of what it gives.
    #[must_use]
    pub fn sandwich(before: impl Into<AnyNorm>, inner: impl Into<AnyNorm>) -> Self {
        let (before, inner) = (Some(before.into()), Some(inner.into()));
        Self { before, inner, after: None }
    }

    /// The norms that there are.
    pub fn iter(&self) -> impl Iterator<Item = &AnyNorm> {
        [&self.before, &self.inner, &self.after].into_iter().flatten()
    }

    /// What the sublayer is given; `None` is x itself.
    pub(crate) fn enter(
        &self,
        x: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Option<Array2<f32>>> {
        self.before.as_ref().map(|norm| norm.forward_in(x, scratch)).transpose()
    }

    /// y, from the sublayer, which is given an x and what to add to its output.
    pub(crate) fn around(
        &self,
        x: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
        sublayer: impl FnOnce(ArrayView2<'_, f32>, Add<'_>, &mut Scratch) -> Result<Array2<f32>>,
    ) -> Result<Array2<f32>> {
        // formula: sublayer
        let normed = self.enter(x, scratch)?;
        let given = normed.as_ref().map_or(x.reborrow(), |normed| normed.view());
        let mut y = match &self.inner {
            // The residual is added while the rows are in the cache.
            None => sublayer(given, Add::Residual(x), scratch)?,
            Some(norm) => {
                let given = sublayer(given, Add::Nothing, scratch)?;
                let mut y = norm.forward_in(given.view(), scratch)?;
                scratch.give(given);
                y += &x;
                y
            }
        };
        normed.into_iter().for_each(|rows| scratch.give(rows));
        if let Some(norm) = &self.after {
            let sum = y;
            y = norm.forward_in(sum.view(), scratch)?;
            scratch.give(sum);
        }
        Ok(y)
    }
}

/// What a sublayer adds to its output.
pub(crate) enum Add<'a> {
    Nothing,
    Residual(ArrayView2<'a, f32>),
}
