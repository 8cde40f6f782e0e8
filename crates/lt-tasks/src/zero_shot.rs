//! Labels that the model has never heard of.

use std::path::Path;

use lt_config::Labels;
use lt_core::Scratch;
use lt_model::{LoadOptions, SequenceClassifier};
use lt_tokenizer::{Limit, Text, Tokenizer};
use ndarray::Array2;

use crate::TaskError;
use crate::scores::{Classified, ScoreFunction};
use crate::sequence_scorer::{Scored, SequenceScorer};

/// Sorts texts into any labels: asks a model that was trained to say whether one text follows from
/// another (natural language inference) whether "This example is sports." follows from the text.
///
/// ```no_run
/// use lt_tasks::{LabelChoice, LoadOptions, Scratch, ZeroShot};
/// let model = ZeroShot::from_dir("nli-MiniLM2-L6-H768", &LoadOptions::default())?;
/// let (texts, labels) = (["The match ended in a draw."], ["sports", "politics"]);
/// let answers = model.classify(&texts, &labels, LabelChoice::One, &mut Scratch::new())?;
/// assert_eq!(answers[0].scores[0].label, "sports");
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// [Yin et al. 2019](https://arxiv.org/abs/1909.00161). PyTorch: transformers'
/// `pipeline("zero-shot-classification")`.
#[derive(Debug)]
pub struct ZeroShot {
    scorer: SequenceScorer,
    entailment: usize,
    contradiction: usize,
    before: String,
    after: String,
}

/// How many of the candidate labels hold for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabelChoice {
    /// Exactly one: softmax of what speaks for each, so that the scores add up to 1. A single
    /// candidate is judged by itself, as in [`Any`](Self::Any).
    One,
    /// Any number, none included: for each by itself softmax of what speaks for it and what
    /// speaks against it.
    Any,
}

impl ZeroShot {
    /// Of these parts, with the template "This example is {}.".
    ///
    /// The label that says that one text follows from the other begins with "entail", in capitals
    /// or not. The one that says the opposite begins with "contra" or "not"; if there is none, it
    /// is the first label, or the last one if the first is entailment, as in transformers.
    ///
    /// # Errors
    /// [`TaskError::NoEntailment`] if no label, or the only one, is entailment;
    /// [`TaskError::Labels`] if there are more or fewer names than the head has labels.
    pub fn new(
        model: SequenceClassifier,
        tokenizer: Tokenizer,
        labels: Labels,
    ) -> Result<Self, TaskError> {
        Self::of(SequenceScorer::new(model, tokenizer, labels)?)
    }

    /// Loads a directory whose model was trained on natural language inference.
    ///
    /// # Errors
    /// As for [`new`](Self::new), and if a file is absent or damaged, or the checkpoint has
    /// another head or none.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        Self::of(SequenceScorer::from_dir(dir.as_ref(), options)?)
    }

    fn of(scorer: SequenceScorer) -> Result<Self, TaskError> {
        let names: Vec<String> =
            scorer.labels().names().iter().map(|name| name.to_lowercase()).collect();
        let begins = |with: &str| names.iter().position(|name| name.starts_with(with));
        let entailment = match begins("entail") {
            Some(entailment) if names.len() > 1 => entailment,
            _ => {
                let labels = scorer.labels().names().to_vec();
                return Err(TaskError::NoEntailment { labels });
            }
        };
        let usual = if entailment == 0 { names.len() - 1 } else { 0 };
        let contradiction = begins("contra").or_else(|| begins("not")).unwrap_or(usual);
        let (before, after) = ("This example is ".to_owned(), ".".to_owned());
        Ok(Self { scorer, entailment, contradiction, before, after })
    }

    /// With another sentence around the label, in the language of the texts: "这个例子是关于{}的。"
    ///
    /// # Errors
    /// [`TaskError::Template`] unless `{}` is in it once.
    pub fn with_template(self, template: &str) -> Result<Self, TaskError> {
        match template.split_once("{}") {
            Some((before, after)) if !after.contains("{}") => {
                Ok(Self { before: before.to_owned(), after: after.to_owned(), ..self })
            }
            _ => Err(TaskError::Template {
                template: template.to_owned(),
                expected: "{} once, where the label goes",
            }),
        }
    }

    /// Cuts texts at another length, in tokens, hypothesis and special tokens included.
    ///
    /// # Errors
    /// [`TaskError::MaxLength`] if the model has no positions for so many, or no token of a text
    /// would be left beside the special tokens.
    pub fn with_max_length(self, max_length: usize) -> Result<Self, TaskError> {
        Ok(Self { scorer: self.scorer.with_max_length(max_length)?, ..self })
    }

    /// What the model is asked about a label: the hypothesis.
    #[must_use]
    pub fn hypothesis(&self, label: &str) -> String {
        format!("{}{label}{}", self.before, self.after)
    }

    /// The scores of the candidate labels for each of these texts.
    ///
    /// A text that is too long is cut, a hypothesis never; [`Classified::truncated`] is of the
    /// label whose hypothesis leaves the least room. A score depends on no other text, and on no
    /// order.
    ///
    /// # Errors
    /// [`TaskError::NoCandidates`] without labels; [`TaskError::Text`], which says which text
    /// could not be sorted: a hypothesis leaves no room for it, it could not be tokenized, or its
    /// scores are not finite.
    pub fn classify<'l>(
        &self,
        texts: &[impl AsRef<str>],
        labels: &'l [impl AsRef<str>],
        choice: LabelChoice,
        scratch: &mut Scratch,
    ) -> Result<Vec<Classified<'l>>, TaskError> {
        if labels.is_empty() {
            return Err(TaskError::NoCandidates);
        }
        let hypotheses: Vec<String> =
            labels.iter().map(|label| self.hypothesis(label.as_ref())).collect();
        let pairs = texts.iter().flat_map(|text| {
            hypotheses.iter().map(move |hypothesis| Text::Pair(text.as_ref(), hypothesis))
        });
        let pairs: Vec<Text<'_>> = pairs.collect(); // the labels of the first text come first
        let of_its_text = |error| match error {
            TaskError::Text { number, source } => source.of_text(number / labels.len()),
            other => other,
        };
        let scored = self.scorer.logits(&pairs, Limit::First, scratch).map_err(of_its_text)?;
        let scores = self.scores(&scored, labels.len(), choice); // [texts, labels]
        let answers = scores.outer_iter().zip(scored.truncated.chunks(labels.len()));
        Ok(answers
            .map(|(scores, truncated)| {
                let most = truncated.iter().copied().max().unwrap_or(0);
                Classified::new(labels, scores, most)
            })
            .collect())
    }

    fn scores(&self, scored: &Scored, labels: usize, choice: LabelChoice) -> Array2<f32> {
        let pair = |row, column| scored.logits[[row, column]];
        let texts = scored.logits.nrows() / labels;
        let each_by_itself = choice == LabelChoice::Any || labels == 1;
        if !each_by_itself {
            // formula: zero-shot
            let entailment = |(text, label)| pair(text * labels + label, self.entailment);
            let mut scores = Array2::from_shape_fn((texts, labels), entailment);
            ScoreFunction::Softmax.apply(&mut scores);
            return scores;
        }
        // formula: zero-shot
        let for_and_against = |(row, against)| match against {
            0 => pair(row, self.entailment),
            _ => pair(row, self.contradiction),
        };
        let mut both = Array2::from_shape_fn((texts * labels, 2), for_and_against);
        ScoreFunction::Softmax.apply(&mut both);
        Array2::from_shape_fn((texts, labels), |(text, label)| both[[text * labels + label, 0]])
    }
}
