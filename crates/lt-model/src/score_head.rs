//! From vectors to scores: the layers that most heads are made of.

#[cfg(feature = "train")]
mod backward;
#[cfg(feature = "train")]
mod tokens;

use lt_core::{Module, Result, Scratch, params};
use lt_layers::{Dropout, Linear};
use ndarray::{Array2, ArrayView2};

use crate::HeadTransform;

#[cfg(feature = "train")]
pub use backward::ScoreHeadCache;
#[cfg(feature = "train")]
pub use tokens::TokenScoresCache;

/// From the vector of a token, or of a whole text, to a score for each label.
///
/// logits = W·t + b, where t is what a [`HeadTransform`] makes of the vector, or the vector as it
/// is.
///
/// # Shapes
/// `[n, d]` to `[n, labels]`.
///
/// PyTorch: the `classifier` of transformers' `BertForTokenClassification`, `qa_outputs`, `score`;
/// with the layer before it `RobertaClassificationHead`, `ModernBertPredictionHead`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreHead {
    transform: Option<HeadTransform>,
    output: Linear,
    dropout: HeadDropout,
}

params!(ScoreHead { transform, output });

/// What training drops in a head; nothing at first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct HeadDropout {
    /// From the vectors that the transform is given.
    pub before_transform: Dropout,
    /// From the vectors that are scored.
    pub before_output: Dropout,
}

impl HeadDropout {
    /// From the vectors that are scored alone, as BERT.
    pub(crate) fn before_output(rate: f32) -> Result<Self> {
        Ok(Self { before_output: Dropout::new(rate)?, ..Self::default() })
    }

    /// Before the transform and behind it, as `RoBERTa`.
    pub(crate) fn around_transform(rate: f32) -> Result<Self> {
        let dropout = Dropout::new(rate)?;
        Ok(Self { before_transform: dropout, before_output: dropout })
    }
}

impl ScoreHead {
    /// Of these layers; training drops nothing.
    pub(crate) fn new(transform: Option<HeadTransform>, output: Linear) -> Self {
        Self { transform, output, dropout: HeadDropout::default() }
    }

    /// With numbers that training drops.
    pub(crate) fn with_dropout(self, dropout: HeadDropout) -> Self {
        Self { dropout, ..self }
    }

    /// The layer before the scores, where the family has one.
    #[must_use]
    pub fn transform(&self) -> Option<&HeadTransform> {
        self.transform.as_ref()
    }

    /// What training drops.
    #[must_use]
    pub fn dropout(&self) -> HeadDropout {
        self.dropout
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.output.outputs()
    }
}

impl<'a> Module<ArrayView2<'a, f32>> for ScoreHead {
    type Output = Array2<f32>;

    fn forward(&self, vectors: ArrayView2<'a, f32>) -> Result<Array2<f32>> {
        self.forward_in(vectors, &mut Scratch::new())
    }

    fn forward_in(
        &self,
        vectors: ArrayView2<'a, f32>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let Some(transform) = &self.transform else {
            return self.output.forward_in(vectors, scratch);
        };
        let transformed = transform.forward_in(vectors, scratch)?; // [n, e]
        let scores = self.output.forward_in(transformed.view(), scratch)?; // [n, labels]
        scratch.give(transformed);
        Ok(scores)
    }
}
