//! The head that sorts whole texts: one row of scores for each.

#[cfg(feature = "train")]
mod backward;

use std::ops::Range;

use lt_config::ModelConfig;
use lt_core::{Module, Params, Path, Result, Scratch, Weight, check_shape, dims, params};
use lt_embedding::TokenIds;
use lt_encoder::{Sequences, first_tokens, mean_tokens, tokens_at};
use lt_layers::{Activation, Linear};
use ndarray::{Array2, ArrayView2};

use crate::family::family;
use crate::{HeadDropout, HeadTransform, ScoreHead, TextEncoder};

#[cfg(feature = "train")]
pub use backward::SequenceClassifierCache;

/// From one vector of each text to a score for each label.
///
/// logits = W·p + b, p = norm(activation(W′·h + b′)) of the first token h, or of the mean of all
/// tokens; most families have no norm. In BERT the first of the two layers is the encoder's
/// pooler; other families leave it to the head. Decoders look at the last token, which alone has
/// seen them all, and have one layer without bias.
///
/// # Shapes
/// `[b, d]` to `[b, n]` for n labels.
///
/// PyTorch: `BertPooler` and the `classifier` of transformers' `BertForSequenceClassification`;
/// `RobertaClassificationHead`; `ModernBertPredictionHead`.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceHead {
    looks_at: LooksAt,
    score: ScoreHead,
}

/// The parameters are those of the layers that score, as if there were nothing around them.
impl Params for SequenceHead {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        self.score.visit(path, visit);
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        self.score.visit_mut(path, visit);
    }
}

/// Which vector of a text its head looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LooksAt {
    /// That of the first token.
    FirstToken,
    /// The mean of those of all tokens.
    Mean,
    /// That of the last token that is no padding; if all are, that of the first.
    LastToken {
        /// The id of padding, if there is one.
        padding: Option<u32>,
    },
}

impl SequenceHead {
    /// A head that looks at the first token, of zeros: to be loaded into.
    pub(crate) fn zeros(d: usize, activation: Activation, labels: usize) -> Result<Self> {
        Self::new(HeadTransform::new(Linear::zeros(d, d)?, activation, None)?, labels)
    }

    /// The same with this first layer.
    pub(crate) fn new(transform: HeadTransform, labels: usize) -> Result<Self> {
        let output = Linear::zeros(transform.outputs(), labels)?;
        let score = ScoreHead::new(Some(transform), output);
        Ok(Self { looks_at: LooksAt::FirstToken, score })
    }

    /// A head that looks at the last token, of zeros: to be loaded into.
    pub(crate) fn of_last_token(d: usize, labels: usize, padding: Option<usize>) -> Result<Self> {
        let output = Linear::new(Weight::zeros(&[labels, d]), None)?;
        let padding = padding.and_then(|id| u32::try_from(id).ok());
        Ok(Self { looks_at: LooksAt::LastToken { padding }, score: ScoreHead::new(None, output) })
    }

    /// With numbers that training drops.
    pub(crate) fn with_dropout(self, dropout: HeadDropout) -> Self {
        Self { score: self.score.with_dropout(dropout), ..self }
    }

    /// The same, looking at other vectors.
    pub(crate) fn looking_at(self, looks_at: LooksAt) -> Self {
        Self { looks_at, ..self }
    }

    /// Which vector of a text it looks at.
    #[must_use]
    pub fn looks_at(&self) -> LooksAt {
        self.looks_at
    }

    /// The layers that score the vectors it looks at.
    #[must_use]
    pub fn score(&self) -> &ScoreHead {
        &self.score
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.score.labels()
    }

    /// The vector of each text that is scored, `[b, d]`.
    fn look(
        &self,
        hidden: ArrayView2<'_, f32>,
        input: &TokenIds<'_>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        const AT: &str = "SequenceClassifier::classify";
        check_shape(AT, dims![input.ids.len(), "d"], hidden.shape())?;
        let sequences = Sequences { hidden, sequences: input.sequences };
        match self.looks_at {
            LooksAt::FirstToken => first_tokens(AT, sequences, scratch),
            LooksAt::Mean => mean_tokens(AT, sequences, scratch),
            LooksAt::LastToken { padding } => {
                let place = |range: Range<usize>| last_token(&input.ids[range], padding);
                tokens_at(AT, sequences, place, scratch)
            }
        }
    }
}

/// The place of the last token that is no padding; of the first if all are.
fn last_token(ids: &[u32], padding: Option<u32>) -> usize {
    ids.iter().rposition(|&id| Some(id) != padding).unwrap_or(0)
}

/// An encoder with the head that sorts whole texts, or pairs of them.
///
/// What the scores mean is for the configuration to say: of one label per text (softmax), of any
/// number of labels (a sigmoid each), or a number that was learned as such.
///
/// # Shapes
/// ids `[tokens]` to logits `[b, n]` for n labels.
///
/// PyTorch: transformers' `AutoModelForSequenceClassification`.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceClassifier {
    pub(crate) encoder: TextEncoder,
    pub(crate) head: SequenceHead,
}

params!(SequenceClassifier { encoder, head });

impl SequenceClassifier {
    /// A model of these sizes whose numbers are all zero: to be loaded into.
    ///
    /// # Errors
    /// As for [`TextEncoder::zeros`].
    pub fn zeros(config: &ModelConfig) -> Result<Self> {
        let family = family(config)?;
        let head = family.sequence_head(config.labels().names().len())?;
        Ok(Self { encoder: family.encoder()?, head })
    }

    /// The encoder under the head.
    #[must_use]
    pub fn encoder(&self) -> &TextEncoder {
        &self.encoder
    }

    /// The head.
    #[must_use]
    pub fn head(&self) -> &SequenceHead {
        &self.head
    }

    /// The scores of each text, given what the encoder gives for its tokens.
    ///
    /// # Errors
    /// [`Error::Shape`](lt_core::Error::Shape) if the vectors have another width;
    /// [`Error::Empty`](lt_core::Error::Empty) if a text has no token.
    pub fn classify(
        &self,
        hidden: ArrayView2<'_, f32>,
        input: &TokenIds<'_>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let texts = self.head.look(hidden, input, scratch)?; // [b, d]
        let logits = self.head.score.forward_in(texts.view(), scratch)?; // [b, n]
        scratch.give(texts);
        Ok(logits)
    }
}

impl<'a> Module<TokenIds<'a>> for SequenceClassifier {
    type Output = Array2<f32>;

    fn forward(&self, input: TokenIds<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let hidden = self.encoder.hidden(input, scratch)?;
        let logits = self.classify(hidden.view(), &input, scratch)?;
        scratch.give(hidden);
        Ok(logits)
    }
}
