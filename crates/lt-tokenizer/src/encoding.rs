//! What comes out of a tokenizer.

use std::ops::Range;

/// A tokenized text: one entry per token in each of the vectors.
///
/// For the pair `("我爱", "hi")` and a BERT vocabulary:
///
/// | | `[CLS]` | `我` | `爱` | `[SEP]` | `hi` | `[SEP]` |
/// |---|---|---|---|---|---|---|
/// | `segments` | 0 | 0 | 0 | 0 | 1 | 1 |
/// | `offsets` | 0..0 | 0..1 | 1..2 | 0..0 | 0..2 | 0..0 |
/// | `special` | true | false | false | true | false | true |
/// | `sequence` | – | 0 | 0 | – | 1 | – |
/// | `words` | – | 0 | 1 | – | 0 | – |
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoding {
    /// The token ids: rows of the model's embedding table.
    pub ids: Vec<u32>,
    /// The segment ids (`token_type_ids` in other libraries): 0 or 1, as the template says.
    pub segments: Vec<u32>,
    /// The tokens as the vocabulary spells them: `##able`.
    pub tokens: Vec<String>,
    /// Where in the text each token comes from, in characters (Unicode scalar values, *not*
    /// bytes). For a token of the second text of a pair, in the second text. 0..0 for a token
    /// that the template added.
    ///
    /// Tokens that are parts of one character (a Chinese character in a byte-level vocabulary)
    /// all have the offsets of the whole character. Cut the text with [`slice`](crate::slice()).
    pub offsets: Vec<Range<usize>>,
    /// Whether the template added the token. A `[MASK]` that the text spells out is no addition:
    /// it has offsets, and `false` here.
    pub special: Vec<bool>,
    /// Which text of the pair the token comes from, 0 or 1; `None` if the template added it.
    pub sequence: Vec<Option<usize>>,
    /// Which word of its text the token is a part of, counted from 0; `None` if the template
    /// added it. What a word is, the tokenizer decides: punctuation and each Chinese character
    /// are words of their own for BERT.
    pub words: Vec<Option<u32>>,
    /// How many tokens the limit cut off; 0 if everything fitted.
    pub truncated: usize,
}

impl Encoding {
    /// The number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no tokens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}
