//! The head that finds an answer in a text: where it begins, and where it ends.

use lt_config::ModelConfig;
use lt_core::{Module, Result, Scratch, params};
use lt_embedding::TokenIds;
use lt_layers::Linear;
use ndarray::{Array1, ArrayView2};

use crate::family::family;
use crate::head_transform::score;
use crate::{HeadTransform, TextEncoder};

/// An encoder with the head that finds an answer: for each token, how well it would begin one, and
/// how well it would end one.
///
/// Two linear functions of the vector of each token; some families put it through a
/// [`HeadTransform`] first.
///
/// # Shapes
/// ids `[tokens]` to two times `[tokens]`.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 4.2. PyTorch: transformers'
/// `AutoModelForQuestionAnswering`.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionAnswering {
    encoder: TextEncoder,
    transform: Option<HeadTransform>,
    output: Linear,
}

params!(QuestionAnswering { encoder, transform, output });

/// What a [`QuestionAnswering`] gives: scores of each token, `[tokens]`.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanLogits {
    /// Of beginning the answer.
    pub start: Array1<f32>,
    /// Of ending it.
    pub end: Array1<f32>,
}

impl QuestionAnswering {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`TextEncoder::zeros`].
    pub fn zeros(config: &ModelConfig) -> Result<Self> {
        let family = family(config)?;
        let (encoder, transform) = (family.encoder()?, family.token_transform()?);
        let output = Linear::zeros(encoder.width(), 2)?;
        Ok(Self { encoder, transform, output })
    }

    /// The encoder under the head.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// The scores of each token, given its vector `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if the vectors have another width.
    pub fn find(&self, hidden: ArrayView2<'_, f32>, scratch: &mut Scratch) -> Result<SpanLogits> {
        let logits = score(self.transform.as_ref(), &self.output, hidden, scratch)?; // [tokens, 2]
        let spans =
            SpanLogits { start: logits.column(0).to_owned(), end: logits.column(1).to_owned() };
        scratch.give(logits);
        Ok(spans)
    }
}

impl<'a> Module<TokenIds<'a>> for QuestionAnswering {
    type Output = SpanLogits;

    fn forward(&self, input: TokenIds<'a>) -> Result<SpanLogits> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<SpanLogits> {
        let hidden = self.encoder.hidden(input, scratch)?;
        let spans = self.find(hidden.view(), scratch)?;
        scratch.give(hidden);
        Ok(spans)
    }
}
