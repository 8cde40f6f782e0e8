//! The masked-language-model head: which word stood where the mask is.

#[cfg(feature = "train")]
mod backward;

use lt_config::ModelConfig;
use lt_core::{Module, Result, Scratch, Weight, check_columns, check_shape, dims, params};
use lt_embedding::TokenIds;
use lt_kernels::{Product, product};
use ndarray::{Array2, ArrayView2};

use crate::family::family;
use crate::{HeadTransform, TextEncoder};

#[cfg(feature = "train")]
pub use backward::MaskedLmCache;

/// From the vector of a token to a score for each word of the vocabulary.
///
/// logits = norm(activation(W·h + b))·Eᵀ + c, where E is the table of token vectors: the word
/// whose vector is most like the prediction gets the highest score. A checkpoint may have a matrix
/// of its own in place of E.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, v]`.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 3.1, task 1. PyTorch:
/// transformers' `BertLMPredictionHead`.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedLmHead {
    transform: HeadTransform,
    decoder: Option<Weight>,
    bias: Option<Weight>,
}

params!(MaskedLmHead { transform, decoder, bias });

impl MaskedLmHead {
    /// A head of this first layer for a vocabulary of `words`, its scores all zero: to be loaded
    /// into.
    pub(crate) fn zeros(transform: HeadTransform, words: usize, decoder: Decoder) -> Self {
        let width = transform.outputs();
        let decoder = (decoder == Decoder::Own).then(|| Weight::zeros(&[words, width]));
        Self { transform, decoder, bias: Some(Weight::zeros(&[words])) }
    }

    /// Without the number c that each word has.
    pub(crate) fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }
}

/// Which matrix turns a predicted vector into scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoder {
    /// The table of token vectors.
    Tied,
    /// One of its own.
    Own,
}

/// An encoder with the head that predicts masked words.
///
/// # Shapes
/// ids `[tokens]` to logits `[tokens, v]`.
///
/// PyTorch: transformers' `AutoModelForMaskedLM`, so `BertForMaskedLM` and its kin.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedLm {
    pub(crate) encoder: TextEncoder,
    head: MaskedLmHead,
}

params!(MaskedLm { encoder, head });

impl MaskedLm {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`TextEncoder::zeros`].
    pub fn zeros(config: &ModelConfig, decoder: Decoder) -> Result<Self> {
        let family = family(config)?;
        let encoder = family.encoder()?;
        Ok(Self { encoder, head: family.masked_lm_head(decoder)? })
    }

    /// The encoder under the head.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// Whether the head uses the table of token vectors, or a matrix of its own.
    #[must_use]
    pub fn decoder(&self) -> Decoder {
        if self.head.decoder.is_some() { Decoder::Own } else { Decoder::Tied }
    }

    /// The scores of some tokens alone, given their vectors `[n, d]`: `[n, v]`.
    ///
    /// The scores of a whole text are large (v is in the ten thousands); those of its masks are
    /// usually all that is wanted.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if the vectors have another width.
    pub fn predict(
        &self,
        hidden: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        self.check(&hidden)?;
        let rows = self.head.transform.forward_in(hidden, scratch)?; // [n, e]
        let logits = self.compare(rows.view(), scratch); // [n, v]
        scratch.give(rows);
        Ok(logits)
    }

    /// The matrix that turns a predicted vector into scores, `[v, e]`.
    fn words(&self) -> &Weight {
        self.head.decoder.as_ref().unwrap_or(self.encoder.embeddings().token().weight())
    }

    /// Refuses vectors of another width, and a matrix that does not fit the head.
    fn check(&self, hidden: &ArrayView2<'_, f32>) -> Result<()> {
        const AT: &str = "MaskedLm::predict";
        let (transform, words) = (&self.head.transform, self.words());
        check_columns(AT, transform.inputs(), hidden)?;
        let v = words.shape()[0];
        check_shape(AT, dims![v, transform.outputs()], words.shape())?;
        self.head.bias.as_ref().map_or(Ok(()), |bias| check_shape(AT, dims![v], bias.shape()))
    }

    /// How like each word the predicted vectors are, `[n, v]`.
    fn compare(&self, rows: ArrayView2<'_, f32>, scratch: &mut Scratch) -> Array2<f32> {
        // formula: masked-lm
        let scores = Product::new(rows, self.words()).bias(self.head.bias.as_ref());
        product(&scores, scratch)
    }
}

impl<'a> Module<TokenIds<'a>> for MaskedLm {
    type Output = Array2<f32>;

    fn forward(&self, input: TokenIds<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let hidden = self.encoder.hidden(input, scratch)?;
        let logits = self.predict(hidden.view(), scratch)?;
        scratch.give(hidden);
        Ok(logits)
    }
}
