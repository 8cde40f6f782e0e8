//! The head that sorts whole texts: one row of scores for each.

use lt_config::ModelConfig;
use lt_core::{Error, Module, Result, Scratch, params};
use lt_embedding::TokenIds;
use lt_encoder::{Sequences, first_tokens};
use lt_layers::{Activation, Linear};
use ndarray::{Array2, ArrayView2};

use crate::family::family;
use crate::{TextEncoder, Top};

/// From the vector of each text to a score for each label.
///
/// BERT's encoder has that vector already, from its pooler: logits = W·p + b. Other families leave
/// the pooler to the head: p = activation(W′·h + b′) of the first token h.
///
/// # Shapes
/// `[b, d]` to `[b, n]` for n labels.
///
/// PyTorch: the `classifier` of transformers' `BertForSequenceClassification`;
/// `RobertaClassificationHead`.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceHead {
    transform: Option<Linear>,
    activation: Activation,
    output: Linear,
}

params!(SequenceHead { transform, output });

impl SequenceHead {
    /// A head of zeros on the vectors that the encoder's pooler gives.
    pub(crate) fn on_pooler(d: usize, labels: usize) -> Result<Self> {
        let output = Linear::zeros(d, labels)?;
        Ok(Self { transform: None, activation: Activation::Identity, output })
    }

    /// A head of zeros on the first token of each text.
    pub(crate) fn on_first_token(d: usize, activation: Activation, labels: usize) -> Result<Self> {
        let transform = Some(Linear::zeros(d, d)?);
        Ok(Self { transform, activation, output: Linear::zeros(d, labels)? })
    }

    /// What the encoder has to end in.
    fn top(&self) -> Top {
        if self.transform.is_some() { Top::Nothing } else { Top::Pooler }
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
        let head = family.sequence_head(config.labels().len())?;
        Ok(Self { encoder: family.encoder(head.top())?, head })
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
    /// [`Error::Shape`] if the vectors have another width; [`Error::Empty`] if a text has no token.
    pub fn classify(
        &self,
        hidden: ArrayView2<'_, f32>,
        input: &TokenIds<'_>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let head = &self.head;
        let sequences = Sequences { hidden, sequences: input.sequences };
        let vectors = match (&head.transform, self.encoder.pooler()) {
            (Some(transform), _) => {
                let first = first_tokens("SequenceClassifier::classify", sequences, scratch)?;
                let vectors =
                    transform.forward_activated(first.view(), head.activation, scratch)?; // [b, d]
                scratch.give(first);
                vectors
            }
            (None, Some(pooler)) => pooler.forward_in(sequences, scratch)?, // [b, d]
            (None, None) => {
                return Err(Error::Config {
                    at: "SequenceClassifier::classify",
                    field: "pooler",
                    got: "none".to_owned(),
                    expected: "one in the encoder or in the head".to_owned(),
                });
            }
        };
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
