//! Which document answers a query best, read beside the query.

use std::path::Path;

use lt_config::{CrossEncoder, Labels, ScoreActivation};
use lt_core::Scratch;
use lt_model::{LoadOptions, SequenceClassifier};
use lt_tokenizer::{Limit, Text, Tokenizer};
use serde::Serialize;

use crate::TaskError;
use crate::largest::largest_first;
use crate::scores::ScoreFunction;
use crate::sequence_scorer::{Scored, SequenceScorer};

/// Scores documents by how well they answer a query: a cross-encoder, which reads both as one
/// sequence.
///
/// ```no_run
/// use lt_tasks::{LoadOptions, Reranker, Scratch};
/// let reranker = Reranker::from_dir("ms-marco-MiniLM-L6-v2", &LoadOptions::default())?;
/// let documents = ["Paris is the capital of France.", "Cats sleep all day."];
/// let ranked = reranker.rank("capital of France", &documents, &mut Scratch::new())?;
/// assert_eq!(ranked[0].index, 0);
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// [Nogueira and Cho 2019](https://arxiv.org/abs/1901.04085). PyTorch:
/// `sentence_transformers.CrossEncoder(dir).rank(query, documents)`.
#[derive(Debug)]
pub struct Reranker {
    scorer: SequenceScorer,
    function: ScoreFunction,
}

/// A document and its score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Ranked {
    /// Which of the documents, counted from 0.
    pub index: usize,
    /// How well it answers.
    pub score: f32,
    /// How many tokens of query and document the model did not see, as it takes no more.
    pub truncated: usize,
}

impl Reranker {
    /// Of these parts; the score is a sigmoid, from 0 to 1.
    ///
    /// # Errors
    /// [`TaskError::NotOneScore`] if the model has more labels than one; [`TaskError::Labels`] if
    /// there are more or fewer names than the head has labels.
    pub fn new(
        model: SequenceClassifier,
        tokenizer: Tokenizer,
        labels: Labels,
    ) -> Result<Self, TaskError> {
        Self::of(SequenceScorer::new(model, tokenizer, labels)?)
    }

    /// Loads a directory whose model gives one score to a text or a pair.
    ///
    /// The score is the number itself where sentence-transformers' settings say so
    /// (`torch.nn.Identity`), and a sigmoid otherwise.
    ///
    /// # Errors
    /// As for [`new`](Self::new), and if a file is absent or damaged, or the checkpoint has
    /// another head or none.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        let reranker = Self::of(SequenceScorer::from_dir(dir, options)?)?;
        let function = match CrossEncoder::from_dir(dir)?.activation {
            Some(ScoreActivation::Identity) => ScoreFunction::Raw,
            _ => ScoreFunction::Sigmoid,
        };
        Ok(reranker.with_function(function))
    }

    fn of(scorer: SequenceScorer) -> Result<Self, TaskError> {
        if scorer.labels().names().len() != 1 {
            let labels = scorer.labels().names().to_vec();
            return Err(TaskError::NotOneScore { labels });
        }
        Ok(Self { scorer, function: ScoreFunction::Sigmoid })
    }

    /// With scores made otherwise. None of them changes the order, as long as scores are not so
    /// large that a sigmoid takes them for the same.
    #[must_use]
    pub fn with_function(self, function: ScoreFunction) -> Self {
        Self { function, ..self }
    }

    /// Cuts pairs at another length, in tokens, special tokens included.
    ///
    /// # Errors
    /// [`TaskError::MaxLength`] if the model has no positions for so many, or no token of a text
    /// would be left beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, TaskError> {
        Ok(Self { scorer: self.scorer.with_max_length(max_length)?, ..self })
    }

    /// What turns the number of the head into a score.
    #[must_use]
    pub fn function(&self) -> ScoreFunction {
        self.function
    }

    /// All documents, the best first; of two equally good ones that which comes first.
    ///
    /// What is too long is cut at its end, query or document, whichever is longer. The score of a
    /// document depends on no other one, and has the same bits in any company.
    ///
    /// # Errors
    /// [`TaskError::Text`], which says which document could not be scored.
    pub fn rank(
        &self,
        query: &str,
        documents: &[impl AsRef<str>],
        scratch: &mut Scratch,
    ) -> Result<Vec<Ranked>, TaskError> {
        let pairs: Vec<Text<'_>> =
            documents.iter().map(|document| Text::Pair(query, document.as_ref())).collect();
        let Scored { mut logits, truncated } = self.scorer.logits(&pairs, Limit::At, scratch)?;
        self.function.apply(&mut logits);
        let mut order: Vec<(usize, f32)> = logits.iter().copied().enumerate().collect();
        order.sort_unstable_by(largest_first);
        let ranked = |(index, score)| Ranked { index, score, truncated: truncated[index] };
        Ok(order.into_iter().map(ranked).collect())
    }
}
