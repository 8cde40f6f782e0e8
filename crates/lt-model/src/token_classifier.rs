//! The head that sorts tokens: one row of scores for each.

use lt_config::ModelConfig;
use lt_core::{Module, Result, Scratch, params};
use lt_embedding::TokenIds;
use lt_layers::Linear;
use ndarray::{Array2, ArrayView2};

use crate::family::family;
use crate::{HeadDropout, ScoreHead, TextEncoder};

/// An encoder with the head that sorts tokens: names of people and places, parts of speech.
///
/// logits = W·h + b for the vector h of each token; some families put it through a
/// [`HeadTransform`](crate::HeadTransform) first.
///
/// # Shapes
/// ids `[tokens]` to logits `[tokens, n]` for n labels.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 5.3. PyTorch: transformers'
/// `AutoModelForTokenClassification`.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenClassifier {
    pub(crate) encoder: TextEncoder,
    pub(crate) head: ScoreHead,
}

params!(TokenClassifier { encoder, head });

impl TokenClassifier {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`TextEncoder::zeros`].
    pub fn zeros(config: &ModelConfig) -> Result<Self> {
        let family = family(config)?;
        let encoder = family.encoder()?;
        let output = Linear::zeros(encoder.width(), config.labels().names().len())?;
        let dropout = HeadDropout::before_output(family.token_dropout())?;
        let head = ScoreHead::new(family.token_transform()?, output).with_dropout(dropout);
        Ok(Self { encoder, head })
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

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.head.labels()
    }

    /// The scores of each token, given its vector `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if the vectors have another width.
    pub fn classify(
        &self,
        hidden: ArrayView2<'_, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        self.head.forward_in(hidden, scratch)
    }
}

impl<'a> Module<TokenIds<'a>> for TokenClassifier {
    type Output = Array2<f32>;

    fn forward(&self, input: TokenIds<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let hidden = self.encoder.hidden(input, scratch)?;
        let logits = self.classify(hidden.view(), scratch)?; // [tokens, n]
        scratch.give(hidden);
        Ok(logits)
    }
}
