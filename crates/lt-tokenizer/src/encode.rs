//! From text to ids, in the order in which it happens.

use tokenizers::tokenizer::pre_tokenizer::OffsetType;
use tokenizers::{Encoding as Raw, Model, PostProcessor, PreTokenizer};

use crate::char_offsets::CharCounter;
use crate::chunks::{CHUNK, Gathered, chunks};
use crate::error::Foreign;
use crate::guard::guard;
use crate::truncate::{keep, longest_first};
use crate::{Encoding, Limit, Result, Specials, Text, Tokenizer, TokenizerError};

impl Tokenizer {
    /// The tokens of a text, or of a pair, with the special tokens of the model's template.
    ///
    /// What exceeds the limit is cut from the end of the text (from its start if the tokenizer's
    /// files set `truncation_side` to `left`), never from the template.
    ///
    /// ```
    /// use lt_tokenizer::{Limit, Tokenizer, WordPieceSettings};
    /// let pieces = ["[UNK]", "[CLS]", "[SEP]", "我", "爱", "北", "京"];
    /// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
    ///
    /// let pair = tokenizer.encode(("我爱北京", "北京"), Limit::None)?;
    /// assert_eq!(pair.ids, [1, 3, 4, 5, 6, 2, 5, 6, 2]);
    /// assert_eq!(pair.segments, [0, 0, 0, 0, 0, 0, 1, 1, 1]);
    ///
    /// let cut = tokenizer.encode("我爱北京", Limit::At(4))?;
    /// assert_eq!(cut.tokens, ["[CLS]", "我", "爱", "[SEP]"]);
    /// assert_eq!(cut.truncated, 2);
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenizerError::Limit`] if the special tokens alone are more than the limit;
    /// [`TokenizerError::SecondText`] if only the first text may be cut and the second is too long;
    /// [`TokenizerError::Encode`] if the vocabulary lacks its own unknown token and needs it.
    pub fn encode<'a>(&self, text: impl Into<Text<'a>>, limit: Limit) -> Result<Encoding> {
        self.encode_text(text.into(), limit, Specials::Keep)
    }

    /// As [`encode`](Self::encode), without the special tokens: the text's own tokens alone.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode); any limit will do.
    pub fn encode_bare<'a>(&self, text: impl Into<Text<'a>>, limit: Limit) -> Result<Encoding> {
        self.encode_text(text.into(), limit, Specials::Skip)
    }

    /// [`encode`](Self::encode) for each of several texts. Nothing is padded.
    ///
    /// ```
    /// # use lt_tokenizer::{Limit, Tokenizer, WordPieceSettings};
    /// # let pieces = ["[UNK]", "[CLS]", "[SEP]", "a", "b"];
    /// # let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
    /// let lines = vec!["a b".to_owned(), "b".to_owned()];
    /// let batch = tokenizer.encode_batch(&lines, Limit::None)?;
    /// assert_eq!(batch[0].ids, [1, 3, 4, 2]);
    /// assert_eq!(batch[1].ids, [1, 4, 2]);
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    ///
    /// # Errors
    /// The first error of [`encode`](Self::encode).
    pub fn encode_batch<'a, I>(&self, texts: I, limit: Limit) -> Result<Vec<Encoding>>
    where
        I: IntoIterator<Item: Into<Text<'a>>>,
    {
        texts.into_iter().map(|text| self.encode(text, limit)).collect()
    }

    fn encode_text(&self, text: Text<'_>, limit: Limit, specials: Specials) -> Result<Encoding> {
        let added = match (specials, self.inner.get_post_processor()) {
            (Specials::Keep, Some(template)) => template.added_tokens(text.second().is_some()),
            _ => 0,
        };
        let room = match limit {
            Limit::None => usize::MAX,
            Limit::At(limit) | Limit::First(limit) => {
                limit.checked_sub(added).ok_or(TokenizerError::Limit { limit, special: added })?
            }
        };
        let foreign = |source| TokenizerError::Encode { source };
        let (first, second) = guard(|| self.texts_tokens(text)).map_err(foreign)?;
        let lengths = (first.len(), second.as_ref().map_or(0, Raw::len));
        let kept = match limit {
            Limit::First(limit) => {
                let (second, special) = (lengths.1, added);
                let room = room.checked_sub(second).ok_or(TokenizerError::SecondText {
                    limit,
                    second,
                    special,
                })?;
                (lengths.0.min(room), second)
            }
            Limit::None | Limit::At(_) => longest_first(lengths.0, lengths.1, room),
        };
        let truncated = lengths.0 + lengths.1 - kept.0 - kept.1;
        let encoding = guard(|| self.put_together(text, (first, second), kept, specials));
        Ok(Encoding { truncated, ..encoding.map_err(foreign)? })
    }

    /// The steps of the library's own `encode`, taken one by one: there truncation is a setting of
    /// the tokenizer rather than of a call.
    fn texts_tokens(&self, text: Text<'_>) -> Result<(Raw, Option<Raw>), Foreign> {
        let first = self.text_tokens(text.first(), 0)?;
        let second = text.second().map(|second| self.text_tokens(second, 1)).transpose()?;
        Ok((first, second))
    }

    /// So many tokens of each text, in the template.
    fn put_together(
        &self,
        text: Text<'_>,
        (first, second): (Raw, Option<Raw>),
        kept: (usize, usize),
        specials: Specials,
    ) -> Result<Encoding, Foreign> {
        let mut first = keep(first, kept.0, self.truncation_side);
        let mut second = second.map(|tokens| keep(tokens, kept.1, self.truncation_side));
        count_in_characters(&mut first, text.first());
        if let (Some(tokens), Some(text)) = (&mut second, text.second()) {
            count_in_characters(tokens, text);
        }
        let raw = self.inner.post_process(first, second, specials == Specials::Keep)?;
        Ok(from_raw(&raw))
    }

    /// The tokens of a text, a long one in parts where that changes nothing; offsets in bytes.
    pub(crate) fn text_tokens(&self, text: &str, segment: u32) -> Result<Raw, Foreign> {
        if text.len() <= CHUNK || !self.may_cut {
            return self.part_tokens(text, segment);
        }
        let (mut all, mut begin) = (Gathered::default(), 0);
        for part in chunks(text, CHUNK) {
            all.add(&self.part_tokens(part, segment)?, begin);
            begin += part.len();
        }
        Ok(all.into_raw())
    }

    /// Normalise, split into words, look up the pieces; offsets in bytes of the text.
    fn part_tokens(&self, text: &str, segment: u32) -> Result<Raw, Foreign> {
        let normalizer = self.inner.get_normalizer();
        let mut words = self.inner.get_added_vocabulary().extract_and_normalize(normalizer, text);
        if let Some(splitter) = self.inner.get_pre_tokenizer() {
            splitter.pre_tokenize(&mut words)?;
        }
        words.tokenize(|word| self.inner.get_model().tokenize(word.get()))?;
        words.into_encoding(None, segment, OffsetType::Byte)
    }
}

/// Turns offsets in bytes into offsets in characters.
pub(crate) fn count_in_characters(tokens: &mut Raw, text: &str) {
    let mut counter = CharCounter::new(text);
    for (from, to) in tokens.get_offsets_mut() {
        *from = counter.character_at(*from);
        *to = counter.character_at(*to);
    }
}

pub(crate) fn from_raw(raw: &Raw) -> Encoding {
    let special: Vec<bool> = raw.get_special_tokens_mask().iter().map(|&mask| mask == 1).collect();
    let sequence = raw.get_sequence_ids().into_iter().zip(&special);
    Encoding {
        sequence: sequence.map(|(text, &special)| text.filter(|_| !special)).collect(),
        ids: raw.get_ids().to_vec(),
        segments: raw.get_type_ids().to_vec(),
        tokens: raw.get_tokens().to_vec(),
        offsets: raw.get_offsets().iter().map(|&(from, to)| from..to).collect(),
        words: raw.get_word_ids().to_vec(),
        special,
        truncated: 0,
    }
}
