//! The causal-language-model head: which word comes next.

#[cfg(feature = "train")]
mod backward;

use lt_attention::KvCache;
use lt_config::ModelConfig;
use lt_core::{Error, Module, Result, Scratch, Weight, check_columns, check_shape, dims, params};
use lt_embedding::TokenIds;
use lt_kernels::{Instructions, Product, math, product};
use ndarray::{Array2, ArrayView2};

use crate::family::family;
use crate::{Decoder, Layers, TextEncoder};

#[cfg(feature = "train")]
pub use backward::CausalLmCache;

/// A decoder with the head that predicts the next word.
///
/// logits = h·Eᵀ for the vector h of each token, where E is the table of token vectors or a matrix
/// of its own; a family may bend them towards a cap c, c·tanh(logits / c).
///
/// # Shapes
/// ids `[tokens]` to logits `[tokens, v]`: row i scores what follows token i.
///
/// [Radford et al. 2018](https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf),
/// equation 2. PyTorch: transformers' `AutoModelForCausalLM`.
#[derive(Debug, Clone, PartialEq)]
pub struct CausalLm {
    pub(crate) encoder: TextEncoder,
    head: Option<Weight>,
    cap: Option<f32>,
}

params!(CausalLm { encoder, head });

impl CausalLm {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`TextEncoder::zeros`], and if the family is one of encoders.
    pub fn zeros(config: &ModelConfig, decoder: Decoder) -> Result<Self> {
        let family = family(config)?;
        let (encoder, cap) = (family.encoder()?, family.logit_cap());
        if matches!(encoder.layers(), Layers::Encoder(_)) {
            return Err(Error::Config {
                at: "CausalLm::zeros",
                field: "model_type",
                got: config.family().to_owned(),
                expected: "a family of decoders".to_owned(),
            });
        }
        let (words, width) = (encoder.embeddings().token().entries(), encoder.width());
        let head = (decoder == Decoder::Own).then(|| Weight::zeros(&[words, width]));
        Ok(Self { encoder, head, cap })
    }

    /// The decoder under the head, which gives one vector for each token.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// Whether the head is the table of token vectors, or a matrix of its own.
    #[must_use]
    pub fn decoder(&self) -> Decoder {
        if self.head.is_some() { Decoder::Own } else { Decoder::Tied }
    }

    /// How many words there are to choose from, v.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.words().shape()[0]
    }

    fn words(&self) -> &Weight {
        self.head.as_ref().unwrap_or(self.encoder.embeddings().token().weight())
    }

    /// A cache for so many sequences, of which nothing is kept yet.
    #[must_use]
    pub fn cache(&self, sequences: usize) -> KvCache {
        match self.encoder.layers() {
            Layers::Decoder(decoder) => decoder.cache(sequences),
            Layers::Encoder(_) => unreachable!("made of a decoder"),
        }
    }

    /// The scores of what follows some tokens, given their vectors `[n, d]`: `[n, v]`.
    ///
    /// The scores of a whole text are large; those behind its last token are usually all that is
    /// wanted.
    ///
    /// # Errors
    /// [`Error::Shape`] if the vectors have another width.
    pub fn predict(
        &self,
        hidden: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let (words, d) = (self.words(), self.encoder.width());
        check_columns("CausalLm::predict", d, &hidden)?;
        check_shape("CausalLm::predict", dims!["v", d], words.shape())?;
        // formula: causal-lm
        let mut logits = product(&Product::new(hidden, words), scratch); // [n, v]
        if let Some(cap) = self.cap {
            logits /= cap;
            if let Some(numbers) = logits.as_slice_mut() {
                math::tanh_in_place(Instructions::best(), numbers);
            }
            logits *= cap;
        }
        Ok(logits)
    }
}

impl<'a> Module<TokenIds<'a>> for CausalLm {
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
