//! The head that tells which tokens were replaced.

use lt_config::ModelConfig;
use lt_core::{Error, Module, Result, Scratch, params};
use lt_embedding::TokenIds;
use lt_layers::Linear;
use ndarray::{Array1, ArrayView2};

use crate::family::family;
use crate::{ScoreHead, TextEncoder};

/// An encoder with the head that tells which tokens of a text another model put there: ELECTRA's
/// discriminator.
///
/// logit = w·activation(W·h + b) + c for the vector h of each token; above 0 is: replaced.
///
/// # Shapes
/// ids `[tokens]` to logits `[tokens]`.
///
/// [Clark et al. 2020](https://arxiv.org/abs/2003.10555), section 2. PyTorch: transformers'
/// `ElectraForPreTraining`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplacedTokens {
    pub(crate) encoder: TextEncoder,
    pub(crate) head: ScoreHead,
}

params!(ReplacedTokens { encoder, head });

impl ReplacedTokens {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`TextEncoder::zeros`], and if the family has no such head.
    pub fn zeros(config: &ModelConfig) -> Result<Self> {
        let family = family(config)?;
        let Some(transform) = family.replaced_transform()? else {
            return Err(Error::Config {
                at: "ReplacedTokens::zeros",
                field: "model_type",
                got: config.family().to_owned(),
                expected: "electra: no other family has a head that finds replaced tokens".into(),
            });
        };
        let output = Linear::zeros(transform.outputs(), 1)?;
        Ok(Self { encoder: family.encoder()?, head: ScoreHead::new(Some(transform), output) })
    }

    /// The encoder under the head.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// The head.
    #[must_use]
    pub fn head(&self) -> &ScoreHead {
        &self.head
    }

    /// The score of each token, given its vector `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the vectors have another width.
    pub fn score(&self, hidden: ArrayView2<'_, f32>, scratch: &mut Scratch) -> Result<Array1<f32>> {
        let logits = self.head.forward_in(hidden, scratch)?; // [tokens, 1]
        let scores = logits.column(0).to_owned(); // [tokens]
        scratch.give(logits);
        Ok(scores)
    }
}

impl<'a> Module<TokenIds<'a>> for ReplacedTokens {
    type Output = Array1<f32>;

    fn forward(&self, input: TokenIds<'a>) -> Result<Array1<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<Array1<f32>> {
        let hidden = self.encoder.hidden(input, scratch)?;
        let scores = self.score(hidden.view(), scratch)?;
        scratch.give(hidden);
        Ok(scores)
    }
}
