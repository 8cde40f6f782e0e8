//! The head that finds an answer in a text: where it begins, and where it ends.

use lt_config::ModelConfig;
use lt_core::{Module, Result, Scratch, params};
use lt_embedding::TokenIds;
use lt_layers::Linear;
use ndarray::{Array1, ArrayView2};

use crate::family::family;
use crate::{HeadDropout, ScoreHead, TextEncoder};

/// An encoder with the head that finds an answer: for each token, how well it would begin one, and
/// how well it would end one.
///
/// Two linear functions of the vector of each token; some families put it through a
/// [`HeadTransform`](crate::HeadTransform) first.
///
/// # Shapes
/// ids `[tokens]` to two times `[tokens]`.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805), section 4.2. PyTorch: transformers'
/// `AutoModelForQuestionAnswering`.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionAnswering {
    pub(crate) encoder: TextEncoder,
    pub(crate) head: ScoreHead,
}

params!(QuestionAnswering { encoder, head });

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
        let encoder = family.encoder()?;
        let output = Linear::zeros(encoder.width(), 2)?;
        let dropout = HeadDropout::before_output(family.question_dropout())?;
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

    /// The scores of each token, given its vector `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if the vectors have another width.
    pub fn find(&self, hidden: ArrayView2<'_, f32>, scratch: &mut Scratch) -> Result<SpanLogits> {
        let logits = self.head.forward_in(hidden, scratch)?; // [tokens, 2]
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
