//! Training a tokenizer: from lines of text to a vocabulary.

mod merges;
mod pruned;
mod skeleton;
mod trained;
mod unigram;
mod words;

pub use pruned::PrunedWords;
pub use skeleton::{ByteLevelStyle, Letters};
pub use trained::TrainedTokenizer;

use skeleton::Pieces;
use words::Words;

use crate::{Result, TokenizerError, WordPieceSettings};

/// What a tokenizer is to be like, before it has seen a text.
///
/// The same lines in any order give the same files to the byte, on any number of threads.
///
/// By hand: the words `ab` (3 times) and `ac` (once). `a ##b` is the most frequent pair, so it is
/// the first to become a piece, and the only one: there is room for eleven, of which five are special
/// tokens and five characters.
///
/// ```
/// use lt_tokenizer::{Limit, TokenizerTraining, WordPieceSettings};
/// let training = TokenizerTraining::word_piece(11, WordPieceSettings::default());
/// let trained = training.train(["ab ac", "AB ab"])?;
/// let tokenizer = trained.tokenizer();
/// let pieces: Vec<_> = (5..11).filter_map(|id| tokenizer.token(id)).collect();
/// assert_eq!(pieces, ["a", "b", "c", "##b", "##c", "ab"]);
/// assert_eq!(tokenizer.encode("ab ac", Limit::None)?.tokens, ["[CLS]", "ab", "a", "##c", "[SEP]"]);
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TokenizerTraining {
    pieces: Pieces,
    vocab_size: usize,
    min_frequency: u64,
    most_characters: Option<usize>,
    special_tokens: Vec<String>,
}

impl TokenizerTraining {
    /// BERT's WordPiece. The special tokens of the settings come first in the vocabulary: pad,
    /// unk, cls, sep, mask.
    #[must_use]
    pub fn word_piece(vocab_size: usize, settings: WordPieceSettings) -> Self {
        Self::of(Pieces::WordPiece(settings), vocab_size)
    }

    /// The byte-level BPE of GPT-2 and RoBERTa: every text has tokens, whatever it is made of.
    #[must_use]
    pub fn byte_level_bpe(vocab_size: usize, style: ByteLevelStyle) -> Self {
        Self::of(Pieces::ByteLevel(style, Letters::AsTheyAre), vocab_size)
    }

    /// The Unigram of T5: the likeliest split, spaces kept as `▁`. The special tokens come first:
    /// `<pad>`, `</s>`, `<unk>`.
    ///
    /// Its scores are logarithms of the system's library, so that files from two systems may
    /// differ in their last digits.
    #[must_use]
    pub fn unigram(vocab_size: usize) -> Self {
        Self::of(Pieces::Unigram(Letters::Nfkc), vocab_size)
    }

    fn of(pieces: Pieces, vocab_size: usize) -> Self {
        Self { pieces, vocab_size, min_frequency: 0, most_characters: None, special_tokens: vec![] }
    }

    /// How letters are read: not for WordPiece, whose settings say it.
    #[must_use]
    pub fn letters(mut self, letters: Letters) -> Self {
        match &mut self.pieces {
            Pieces::WordPiece(_) => {}
            Pieces::ByteLevel(_, of) | Pieces::Unigram(of) => *of = letters,
        }
        self
    }

    /// How often a pair has to stand in the text to become a piece. Unigram, which does not merge
    /// pairs, leaves out words that are rarer.
    #[must_use]
    pub fn min_frequency(mut self, times: u64) -> Self {
        self.min_frequency = times;
        self
    }

    /// Keeps only so many different characters, the most frequent ones; of two that are equally
    /// frequent the one that comes first in Unicode. A Chinese text may have ten thousand.
    /// A byte-level vocabulary has its 256 bytes whatever is said here.
    #[must_use]
    pub fn most_characters(mut self, most: usize) -> Self {
        self.most_characters = Some(most);
        self
    }

    /// More special tokens, behind the usual ones: `<extra_id_0>` for the gaps of T5.
    #[must_use]
    pub fn special_tokens(mut self, tokens: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.special_tokens.extend(tokens.into_iter().map(Into::into));
        self
    }

    /// Learns from lines that are all at hand. For lines that come from files, which may fail,
    /// there is [`begin`](Self::begin).
    ///
    /// # Errors
    /// As for [`TokenizerTrainer::add`] and [`TokenizerTrainer::finish`].
    pub fn train(
        &self,
        lines: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<TrainedTokenizer> {
        let mut trainer = self.begin()?;
        for line in lines {
            trainer.add(line.as_ref())?;
        }
        trainer.finish()
    }

    /// Begins to learn; lines are added one by one, and only their words are kept.
    ///
    /// ```
    /// use lt_tokenizer::{ByteLevelStyle, TokenizerTraining};
    /// let mut trainer = TokenizerTraining::byte_level_bpe(300, ByteLevelStyle::Gpt2).begin()?;
    /// trainer.add("low lower lowest")?;
    /// let tokenizer = trainer.finish()?;
    /// assert!(tokenizer.tokenizer().id("low").is_some());
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenizerError::SpecialToken`] for a special token that is named twice, or empty.
    pub fn begin(&self) -> Result<TokenizerTrainer> {
        let specials = self.all_special_tokens()?;
        let words = Words::new(self.pieces.bare(&specials)?);
        Ok(TokenizerTrainer { training: self.clone(), specials, words })
    }

    fn all_special_tokens(&self) -> Result<Vec<String>> {
        let mut all: Vec<String> = Vec::new();
        for token in self.pieces.special_tokens().into_iter().chain(self.special_tokens.clone()) {
            if token.is_empty() || all.contains(&token) {
                return Err(TokenizerError::SpecialToken { token });
            }
            all.push(token);
        }
        Ok(all)
    }
}

/// A training that has begun: it counts the words of the lines that it is given.
#[derive(Debug)]
pub struct TokenizerTrainer {
    training: TokenizerTraining,
    specials: Vec<String>,
    words: Words,
}

impl TokenizerTrainer {
    /// Counts the words of a line.
    ///
    /// # Errors
    /// [`TokenizerError::Training`] if the library cannot split it.
    pub fn add(&mut self, line: &str) -> Result<()> {
        self.words.add(line)
    }

    /// Learns the vocabulary.
    ///
    /// # Errors
    /// [`TokenizerError::NoWords`] if there were none; [`TokenizerError::VocabTooSmall`] if the
    /// special tokens and the characters leave no room.
    pub fn finish(self) -> Result<TrainedTokenizer> {
        let Self { training, specials, words } = self;
        let words = words.sorted();
        if words.is_empty() {
            return Err(TokenizerError::NoWords);
        }
        let json = match &training.pieces {
            Pieces::WordPiece(_) => {
                let alphabet = words::alphabet(&words, training.most_characters);
                let alphabet = merges::with_continuations(&words, alphabet);
                let learned = merges::learn(&training, &specials, alphabet, &words)?;
                training.pieces.word_piece_json(learned.pieces)?
            }
            Pieces::ByteLevel(..) => {
                let alphabet = merges::bytes();
                let learned = merges::learn(&training, &specials, alphabet, &words)?;
                training.pieces.byte_level_json(&learned.pieces, &learned.merges)
            }
            Pieces::Unigram(_) => {
                let alphabet = words::alphabet(&words, training.most_characters);
                let scores = unigram::learn(&training, &specials, &alphabet, words)?;
                training.pieces.unigram_json(&scores)
            }
        };
        let config = training.pieces.config(&specials);
        TrainedTokenizer::new(training.pieces.with_special_tokens(json, &specials), &config)
    }
}
