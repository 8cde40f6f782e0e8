//! Which of its labels a model gives to a text.

use std::path::Path;

use lt_config::Labels;
use lt_core::Scratch;
use lt_model::{LoadOptions, SequenceClassifier};
use lt_tokenizer::{Limit, Text, Tokenizer};

use crate::TaskError;
use crate::scores::{Classified, ScoreFunction};
use crate::sequence_scorer::{Scored, SequenceScorer};

/// Sorts texts, or pairs of texts, into the labels that the model was trained for.
///
/// ```no_run
/// use lt_tasks::{LoadOptions, Scratch, TextClassifier};
/// let dir = "distilbert-base-uncased-finetuned-sst-2-english";
/// let classifier = TextClassifier::from_dir(dir, &LoadOptions::default())?;
/// let answers = classifier.classify(["A fine film.", "A waste of time."], &mut Scratch::new())?;
/// assert_eq!(answers[0].scores[0].label, "POSITIVE");
/// assert_eq!(answers[1].scores[0].label, "NEGATIVE");
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// PyTorch: transformers' `pipeline("text-classification", top_k=None)`, with `truncation=True`.
#[derive(Debug)]
pub struct TextClassifier {
    scorer: SequenceScorer,
    function: ScoreFunction,
}

impl TextClassifier {
    /// Of these parts, with the scores that [suit](ScoreFunction::of) the labels.
    ///
    /// # Errors
    /// [`TaskError::Labels`] if there are more or fewer names than the head has labels.
    pub fn new(
        model: SequenceClassifier,
        tokenizer: Tokenizer,
        labels: Labels,
    ) -> Result<Self, TaskError> {
        SequenceScorer::new(model, tokenizer, labels).map(Self::of)
    }

    /// Loads a directory whose model has a head that sorts texts.
    ///
    /// # Errors
    /// If a file is absent or damaged, or the checkpoint has another head or none.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        SequenceScorer::from_dir(dir.as_ref(), options).map(Self::of)
    }

    fn of(scorer: SequenceScorer) -> Self {
        let function = ScoreFunction::of(scorer.labels());
        Self { scorer, function }
    }

    /// With scores made otherwise than the configuration has it.
    #[must_use]
    pub fn with_function(self, function: ScoreFunction) -> Self {
        Self { function, ..self }
    }

    /// Cuts texts at another length, in tokens, special tokens included.
    ///
    /// # Errors
    /// [`TaskError::MaxLength`] if the model has no positions for so many, or no token of a text
    /// would be left beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, TaskError> {
        Ok(Self { scorer: self.scorer.with_max_length(max_length)?, ..self })
    }

    /// What the model tells apart.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        self.scorer.labels()
    }

    /// What turns the numbers of the head into scores.
    #[must_use]
    pub fn function(&self) -> ScoreFunction {
        self.function
    }

    /// The most tokens of a text, or of a pair, that are looked at, special tokens included.
    #[must_use]
    pub fn max_length(&self) -> usize {
        self.scorer.max_length()
    }

    /// The scores of every label for each of these texts or pairs of texts, in their order.
    ///
    /// What is too long is cut at its end, of a pair whichever half is longer, and
    /// [`Classified::truncated`] says by how much. A text has the same bits alone and in any
    /// batch.
    ///
    /// # Errors
    /// [`TaskError::Text`], which says which text could not be sorted: it could not be tokenized,
    /// or its scores are not finite.
    pub fn classify<'t, I>(
        &self,
        texts: I,
        scratch: &mut Scratch,
    ) -> Result<Vec<Classified<'_>>, TaskError>
    where
        I: IntoIterator<Item: Into<Text<'t>>>,
    {
        let texts: Vec<Text<'t>> = texts.into_iter().map(Into::into).collect();
        let Scored { mut logits, truncated } = self.scorer.logits(&texts, Limit::At, scratch)?;
        self.function.apply(&mut logits);
        let names = self.scorer.labels().names();
        let answers = logits.outer_iter().zip(truncated);
        Ok(answers.map(|(scores, truncated)| Classified::new(names, scores, truncated)).collect())
    }
}
