//! Texts and pairs of texts to the logits of a head that sorts whole texts.

use std::path::Path;

use lt_config::Labels;
use lt_core::Scratch;
use lt_model::{LoadOptions, SequenceClassifier};
use lt_tokenizer::{Limit, Text, Tokenizer};
use ndarray::Array2;

use crate::TaskError;
use crate::finite::finite_rows;
use crate::in_batches::{Tokenized, in_batches};
use crate::max_length::{check_max_length, own_limit};

/// A model that sorts whole texts, its tokenizer, and the names of what it tells apart: what
/// classification, zero-shot classification and reranking have in common.
#[derive(Debug)]
pub(crate) struct SequenceScorer {
    model: SequenceClassifier,
    tokenizer: Tokenizer,
    labels: Labels,
    max_length: usize,
}

/// What came out for some texts.
pub(crate) struct Scored {
    /// One row per text, `[n, labels]`.
    pub(crate) logits: Array2<f32>,
    /// How many tokens of each text were cut off.
    pub(crate) truncated: Vec<usize>,
}

impl SequenceScorer {
    /// # Errors
    /// [`TaskError::Labels`] if the head has another number of labels than there are names.
    pub(crate) fn new(
        model: SequenceClassifier,
        tokenizer: Tokenizer,
        labels: Labels,
    ) -> Result<Self, TaskError> {
        let (head, names) = (model.head().labels(), labels.names().len());
        if head != names {
            return Err(TaskError::Labels { head, names });
        }
        let max_length = own_limit(model.encoder(), &tokenizer);
        Ok(Self { model, tokenizer, labels, max_length })
    }

    pub(crate) fn from_dir(dir: &Path, options: &LoadOptions) -> Result<Self, TaskError> {
        let loaded = SequenceClassifier::from_dir(dir, options)?;
        let labels = loaded.config.labels().clone();
        Self::new(loaded.model, Tokenizer::from_dir(dir)?, labels)
    }

    pub(crate) fn with_max_length(self, max_length: usize) -> Result<Self, TaskError> {
        let max_length = check_max_length(max_length, self.model.encoder(), &self.tokenizer)?;
        Ok(Self { max_length, ..self })
    }

    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    pub(crate) fn max_length(&self) -> usize {
        self.max_length
    }

    /// The logits of each text; what is too long is cut as `limit` has it.
    ///
    /// # Errors
    /// [`TaskError::Text`] with the number of the text that could not be tokenized, has no token,
    /// or for which something came out that is not finite.
    pub(crate) fn logits(
        &self,
        texts: &[Text<'_>],
        limit: fn(usize) -> Limit,
        scratch: &mut Scratch,
    ) -> Result<Scored, TaskError> {
        let encoder = self.model.encoder();
        let tokenize = |text: Text<'_>| {
            let encoding = self.tokenizer.encode(text, limit(self.max_length))?;
            if encoding.is_empty() {
                return Err(TaskError::NoTokens);
            }
            let truncated = encoding.truncated;
            Tokenized::new(encoding, truncated, encoder)
        };
        let mut logits = Array2::zeros((texts.len(), self.labels.names().len()));
        let mut truncated = vec![0; texts.len()];
        in_batches(encoder, texts, &tokenize, scratch, |batch, scratch| {
            let of_batch = self.model.classify(batch.hidden, &batch.input, scratch)?; // [b, n]
            for ((number, _, cut), row) in batch.texts().zip(of_batch.outer_iter()) {
                logits.row_mut(number).assign(&row);
                truncated[number] = *cut;
            }
            scratch.give(of_batch);
            Ok(())
        })?;
        finite_rows(&logits)?;
        Ok(Scored { logits, truncated })
    }
}
