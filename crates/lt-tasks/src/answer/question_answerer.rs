//! From a question and a text to the answer in it.

use std::ops::Range;
use std::path::Path;

use lt_core::Scratch;
use lt_model::{LoadOptions, QuestionAnswering};
use lt_tokenizer::{Text, Tokenizer, WindowSize};
use ndarray::Array2;
use serde::Serialize;

use super::candidates::{Candidates, candidates};
use super::context_words::ContextWords;
use super::{AnswerOptions, NoAnswer};
use crate::TaskError;
use crate::characters::Characters;
use crate::max_length::own_limit;
use crate::windows::{ScoredWindow, Windows, check_size};

/// Finds the answers to questions in texts (extractive question answering, 抽取式问答).
///
/// A context of any length is looked at in windows that overlap, the question before each.
///
/// ```no_run
/// use lt_tasks::answer::{AnswerOptions, QuestionAnswerer};
/// use lt_tasks::{LoadOptions, Scratch};
/// let dir = "distilbert-base-cased-distilled-squad";
/// let answerer = QuestionAnswerer::from_dir(dir, &LoadOptions::default())?;
/// let context = "My name is Wolfgang and I live in Berlin.";
/// let options = AnswerOptions::default();
/// let answers = answerer.answer("Where do I live?", context, &options, &mut Scratch::new())?;
/// assert_eq!((answers[0].text.as_str(), answers[0].start), ("Berlin", 34));
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// PyTorch: transformers 4's `pipeline("question-answering")`; version 5 has none.
#[derive(Debug)]
pub struct QuestionAnswerer {
    model: QuestionAnswering,
    tokenizer: Tokenizer,
    windows: WindowSize,
}

/// A piece of the context that may answer the question, or that there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The piece itself, whole words; empty if the text has no answer.
    pub text: String,
    /// How likely it is, from 0 to 1.
    pub score: f32,
    /// Its first character in the context, counted from 0 in Unicode scalar values.
    pub start: usize,
    /// One behind its last character.
    pub end: usize,
}

impl Answer {
    /// Whether this says that the text has no answer.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.text.is_empty()
    }
}

impl QuestionAnswerer {
    /// So many tokens has a window, if the model takes as many, and so many overlap.
    const WINDOWS: WindowSize = WindowSize { limit: 384, overlap: 128 };

    /// Of these parts. Windows have 384 tokens, 128 of which overlap; where the model takes less,
    /// as many as it takes, and half of them at most.
    #[must_use]
    pub fn new(model: QuestionAnswering, tokenizer: Tokenizer) -> Self {
        let limit = own_limit(model.encoder(), &tokenizer).min(Self::WINDOWS.limit);
        let windows = WindowSize { limit, overlap: (limit / 2).min(Self::WINDOWS.overlap) };
        Self { model, tokenizer, windows }
    }

    /// Loads a directory with a head that finds answers.
    ///
    /// # Errors
    /// If a file is absent or damaged, or the checkpoint has another head or none.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        let model = QuestionAnswering::from_dir(dir, options)?.model;
        Ok(Self::new(model, Tokenizer::from_dir(dir)?))
    }

    /// Cuts long contexts otherwise. transformers: `max_seq_len` and `doc_stride`.
    ///
    /// # Errors
    /// [`TaskError::MaxLength`] if the model has no positions for such windows, or no token of a
    /// context would be left beside the special ones; [`TaskError::Overlap`] if they would not move
    /// on.
    pub fn with_windows(self, size: WindowSize) -> Result<Self, TaskError> {
        let empty = Text::Pair("", "");
        let windows = check_size(size, self.model.encoder(), &self.tokenizer, empty)?;
        Ok(Self { windows, ..self })
    }

    /// How long contexts are cut.
    #[must_use]
    pub fn windows(&self) -> WindowSize {
        self.windows
    }

    /// The likeliest answers that the context has to the question, the likeliest first; of equals
    /// the one that stands first. No two are the same piece. A context without a word has none.
    ///
    /// An answer has the probability p of its likeliest tokens, in the window where that is highest:
    /// [`best_spans`](super::best_spans) of softmax over the tokens of the context and the first of
    /// all. That there is none has the probability of the first token, in the window where that is
    /// lowest: only if no window has an answer, there is none.
    ///
    /// # Errors
    /// [`TaskError::LongQuestion`] if the question leaves no room in a window,
    /// [`TaskError::UnknownId`] and [`TaskError::NotFinite`] if the files are not sound.
    pub fn answer(
        &self,
        question: &str,
        context: &str,
        options: &AnswerOptions,
        scratch: &mut Scratch,
    ) -> Result<Vec<Answer>, TaskError> {
        let answers = self.answer_all(&[(question, context)], options, scratch);
        match answers {
            Ok(answers) => Ok(answers.into_iter().next().unwrap_or_default()),
            Err(TaskError::Text { source, .. }) => Err(*source),
            Err(error) => Err(error),
        }
    }

    /// [`answer`](Self::answer) for many questions, each with its context. Each has the same bits
    /// alone and with any others.
    ///
    /// # Errors
    /// [`TaskError::Text`], which says which question it was about.
    pub fn answer_all(
        &self,
        questions: &[(impl AsRef<str>, impl AsRef<str>)],
        options: &AnswerOptions,
        scratch: &mut Scratch,
    ) -> Result<Vec<Vec<Answer>>, TaskError> {
        let pairs: Vec<Text<'_>> = questions
            .iter()
            .map(|(question, context)| Text::Pair(question.as_ref(), context.as_ref()))
            .collect();
        let (encoder, tokenizer) = (self.model.encoder(), &self.tokenizer);
        let windows = Windows { encoder, tokenizer, size: self.windows };
        windows.each(
            &pairs,
            |hidden, scratch| {
                let logits = self.model.find(hidden, scratch)?;
                let which = [&logits.start, &logits.end];
                Ok(Array2::from_shape_fn((logits.start.len(), 2), |(row, n)| which[n][row]))
            },
            |number, windows| answers(questions[number].1.as_ref(), windows, options),
            scratch,
        )
    }
}

/// The answers of all windows together.
fn answers(
    context: &str,
    windows: &[ScoredWindow],
    options: &AnswerOptions,
) -> Result<Vec<Answer>, TaskError> {
    let context = Characters::new(context);
    let words = ContextWords::new(&context, windows)?;
    let (mut pieces, mut none) = (Vec::new(), None::<f32>);
    for window in windows {
        let Candidates { pieces: more, none: here } =
            candidates(window, &words.in_window(window), options)?;
        pieces.extend(more);
        none = match (none, here) {
            (Some(before), Some(here)) => Some(before.min(here)),
            (before, here) => before.or(here),
        };
    }
    let answer = |(range, score): (Range<usize>, f32)| {
        let text = context.slice(range.clone())?.to_owned();
        Some(Answer { text, score, start: range.start, end: range.end })
    };
    let mut answers: Vec<Answer> = pieces.into_iter().filter_map(answer).collect();
    // Each piece once, from the window that is surest of it.
    answers
        .sort_by(|a, b| (a.start, a.end).cmp(&(b.start, b.end)).then(b.score.total_cmp(&a.score)));
    answers.dedup_by_key(|answer| (answer.start, answer.end));
    if let (NoAnswer::Allowed, Some(score)) = (options.no_answer, none) {
        answers.insert(0, Answer { text: String::new(), score, start: 0, end: 0 });
    }
    answers.sort_by(|a, b| b.score.total_cmp(&a.score));
    answers.truncate(options.top);
    Ok(answers)
}
