//! `lt train tokenizer`: a vocabulary from files of text.

use std::path::{Path, PathBuf};

use lt_tokenizer::{
    ByteLevelStyle, PrunedWords, Tokenizer, TokenizerTrainer, TokenizerTraining, TrainedTokenizer,
    WordPieceSettings,
};
use serde::{Deserialize, Serialize};

use crate::rows::Wanted;
use crate::{DataSection, RecipeError, Result, Setting, toml_file};

/// A recipe for a tokenizer, as a TOML file says it.
///
/// ```
/// use lt_recipes::{TokenizerKind, TokenizerRecipe};
/// let recipe = TokenizerRecipe::parse(r#"
///     out = "my-tokenizer"
///     kind = "bpe"
///     vocab_size = 8000
///     [data]
///     files = ["corpus.txt"]
/// "#, &[])?;
/// assert_eq!(recipe.kind, TokenizerKind::Bpe);
/// # Ok::<(), lt_recipes::RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TokenizerRecipe {
    /// The folder that it is written to.
    pub out: PathBuf,
    /// `wordpiece`, `bpe`, `roberta`, `unigram` or `pruned`.
    pub kind: TokenizerKind,
    /// The folder of the tokenizer whose most frequent words are kept: `pruned` alone takes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// How many tokens there are at most.
    pub vocab_size: usize,
    /// How often a pair has to stand in the text to become a token.
    #[serde(default)]
    pub min_frequency: u64,
    /// How many different characters are kept, the most frequent ones: all if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_characters: Option<usize>,
    /// More special tokens, behind the usual ones.
    #[serde(default)]
    pub special_tokens: Vec<String>,
    /// Whether letters are put into lower case and accents taken off: WordPiece alone does it.
    #[serde(default = "yes")]
    pub lowercase: bool,
    /// The files.
    pub data: DataSection,
}

fn yes() -> bool {
    true
}

/// Kinds of tokenizers by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TokenizerKind {
    /// BERT's.
    Wordpiece,
    /// The byte-level one of GPT-2.
    Bpe,
    /// The byte-level one of RoBERTa: the same with `<s>` and `</s>` around a text, and a mask.
    Roberta,
    /// T5's.
    Unigram,
    /// That of a BERT, with fewer words: those that the text has most often.
    Pruned,
}

/// What came of a recipe for a tokenizer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrainedVocabulary {
    /// The folder.
    pub out: PathBuf,
    /// How many tokens there are.
    pub vocab_size: usize,
    /// How many texts were read.
    pub texts: usize,
    /// How many rows were passed over.
    pub skipped: u64,
}

impl TokenizerRecipe {
    /// Reads a file, with settings laid over it.
    ///
    /// # Errors
    /// [`RecipeError::File`] with the place and the nearest name of what is misspelt.
    pub fn read(path: impl AsRef<Path>, over: &[Setting]) -> Result<Self> {
        toml_file::read(path.as_ref(), over)
    }

    /// Reads the text of a recipe.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn parse(text: &str, over: &[Setting]) -> Result<Self> {
        toml_file::parse(text, "the recipe", over)
    }

    /// Trains the tokenizer and writes it. `tell` hears how many texts were read.
    ///
    /// # Errors
    /// If the files cannot be read or hold no words, the vocabulary is too small, or the folder
    /// cannot be written, or has a tokenizer already.
    pub fn run(&self, tell: &mut dyn FnMut(u64)) -> Result<TrainedVocabulary> {
        if self.out.join("tokenizer.json").exists() {
            let expected = "a folder without a tokenizer";
            return Err(RecipeError::setting("out", self.out.display(), expected));
        }
        let text = Wanted { key: "text", column: self.data.text.as_ref() };
        let corpus = self.data.corpus(&self.data.files, self.data.rows(&[text])?)?;
        let mut learning = self.begin()?;
        let mut texts = 0;
        for row in corpus.records() {
            for text in row? {
                learning.add(&text)?;
            }
            texts += 1;
            if texts % 1000 == 0 {
                tell(texts as u64);
            }
        }
        let trained = learning.finish()?;
        trained.save(&self.out)?;
        let vocab_size = trained.tokenizer().vocab_size();
        let skipped = corpus.skipped().count;
        Ok(TrainedVocabulary { out: self.out.clone(), vocab_size, texts, skipped })
    }

    fn begin(&self) -> Result<Learning> {
        let training = match self.kind {
            TokenizerKind::Pruned => {
                let Some(from) = &self.from else {
                    let expected = "the folder of a tokenizer, because kind is \"pruned\"";
                    return Err(RecipeError::setting("from", "not said", expected));
                };
                let whole = Tokenizer::from_dir(from)?;
                return Ok(Learning::Pruned(PrunedWords::begin(whole, self.vocab_size)?));
            }
            _ if self.from.is_some() => {
                let expected = "nothing, because kind is not \"pruned\"";
                return Err(RecipeError::setting("from", "said", expected));
            }
            TokenizerKind::Wordpiece => {
                let settings =
                    WordPieceSettings { lowercase: self.lowercase, ..WordPieceSettings::default() };
                TokenizerTraining::word_piece(self.vocab_size, settings)
            }
            TokenizerKind::Bpe => {
                TokenizerTraining::byte_level_bpe(self.vocab_size, ByteLevelStyle::Gpt2)
            }
            TokenizerKind::Roberta => {
                TokenizerTraining::byte_level_bpe(self.vocab_size, ByteLevelStyle::Roberta)
            }
            TokenizerKind::Unigram => TokenizerTraining::unigram(self.vocab_size),
        };
        let mut training = training.min_frequency(self.min_frequency);
        training = training.special_tokens(&self.special_tokens);
        if let Some(most) = self.most_characters {
            training = training.most_characters(most);
        }
        Ok(Learning::Trained(training.begin()?))
    }
}

/// A vocabulary that is being learned.
#[derive(Debug)]
enum Learning {
    Trained(TokenizerTrainer),
    Pruned(PrunedWords),
}

impl Learning {
    fn add(&mut self, text: &str) -> Result<()> {
        match self {
            Self::Trained(trainer) => trainer.add(text)?,
            Self::Pruned(words) => words.add(text)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<TrainedTokenizer> {
        Ok(match self {
            Self::Trained(trainer) => trainer.finish(),
            Self::Pruned(words) => words.finish(),
        }?)
    }
}
