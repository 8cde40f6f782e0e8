//! Which answers are wanted.

/// How many answers are wanted, how long they may be, and whether there may be none.
///
/// ```
/// use lt_tasks::answer::{AnswerOptions, NoAnswer};
/// let options = AnswerOptions::default().top(3).no_answer(NoAnswer::Allowed);
/// assert_eq!((options.top, options.longest, options.no_answer), (3, 15, NoAnswer::Allowed));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerOptions {
    /// How many, at most: 1, if nothing else is said. transformers: `top_k`.
    pub top: usize,
    /// The most tokens of an answer: 15, if nothing else is said. transformers: `max_answer_len`.
    pub longest: usize,
    /// Whether a text may have none: never, if nothing else is said. transformers:
    /// `handle_impossible_answer`.
    pub no_answer: NoAnswer,
}

/// Whether it is an answer that a text has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoAnswer {
    /// The best piece of the text is given, however bad.
    #[default]
    Never,
    /// That there is none competes with the pieces of the text. For models that were trained with
    /// questions without an answer (`SQuAD` 2.0).
    Allowed,
}

impl Default for AnswerOptions {
    fn default() -> Self {
        Self { top: 1, longest: 15, no_answer: NoAnswer::Never }
    }
}

impl AnswerOptions {
    /// With so many answers at most.
    #[must_use]
    pub fn top(self, top: usize) -> Self {
        Self { top, ..self }
    }

    /// With answers of at most so many tokens.
    #[must_use]
    pub fn longest(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// With or without the possibility that there is none.
    #[must_use]
    pub fn no_answer(self, no_answer: NoAnswer) -> Self {
        Self { no_answer, ..self }
    }
}
