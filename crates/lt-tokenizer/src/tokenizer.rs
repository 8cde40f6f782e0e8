//! The tokenizer, and what it knows about its tokens.

use std::fmt;

use tokenizers::utils::truncation::TruncationDirection;

use crate::guard::guard;
use crate::{Result, SpecialTokens, Specials, TokenizerError};

/// Turns text into token ids and back.
///
/// Loaded once, used from any number of threads: everything takes `&self`.
///
/// ```
/// use lt_tokenizer::{Limit, Specials, Tokenizer, WordPieceSettings};
/// let pieces = ["[UNK]", "[CLS]", "[SEP]", "[MASK]", "we", "love", "rust", "##y"];
/// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
///
/// let encoding = tokenizer.encode("We love rusty", Limit::None)?;
/// assert_eq!(encoding.tokens, ["[CLS]", "we", "love", "rust", "##y", "[SEP]"]);
/// assert_eq!(encoding.ids, [1, 4, 5, 6, 7, 2]);
/// assert_eq!(tokenizer.decode(&encoding.ids, Specials::Skip)?, "we love rusty");
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
#[derive(Clone)]
pub struct Tokenizer {
    pub(crate) inner: tokenizers::Tokenizer,
    pub(crate) special_tokens: SpecialTokens,
    pub(crate) vocab_size: usize,
    pub(crate) file_max_length: Option<usize>,
    pub(crate) model_max_length: Option<usize>,
    pub(crate) truncation_side: TruncationDirection,
    /// Whether a long text may be tokenized in parts.
    pub(crate) may_cut: bool,
}

impl Tokenizer {
    /// The text that these ids stand for, as far as the vocabulary tells: case and spaces that
    /// it does not keep are gone.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] for an id that is no token's.
    pub fn decode(&self, ids: &[u32], specials: Specials) -> Result<String> {
        if let Some(&id) = ids.iter().find(|id| self.inner.id_to_token(**id).is_none()) {
            return Err(TokenizerError::UnknownId { id, vocab_size: self.vocab_size });
        }
        let skip = specials == Specials::Skip;
        let is_skipped = |id: &u32| skip && self.is_special(*id);
        if ids.iter().all(is_skipped) {
            return Ok(String::new()); // the library counts back from the last of none
        }
        guard(|| self.inner.decode(ids, skip)).map_err(|source| TokenizerError::Decode { source })
    }

    fn is_special(&self, id: u32) -> bool {
        self.inner
            .id_to_token(id)
            .is_some_and(|token| self.inner.get_added_vocabulary().is_special_token(&token))
    }

    /// The token with this id, as the vocabulary spells it.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The id of a token, spelt as in the vocabulary.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// One more than the largest id, added tokens included: the rows an embedding table needs.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    /// The special tokens by what they are for.
    ///
    /// ```
    /// use lt_tokenizer::{Tokenizer, WordPieceSettings};
    /// let pieces = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    /// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
    /// let mask = tokenizer.special_tokens().mask.as_ref();
    /// assert_eq!(mask.map(|mask| (mask.token.as_str(), mask.id)), Some(("[MASK]", 3)));
    /// assert_eq!(tokenizer.special_tokens().pad, None);
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    #[must_use]
    pub fn special_tokens(&self) -> &SpecialTokens {
        &self.special_tokens
    }

    /// The length at which `tokenizer.json` itself would cut a text. Nothing here does: it is
    /// for the caller to choose a [`Limit`](crate::Limit).
    #[must_use]
    pub fn file_max_length(&self) -> Option<usize> {
        self.file_max_length
    }

    /// The `model_max_length` of `tokenizer_config.json`; `None` if it sets none (a million and
    /// more means that).
    #[must_use]
    pub fn model_max_length(&self) -> Option<usize> {
        self.model_max_length
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocab_size", &self.vocab_size)
            .field("special_tokens", &self.special_tokens)
            .field("file_max_length", &self.file_max_length)
            .field("model_max_length", &self.model_max_length)
            .finish_non_exhaustive()
    }
}
