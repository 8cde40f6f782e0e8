//! The head that sorts whole texts: one row of scores for each.

use lt_config::ModelConfig;
use lt_core::{Module, Result, Scratch, params};
use lt_embedding::TokenIds;
use lt_encoder::{Sequences, first_tokens};
use lt_layers::{Activation, Linear};
use ndarray::{Array2, ArrayView2};

use crate::TextEncoder;
use crate::family::family;

/// From the vector of the first token of each text to a score for each label.
///
/// logits = W·p + b, p = activation(W′·h + b′) of the first token h. In BERT the first of the two
/// is the encoder's pooler; other families leave it to the head.
///
/// # Shapes
/// `[b, d]` to `[b, n]` for n labels.
///
/// PyTorch: `BertPooler` and the `classifier` of transformers' `BertForSequenceClassification`;
/// `RobertaClassificationHead`.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceHead {
    transform: Linear,
    activation: Activation,
    output: Linear,
}

params!(SequenceHead { transform, output });

impl SequenceHead {
    /// A head of zeros on tokens of width `d`.
    pub(crate) fn zeros(d: usize, activation: Activation, labels: usize) -> Result<Self> {
        Ok(Self { transform: Linear::zeros(d, d)?, activation, output: Linear::zeros(d, labels)? })
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.output.outputs()
    }
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
    encoder: TextEncoder,
    head: SequenceHead,
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
        let head = &self.head;
        let sequences = Sequences { hidden, sequences: input.sequences };
        let first = first_tokens("SequenceClassifier::classify", sequences, scratch)?; // [b, d]
        let vectors = head.transform.forward_activated(first.view(), head.activation, scratch)?; // [b, d]
        scratch.give(first);
        let logits = head.output.forward_in(vectors.view(), scratch)?; // [b, n]
        scratch.give(vectors);
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
