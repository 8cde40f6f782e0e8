//! The head that sorts tokens: one row of scores for each.

use lt_config::ModelConfig;
use lt_core::{Module, Result, Scratch, params};
use lt_embedding::TokenIds;
use lt_layers::Linear;
use ndarray::{Array2, ArrayView2};

use crate::family::family;
use crate::head_transform::score;
use crate::{HeadTransform, TextEncoder};

/// An encoder with the head that sorts tokens: names of people and places, parts of speech.
///
/// logits = W·h + b for the vector h of each token; some families put it through a
/// [`HeadTransform`] first.
///
/// # Shapes
/// ids `[tokens]` to logits `[tokens, n]` for n labels.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 5.3. PyTorch: transformers'
/// `AutoModelForTokenClassification`.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenClassifier {
    encoder: TextEncoder,
    transform: Option<HeadTransform>,
    output: Linear,
}

params!(TokenClassifier { encoder, transform, output });

impl TokenClassifier {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`TextEncoder::zeros`].
    pub fn zeros(config: &ModelConfig) -> Result<Self> {
        let family = family(config)?;
        let (encoder, transform) = (family.encoder()?, family.token_transform()?);
        let output = Linear::zeros(encoder.width(), config.labels().names().len())?;
        Ok(Self { encoder, transform, output })
    }

    /// The encoder under the head.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.output.outputs()
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
        score(self.transform.as_ref(), &self.output, hidden, scratch)
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
