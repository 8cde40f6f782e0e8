//! What goes into a tokenizer, and what is asked of it.

/// What to tokenize: one text, or two that belong together.
///
/// A question and its context, a premise and a hypothesis: a pair becomes one sequence, and
/// [`Encoding::segments`](crate::Encoding::segments) says which half is which.
///
/// ```
/// use lt_tokenizer::Text;
/// assert_eq!(Text::from("one"), Text::Single("one"));
/// assert_eq!(Text::from(("one", "two")), Text::Pair("one", "two"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Text<'a> {
    /// One text.
    Single(&'a str),
    /// Two texts, first and second.
    Pair(&'a str, &'a str),
}

impl<'a> Text<'a> {
    /// The text, or the first of the two.
    #[must_use]
    pub fn first(self) -> &'a str {
        match self {
            Self::Single(first) | Self::Pair(first, _) => first,
        }
    }

    /// The second of the two, if there are two.
    #[must_use]
    pub fn second(self) -> Option<&'a str> {
        match self {
            Self::Single(_) => None,
            Self::Pair(_, second) => Some(second),
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Single(text)
    }
}

// So that `texts.iter()` over strings of either kind can be given to `encode_batch`.
impl<'a> From<&'a &'a str> for Text<'a> {
    fn from(text: &'a &'a str) -> Self {
        Self::Single(text)
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Self::Single(text)
    }
}

impl<'a> From<(&'a str, &'a str)> for Text<'a> {
    fn from((first, second): (&'a str, &'a str)) -> Self {
        Self::Pair(first, second)
    }
}

/// How many tokens an encoding may have, its special tokens included.
///
/// ```
/// use lt_tokenizer::{Limit, Tokenizer, TokenizerError, WordPieceSettings};
/// let pieces = ["[UNK]", "[CLS]", "[SEP]", "a", "b"];
/// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
/// let tokens = |limit| Ok::<_, TokenizerError>(tokenizer.encode(("a a a a", "b b b"), limit)?.tokens);
/// assert_eq!(tokens(Limit::At(7))?, ["[CLS]", "a", "a", "[SEP]", "b", "b", "[SEP]"]);
/// assert_eq!(tokens(Limit::First(7))?, ["[CLS]", "a", "[SEP]", "b", "b", "b", "[SEP]"]);
/// # Ok::<(), TokenizerError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// As many as there are.
    None,
    /// At most this many. A pair is cut at whichever half is longer until both fit: transformers'
    /// `longest_first`.
    At(usize),
    /// At most this many. Of a pair only the first text is cut, because the second is what is
    /// asked about it: transformers' `only_first`.
    First(usize),
}

/// Whether special tokens (`[CLS]`, `[SEP]`, …) appear in a decoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Specials {
    /// They are written out.
    Keep,
    /// They are left out.
    Skip,
}
