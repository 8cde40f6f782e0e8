//! How long a text is to be.

/// A number of tokens: of the new ones, or of all with the prompt.
///
/// transformers has two settings for each limit (`max_new_tokens` and `max_length`), of which one
/// overrides the other; here there is one.
///
/// ```
/// use lt_generate::Length;
/// assert_eq!(Length::New(20).with_prompt(5), 25);
/// assert_eq!(Length::Total(20).with_prompt(5), 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// So many tokens behind the prompt.
    New(usize),
    /// So many tokens, the prompt counted.
    Total(usize),
}

impl Length {
    /// The length of the whole text, if its prompt has so many tokens.
    #[must_use]
    pub fn with_prompt(self, prompt: usize) -> usize {
        match self {
            Self::New(tokens) => prompt.saturating_add(tokens),
            Self::Total(tokens) => tokens,
        }
    }
}
