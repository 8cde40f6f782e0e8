//! Fewer words: the pieces of a vocabulary that a text has most often.

use tokenizers::{ModelWrapper, NormalizerWrapper};

use super::skeleton::Pieces;
use super::trained::TrainedTokenizer;
use crate::{Limit, Result, SpecialTokens, Tokenizer, TokenizerError, WordPieceSettings};

/// A WordPiece vocabulary on its way to fewer pieces: it counts those of the lines that it is given.
///
/// What is left out is spelt with smaller pieces from then on. Pieces of one ASCII character are
/// all kept, so that every English word can be spelt; their order stays.
///
/// ```
/// use lt_tokenizer::{Limit, PrunedWords, Tokenizer, WordPieceSettings};
/// let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "cat", "dog", "##s"];
/// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
/// let mut pruned = PrunedWords::begin(tokenizer, 9)?;
/// pruned.add("a cat, cats")?;
/// let fewer = pruned.finish()?;
/// assert_eq!(fewer.tokenizer().id("dog"), None);
/// assert_eq!(fewer.tokenizer().encode_bare("Cats", Limit::None)?.tokens, ["cat", "##s"]);
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
#[derive(Debug)]
pub struct PrunedWords {
    tokenizer: Tokenizer,
    settings: WordPieceSettings,
    vocab_size: usize,
    /// How often each id came.
    counts: Vec<u64>,
}

impl PrunedWords {
    /// Begins with all pieces of a tokenizer, of which so many are to stay, special tokens
    /// included.
    ///
    /// # Errors
    /// [`TokenizerError::Invalid`] if it is no WordPiece tokenizer with the tokens of BERT.
    pub fn begin(tokenizer: Tokenizer, vocab_size: usize) -> Result<Self> {
        let settings = settings(&tokenizer)?;
        let counts = vec![0; tokenizer.vocab_size()];
        Ok(Self { tokenizer, settings, vocab_size, counts })
    }

    /// Counts the pieces of a line.
    ///
    /// # Errors
    /// As for [`Tokenizer::encode`].
    pub fn add(&mut self, line: &str) -> Result<()> {
        for id in self.tokenizer.encode_bare(line, Limit::None)?.ids {
            if let Some(count) = self.counts.get_mut(id as usize) {
                *count += 1;
            }
        }
        Ok(())
    }

    /// The tokenizer of the pieces that came most often; of equally frequent ones, those of the
    /// lower ids.
    ///
    /// # Errors
    /// [`TokenizerError::NoWords`] if there were none; [`TokenizerError::VocabTooSmall`] if the
    /// special tokens and the characters leave no room.
    pub fn finish(self) -> Result<TrainedTokenizer> {
        let Self { tokenizer, settings, vocab_size, counts } = self;
        if counts.iter().all(|count| *count == 0) {
            return Err(TokenizerError::NoWords);
        }
        let pieces = Pieces::WordPiece(settings);
        let specials = pieces.special_tokens();
        let token =
            |id: usize| tokenizer.token(id as u32).filter(|token| !specials.contains(token));
        let is_character = |token: &String| {
            let rest = token.strip_prefix("##").filter(|rest| !rest.is_empty()).unwrap_or(token);
            rest.len() == 1 && rest.is_ascii()
        };
        let all = (0..counts.len()).filter_map(|id| Some((id, token(id)?)));
        let (characters, mut words): (Vec<_>, Vec<_>) =
            all.partition(|(_, token)| is_character(token));
        words.retain(|(id, _)| counts[*id] > 0);
        words.sort_by_key(|(id, _)| (std::cmp::Reverse(counts[*id]), *id));
        let needed = specials.len() + characters.len();
        let Some(room) = vocab_size.checked_sub(needed).filter(|room| *room > 0) else {
            let (needed, characters) = (needed + 1, characters.len());
            return Err(TokenizerError::VocabTooSmall { vocab_size, needed, characters });
        };
        words.truncate(room);
        let mut kept: Vec<(usize, String)> = characters.into_iter().chain(words).collect();
        kept.sort_by_key(|(id, _)| *id);
        let kept = kept.into_iter().map(|(_, token)| token);
        let json = pieces.word_piece_json(specials.iter().cloned().chain(kept).collect())?;
        TrainedTokenizer::new(
            pieces.with_special_tokens(json, &specials),
            &pieces.config(&specials),
        )
    }
}

/// How a tokenizer reads letters, and what its special tokens are called.
fn settings(tokenizer: &Tokenizer) -> Result<WordPieceSettings> {
    let refuse = |got: &str| TokenizerError::Invalid {
        origin: "the tokenizer whose words are to be fewer".to_owned(),
        field: "model".to_owned(),
        got: got.to_owned(),
        expected: "WordPiece with BERT's way to read letters and its five special tokens"
            .to_owned(),
    };
    let ModelWrapper::WordPiece(_) = tokenizer.inner.get_model() else {
        return Err(refuse("another kind"));
    };
    let Some(NormalizerWrapper::BertNormalizer(letters)) = tokenizer.inner.get_normalizer() else {
        return Err(refuse("WordPiece that reads letters in another way"));
    };
    let SpecialTokens { unk, cls, sep, pad, mask, .. } = tokenizer.special_tokens().clone();
    let (Some(unk), Some(cls), Some(sep), Some(pad), Some(mask)) = (unk, cls, sep, pad, mask)
    else {
        return Err(refuse("WordPiece without some of them"));
    };
    Ok(WordPieceSettings {
        lowercase: letters.lowercase,
        strip_accents: letters.strip_accents,
        split_chinese: letters.handle_chinese_chars,
        unk: unk.token,
        cls: cls.token,
        sep: sep.token,
        pad: pad.token,
        mask: mask.token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Tokenizer {
        let pieces = [
            "[PAD]",
            "[unused0]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "[MASK]",
            "c",
            "##c",
            "a",
            "##a",
            "t",
            "##t",
            "cat",
            "act",
            "##cat",
            "猫",
            "tact",
        ];
        Tokenizer::from_pieces(pieces, &WordPieceSettings::default()).unwrap()
    }

    #[test]
    fn the_most_frequent_stay_in_their_order_and_the_others_are_spelt() {
        let mut pruned = PrunedWords::begin(tokenizer(), 14).unwrap();
        for line in ["cat act tact", "act tact tact", "cat"] {
            pruned.add(line).unwrap();
        }
        let fewer = pruned.finish().unwrap();
        let fewer = fewer.tokenizer();
        // Five special tokens, six characters, and room for three: no more ever came.
        let names: Vec<_> =
            (0..fewer.vocab_size() as u32).filter_map(|id| fewer.token(id)).collect();
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        assert_eq!(names[..5], special);
        assert_eq!(names[5..], ["c", "##c", "a", "##a", "t", "##t", "cat", "act", "tact"]);

        let mut pruned = PrunedWords::begin(tokenizer(), 12).unwrap();
        pruned.add("cat act tact tact").unwrap();
        let fewest = pruned.finish().unwrap();
        let encoding = fewest.tokenizer().encode("tact cat", Limit::None).unwrap();
        assert_eq!(encoding.tokens, ["[CLS]", "tact", "c", "##a", "##t", "[SEP]"]);
    }

    #[test]
    fn what_cannot_be_pruned_is_refused() {
        let few = PrunedWords::begin(tokenizer(), 11).map(|mut pruned| {
            pruned.add("cat").unwrap();
            pruned.finish().unwrap_err()
        });
        let few = few.unwrap();
        assert!(
            matches!(few, TokenizerError::VocabTooSmall { vocab_size: 11, needed: 12, .. }),
            "{few}"
        );
        let none = PrunedWords::begin(tokenizer(), 14).unwrap().finish().unwrap_err();
        assert!(matches!(none, TokenizerError::NoWords));
        let mut trained =
            crate::TokenizerTraining::byte_level_bpe(300, crate::ByteLevelStyle::Gpt2);
        trained = trained.min_frequency(1);
        let bytes = trained.train(["a cat"]).unwrap().tokenizer().clone();
        let error = PrunedWords::begin(bytes, 14).unwrap_err().to_string();
        assert!(error.contains("another kind") && error.contains("WordPiece"), "{error}");
    }
}
