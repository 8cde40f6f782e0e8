//! Why nothing was written.

use std::error::Error;

/// The result of everything that writes.
pub type Result<T, E = GenerateError> = std::result::Result<T, E>;

/// Why nothing was written, or no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A setting that cannot be.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What came.
        got: String,
        /// What can be.
        expected: String,
    },
    /// A token that the model does not know.
    #[error(
        "{what} {id} is not in the vocabulary, expected an id below {vocabulary}: \
         was it made with this model's own tokenizer?"
    )]
    UnknownId {
        /// Where it stands: "the end token", "a token of prompt 3".
        what: String,
        /// The token.
        id: u32,
        /// How many tokens the model knows.
        vocabulary: usize,
    },
    /// A prompt without tokens.
    #[error(
        "prompt {sequence}, counted from 0, is empty, expected at least one token: \
         begin with the model's start token"
    )]
    EmptyPrompt {
        /// Which prompt, from 0.
        sequence: usize,
    },
    /// A prompt longer than what the model can hold.
    #[error(
        "prompt {sequence}, counted from 0, has {length} tokens, expected at most {limit}, the \
         model's longest text: cut it at its beginning"
    )]
    PromptTooLong {
        /// Which prompt, from 0.
        sequence: usize,
        /// Its length.
        length: usize,
        /// The most that fits.
        limit: usize,
    },
    /// A minimum above the maximum.
    #[error(
        "sequence {sequence} is to have at least {minimum} tokens with its prompt, but at most \
         {maximum}: lower the minimum or raise the maximum"
    )]
    Lengths {
        /// Which sequence, from 0.
        sequence: usize,
        /// The least.
        minimum: usize,
        /// The most.
        maximum: usize,
    },
    /// Rules that leave no token to choose.
    #[error(
        "no token is allowed at place {place} of sequence {sequence}: {by} forbade the last one; \
         loosen it or what was applied before it"
    )]
    NothingAllowed {
        /// Which sequence, from 0.
        sequence: usize,
        /// The place of the token that cannot be chosen; the first token of the prompt has 0.
        place: usize,
        /// The processor that forbade the last token that was left.
        by: &'static str,
    },
    /// Scores that are no numbers.
    #[error(
        "the model's score for token {id} after {length} tokens of sequence {sequence} is {got}, \
         expected a number: are its weights damaged?"
    )]
    NotFinite {
        /// Which sequence, from 0.
        sequence: usize,
        /// How many tokens it had read.
        length: usize,
        /// The token that was scored.
        id: usize,
        /// NaN or ∞.
        got: f32,
    },
    /// A model that does not do what [`LanguageModel::read`](crate::LanguageModel::read) says.
    #[error("the model gave logits [{}, {}], expected [{}, {}]", got.0, got.1, expected.0, expected.1)]
    WrongLogits {
        /// Rows and width.
        expected: (usize, usize),
        /// Rows and width.
        got: (usize, usize),
    },
    /// Stop strings, and nothing that turns ids into text.
    #[error("stop strings need text: give a decoder to `Generator::with_text`")]
    NoText,
    /// A draft model that speaks of other tokens.
    #[error("the draft model knows {draft} tokens, expected {model}, as the model does")]
    OtherVocabulary {
        /// The model's.
        model: usize,
        /// The draft model's.
        draft: usize,
    },
    /// A draft model for beams.
    #[error("a draft model cannot propose for beams, expected greedy search or sampling")]
    DraftForBeams,
    /// What the model itself refused.
    #[error("the model could not read")]
    Model {
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl GenerateError {
    /// What the model itself refused.
    pub(crate) fn model(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Model { source: Box::new(source) }
    }

    /// A setting that cannot be.
    pub(crate) fn setting(setting: &'static str, got: impl ToString, expected: &str) -> Self {
        Self::Setting { setting, got: got.to_string(), expected: expected.into() }
    }
}
