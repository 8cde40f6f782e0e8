//! Predictions for some tokens of a batch.

use lt_core::{Module, Result, Scratch};
use lt_embedding::PredictAt;
use ndarray::Array2;

use crate::{CausalLm, MaskedLm, QuestionAnswering, ReplacedTokens, TextEncoder, TokenClassifier};

/// These rows alone, `[rows, d]`.
pub(crate) fn rows_at(hidden: &Array2<f32>, rows: &[u32], scratch: &mut Scratch) -> Array2<f32> {
    let mut at = scratch.take_any(rows.len(), hidden.ncols());
    for (&row, mut to) in rows.iter().zip(at.rows_mut()) {
        to.assign(&hidden.row(row as usize));
    }
    at
}

/// The gradient of all rows, `[tokens, d]`, from that of some: forward: a row is left out
/// ⇒  backward: its gradient is 0.
#[cfg(feature = "train")]
pub(crate) fn rows_back(
    input: &PredictAt<'_>,
    d_at: &Array2<f32>,
    d: usize,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    let at = "PredictAt::backward";
    lt_core::check_shape(at, lt_core::dims![input.rows().len(), d], d_at.shape())?;
    let mut d_hidden = scratch.take(input.tokens().sequences.tokens(), d);
    for (&row, d_row) in input.rows().iter().zip(d_at.rows()) {
        d_hidden.row_mut(row as usize).assign(&d_row);
    }
    Ok(d_hidden)
}

/// The vectors of some tokens, `[rows, d]`.
impl<'a> Module<PredictAt<'a>> for TextEncoder {
    type Output = Array2<f32>;

    fn forward(&self, input: PredictAt<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: PredictAt<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let hidden = self.hidden(input.tokens(), scratch)?;
        let at = rows_at(&hidden, input.rows(), scratch); // [rows, d]
        scratch.give(hidden);
        Ok(at)
    }
}

/// A model whose head looks at one vector at a time.
macro_rules! predicts_at {
    ($model:ident, $what:literal, |$self:ident, $at:ident, $scratch:ident| $scores:expr) => {
        #[doc = $what]
        impl<'a> Module<PredictAt<'a>> for $model {
            type Output = Array2<f32>;

            fn forward(&self, input: PredictAt<'a>) -> Result<Array2<f32>> {
                self.forward_in(input, &mut Scratch::new())
            }

            fn forward_in(
                &$self,
                input: PredictAt<'a>,
                $scratch: &mut Scratch,
            ) -> Result<Array2<f32>> {
                let $at = $self.encoder().forward_in(input, $scratch)?; // [rows, d]
                let scores = $scores;
                $scratch.give($at);
                Ok(scores)
            }
        }
    };
}

predicts_at!(
    MaskedLm,
    "The scores of each word for some tokens, `[rows, v]`.",
    |self, at, scratch| { self.predict(at.view(), scratch)? }
);
predicts_at!(
    CausalLm,
    "The scores of each word to follow some tokens, `[rows, v]`.",
    |self, at, scratch| self.predict(at.view(), scratch)?
);
predicts_at!(
    TokenClassifier,
    "The scores of each label for some tokens, `[rows, n]`.",
    |self, at, scratch| self.head().forward_in(at.view(), scratch)?
);
predicts_at!(
    QuestionAnswering,
    "The scores of some tokens as beginning and as end of the answer, `[rows, 2]`.",
    |self, at, scratch| self.head().forward_in(at.view(), scratch)?
);
predicts_at!(ReplacedTokens, "The score of some tokens, `[rows, 1]`.", |self, at, scratch| self
    .head()
    .forward_in(at.view(), scratch)?);
