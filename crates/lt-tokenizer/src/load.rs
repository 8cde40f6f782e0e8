//! From files to a tokenizer.

use std::path::Path;

use serde_json::error::Category;
use tokenizers::{ModelWrapper, NormalizerWrapper};

use crate::byte_level;
use crate::charsmap;
use crate::check::check;
use crate::chunks::may_cut;
use crate::config::Config;
use crate::guard::guard;
use crate::read::{CONFIG_LIMIT, JSON_LIMIT, VOCAB_LIMIT, read_json, read_text};
use crate::special_tokens::register;
use crate::wordpiece::{WordPieceSettings, tokenizer_json};
use crate::{Result, SpecialTokens, Tokenizer, TokenizerError};

impl Tokenizer {
    /// Loads the tokenizer of a Hugging Face directory: `tokenizer.json`, or else `vocab.txt`
    /// (BERT's WordPiece), or else `vocab.json` and `merges.txt` (the byte-level BPE of RoBERTa and
    /// GPT-2).
    ///
    /// `tokenizer_config.json` and `special_tokens_map.json`, where there are any, name the
    /// special tokens and the maximum length, and say how letters are meant (lowercasing, accents,
    /// Chinese characters).
    ///
    /// ```no_run
    /// use lt_tokenizer::{Limit, Tokenizer};
    /// let tokenizer = Tokenizer::from_dir("all-MiniLM-L6-v2")?;
    /// let encoding = tokenizer.encode("A sentence.", Limit::At(256))?;
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenizerError::NotFound`] if the directory has none of them; another
    /// [`TokenizerError`] if one of the files cannot be read or does not hold together.
    pub fn from_dir(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref();
        let (json, vocab) = (dir.join("tokenizer.json"), dir.join("vocab.txt"));
        let (pieces, merges) = (dir.join("vocab.json"), dir.join("merges.txt"));
        let config = Config::from_dir(dir)?;
        if json.exists() {
            parse(&json.display().to_string(), &read_text(&json, JSON_LIMIT)?, &config)
        } else if vocab.exists() {
            refuse_added_tokens(dir)?;
            load_vocab(&vocab, &WordPieceSettings::from_config(&config), &config)
        } else if pieces.exists() && merges.exists() {
            refuse_added_tokens(dir)?;
            let (json, config) = byte_level::tokenizer_json(&pieces, &merges, config)?;
            build(&pieces.display().to_string(), || serde_json::from_value(json), &config)
        } else {
            Err(TokenizerError::NotFound { dir: dir.to_owned(), hint: hint(dir) })
        }
    }

    /// Loads a `tokenizer.json` alone, without what lies beside it.
    ///
    /// # Errors
    /// A [`TokenizerError`] if the file cannot be read or does not hold together.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        parse(&path.display().to_string(), &read_text(path, JSON_LIMIT)?, &Config::default())
    }

    /// Loads the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// A [`TokenizerError`] if it does not hold together.
    pub fn from_json(json: &str) -> Result<Self> {
        parse("tokenizer.json given in memory", json, &Config::default())
    }

    /// Loads the texts of a `tokenizer.json` and of the `tokenizer_config.json` beside it, which
    /// names the special tokens and the maximum length.
    ///
    /// ```
    /// use lt_tokenizer::{ByteLevelStyle, Tokenizer, TokenizerTraining};
    /// let trained = TokenizerTraining::byte_level_bpe(300, ByteLevelStyle::Gpt2).train(["a cat"])?;
    /// let tokenizer = Tokenizer::from_texts(trained.json(), trained.config())?;
    /// assert_eq!(tokenizer.id("<|endoftext|>"), Some(0));
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    ///
    /// # Errors
    /// A [`TokenizerError`] if one of them does not hold together.
    pub fn from_texts(json: &str, config: &str) -> Result<Self> {
        parse("tokenizer.json given in memory", json, &Config::from_text(config)?)
    }

    /// Loads a `vocab.txt`: one piece a line, the first line is id 0.
    ///
    /// Of two equal lines the later one counts, as in transformers; an empty line takes up an id
    /// that no text gets.
    ///
    /// # Errors
    /// A [`TokenizerError`] if the file cannot be read, is empty, or lacks the tokens for the
    /// unknown, the start or the end.
    pub fn from_vocab(path: impl AsRef<Path>, settings: &WordPieceSettings) -> Result<Self> {
        load_vocab(path.as_ref(), settings, &Config::default())
    }

    /// Makes a WordPiece tokenizer of these pieces, in the order of their ids.
    ///
    /// ```
    /// use lt_tokenizer::{Limit, Tokenizer, WordPieceSettings};
    /// let pieces = ["[UNK]", "[CLS]", "[SEP]", "un", "##able"];
    /// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
    /// assert_eq!(tokenizer.encode("Unable", Limit::None)?.ids, [1, 3, 4, 2]);
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`from_vocab`](Self::from_vocab).
    pub fn from_pieces(
        pieces: impl IntoIterator<Item = impl Into<String>>,
        settings: &WordPieceSettings,
    ) -> Result<Self> {
        let origin = "vocabulary given in memory";
        let json = tokenizer_json(origin, pieces, settings)?;
        build(origin, || serde_json::from_value(json), &Config::default())
    }
}

fn load_vocab(path: &Path, settings: &WordPieceSettings, config: &Config) -> Result<Tokenizer> {
    let origin = path.display().to_string();
    let text = read_text(path, VOCAB_LIMIT)?;
    let json = tokenizer_json(&origin, text.lines(), settings)?;
    build(&origin, || serde_json::from_value(json), config)
}

fn parse(origin: &str, json: &str, config: &Config) -> Result<Tokenizer> {
    charsmap::check_size(origin, json)?;
    build(origin, || serde_json::from_str(json), config)
}

fn build(
    origin: &str,
    parse: impl FnOnce() -> serde_json::Result<tokenizers::Tokenizer>,
    config: &Config,
) -> Result<Tokenizer> {
    let unsupported = |source| TokenizerError::Unsupported { origin: origin.to_owned(), source };
    let parsed = guard(|| Ok(parse())).map_err(unsupported)?;
    let mut inner = parsed.map_err(|source| match source.classify() {
        Category::Data => unsupported(source.into()),
        _ => TokenizerError::NotJson { origin: origin.to_owned(), source },
    })?;
    let largest_id = check(origin, &inner)?;

    let (file_max_length, file_side) =
        inner.get_truncation().map(|cut| (cut.max_length, cut.direction)).unzip();
    let inner = guard(move || {
        inner.with_truncation(None)?;
        // There is no padding in this library.
        inner.with_padding(None);
        without_dropout(&mut inner);
        with_settings_of(config, &mut inner);
        register(&mut inner, config);
        Ok(inner)
    })
    .map_err(unsupported)?;
    Ok(Tokenizer {
        special_tokens: SpecialTokens::find(&inner, config),
        vocab_size: largest_id.map_or(0, |id| id as usize + 1),
        file_max_length,
        model_max_length: config.model_max_length,
        may_cut: may_cut(&inner),
        truncation_side: config.truncation_side.or(file_side).unwrap_or_default(),
        inner,
    })
}

/// A random choice of merges belongs to training: here the same text gives the same ids.
fn without_dropout(inner: &mut tokenizers::Tokenizer) {
    if let ModelWrapper::BPE(model) = inner.get_model()
        && model.dropout.is_some()
    {
        let mut model = model.clone();
        model.dropout = None;
        inner.with_model(model);
    }
}

/// Where `tokenizer_config.json` says how BERT's letters are read, transformers goes by it and not
/// by the normaliser in `tokenizer.json`.
fn with_settings_of(config: &Config, inner: &mut tokenizers::Tokenizer) {
    if let Some(NormalizerWrapper::BertNormalizer(normalizer)) = inner.get_normalizer() {
        let mut normalizer = *normalizer;
        normalizer.lowercase = config.do_lower_case.unwrap_or(normalizer.lowercase);
        normalizer.strip_accents = config.strip_accents.or(normalizer.strip_accents);
        normalizer.handle_chinese_chars =
            config.tokenize_chinese_chars.unwrap_or(normalizer.handle_chinese_chars);
        inner.with_normalizer(Some(normalizer));
    }
}

/// What a directory without a tokenizer that we read has instead.
fn hint(dir: &Path) -> String {
    if !dir.is_dir() {
        return "; there is no such directory".to_owned();
    }
    let is_there = |name: &&&str| dir.join(**name).exists();
    let models = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "vocab.json"];
    match models.iter().find(is_there) {
        Some(found) => format!(". It has {found}, {}", how_to_make_json(dir)),
        None => "; fetch them from where the model is from".to_owned(),
    }
}

fn how_to_make_json(dir: &Path) -> String {
    format!(
        "from which transformers can make a tokenizer.json, in Python:\n  \
         from transformers import AutoTokenizer\n  \
         AutoTokenizer.from_pretrained(\"{0}\").save_pretrained(\"{0}\")",
        dir.display()
    )
}

/// Without a `tokenizer.json` nothing says how tokens added to a vocabulary are found in a text;
/// to leave them out would give wrong ids silently.
fn refuse_added_tokens(dir: &Path) -> Result<()> {
    let path = dir.join("added_tokens.json");
    if !path.exists() {
        return Ok(());
    }
    let added = read_json(&path, CONFIG_LIMIT)?;
    if added.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(());
    }
    Err(TokenizerError::Invalid {
        origin: path.display().to_string(),
        field: "the list of tokens beyond the vocabulary".to_owned(),
        got: "not empty".to_owned(),
        expected: format!("none, or a directory {}", how_to_make_json(dir)),
    })
}
