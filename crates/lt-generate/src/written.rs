//! What is told while a text is written, and what comes back.

/// What happened.
///
/// It is given to the caller's closure, which says whether to go on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A token was written.
    Token {
        /// To which sequence: the number of its prompt.
        sequence: usize,
        /// The token.
        id: u32,
        /// The text that became certain with it, if there is something that turns ids into text;
        /// often less than the token's or more.
        text: &'a str,
        /// Why it is the last one, if it is.
        finish: Option<Finish>,
    },
    /// All beams of a sequence became longer. Which of them will be best is not known before the end.
    Beams {
        /// Which sequence: the number of its prompt.
        sequence: usize,
        /// How many tokens the beams have now, without the prompt.
        length: usize,
    },
}

/// Why a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finish {
    /// With this end token.
    EndToken(u32),
    /// A stop string came up: the number of it in the settings.
    StopString(usize),
    /// It has the length that was asked for.
    MaximumLength,
    /// The model holds no more.
    ContextFull,
    /// The caller did not want to go on.
    Cancelled,
}

/// A text that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The number of its prompt.
    pub sequence: usize,
    /// Prompt and continuation, with the end token if there is one.
    pub ids: Vec<u32>,
    /// How many of the ids are the prompt.
    pub prompt: usize,
    /// Why it ends.
    pub finish: Finish,
    /// The text of the continuation, without the stop string and the end token; empty if nothing
    /// turns ids into text.
    pub text: String,
    /// The logarithm of the probability of each new token after all processors, if it was asked
    /// for. With beams it was the processors' turn after the logarithm, and the probabilities of
    /// what they forbade are missing, as in transformers.
    pub log_probabilities: Vec<f32>,
    /// The score by which beam search compared it (`sequences_scores`); without beams, none.
    pub score: Option<f32>,
}

impl Written {
    /// The ids behind the prompt.
    #[must_use]
    pub fn new_ids(&self) -> &[u32] {
        &self.ids[self.prompt..]
    }
}
