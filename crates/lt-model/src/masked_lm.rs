//! The masked-language-model head: which word stood where the mask is.

use lt_config::BertConfig;
use lt_core::{Module, Result, Scratch, Weight, check_columns, check_shape, dims, params};
use lt_embedding::TokenIds;
use lt_kernels::{Product, product};
use lt_layers::{Activation, LayerNorm, Linear, activation_from_name};
use ndarray::{Array2, ArrayView2};

use crate::Bert;

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
    transform: Linear,
    activation: Activation,
    norm: LayerNorm,
    decoder: Option<Weight>,
    bias: Weight,
}

params!(MaskedLmHead { transform, norm, decoder, bias });

/// BERT with the head that predicts masked words.
///
/// # Shapes
/// ids `[tokens]` to logits `[tokens, v]`.
///
/// PyTorch: transformers' `BertForMaskedLM`.
#[derive(Debug, Clone, PartialEq)]
pub struct BertForMaskedLm {
    bert: Bert,
    head: MaskedLmHead,
}

params!(BertForMaskedLm { bert, head });

/// Which matrix turns a predicted vector into scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoder {
    /// The table of token vectors.
    Tied,
    /// One of its own.
    Own,
}

impl BertForMaskedLm {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`Bert::zeros`].
    pub fn zeros(config: &BertConfig, decoder: Decoder) -> Result<Self> {
        let (d, v) = (config.hidden_size, config.vocab_size);
        let head = MaskedLmHead {
            transform: Linear::zeros(d, d)?,
            activation: activation_from_name(&config.hidden_act)?,
            norm: LayerNorm::zeros(d, config.layer_norm_eps)?,
            decoder: (decoder == Decoder::Own).then(|| Weight::zeros(&[v, d])),
            bias: Weight::zeros(&[v]),
        };
        Ok(Self { bert: Bert::zeros(config, false)?, head })
    }

    /// The model under the head.
    #[must_use]
    pub fn bert(&self) -> &Bert {
        &self.bert
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
        let head = &self.head;
        check_columns("BertForMaskedLm::predict", head.transform.inputs(), &hidden)?;
        let words = head.decoder.as_ref().unwrap_or(self.bert.embeddings().token().weight());
        check_shape("BertForMaskedLm::predict", dims![words.shape()[0]], head.bias.shape())?;
        let mut rows = head.transform.forward_activated(hidden, head.activation, scratch)?; // [n, d]
        head.norm.forward_in_place(&mut rows, scratch)?;
        let logits = product(&Product::new(rows.view(), words).bias(Some(&head.bias)), scratch); // [n, v]
        scratch.give(rows);
        Ok(logits)
    }
}

impl<'a> Module<TokenIds<'a>> for BertForMaskedLm {
    type Output = Array2<f32>;

    fn forward(&self, input: TokenIds<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let hidden = self.bert.hidden(input, scratch)?;
        let logits = self.predict(hidden.view(), scratch)?;
        scratch.give(hidden);
        Ok(logits)
    }
}
