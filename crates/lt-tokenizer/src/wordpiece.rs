//! BERT's WordPiece from a list of pieces: what a `vocab.txt` stands for.

use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::special_tokens::Role;
use crate::{Result, TokenizerError};

/// How BERT's WordPiece treats a text, where no `tokenizer.json` says.
///
/// The default is an uncased BERT.
///
/// ```
/// use lt_tokenizer::{Limit, Tokenizer, WordPieceSettings};
/// let pieces = ["[UNK]", "[CLS]", "[SEP]", "Bonn", "bonn"];
/// let cased = WordPieceSettings { lowercase: false, ..WordPieceSettings::default() };
/// let cased = Tokenizer::from_pieces(pieces, &cased)?;
/// let uncased = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
/// assert_eq!(cased.encode("Bonn", Limit::None)?.tokens, ["[CLS]", "Bonn", "[SEP]"]);
/// assert_eq!(uncased.encode("Bonn", Limit::None)?.tokens, ["[CLS]", "bonn", "[SEP]"]);
/// # Ok::<(), lt_tokenizer::TokenizerError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordPieceSettings {
    /// Whether the text is lowercased (`do_lower_case`).
    pub lowercase: bool,
    /// Whether accents are taken off; `None`: when lowercasing (`strip_accents`).
    pub strip_accents: Option<bool>,
    /// Whether each Chinese character is a word of its own (`tokenize_chinese_chars`).
    pub split_chinese: bool,
    /// The token of a word that no pieces make up (`unk_token`); must be among the pieces.
    pub unk: String,
    /// The token before a sequence (`cls_token`); must be among the pieces.
    pub cls: String,
    /// The token after each text (`sep_token`); must be among the pieces.
    pub sep: String,
    /// The token of padding (`pad_token`), if the pieces have it.
    pub pad: String,
    /// The token of a gap (`mask_token`), if the pieces have it.
    pub mask: String,
}

impl Default for WordPieceSettings {
    fn default() -> Self {
        Self {
            lowercase: true,
            strip_accents: None,
            split_chinese: true,
            unk: "[UNK]".to_owned(),
            cls: "[CLS]".to_owned(),
            sep: "[SEP]".to_owned(),
            pad: "[PAD]".to_owned(),
            mask: "[MASK]".to_owned(),
        }
    }
}

impl WordPieceSettings {
    /// The defaults where the configuration says nothing.
    pub(crate) fn from_config(config: &Config) -> Self {
        let default = Self::default();
        let name = |role, usual: String| {
            config.special_token(role).map_or(usual, |token| token.content.clone())
        };
        Self {
            lowercase: config.do_lower_case.unwrap_or(default.lowercase),
            strip_accents: config.strip_accents,
            split_chinese: config.tokenize_chinese_chars.unwrap_or(default.split_chinese),
            unk: name(Role::Unk, default.unk),
            cls: name(Role::Cls, default.cls),
            sep: name(Role::Sep, default.sep),
            pad: name(Role::Pad, default.pad),
            mask: name(Role::Mask, default.mask),
        }
    }
}

/// The `tokenizer.json` that a list of pieces stands for.
///
/// A piece's id is its place in the list. Of two equal pieces the later one counts, as in
/// transformers; an empty one takes up an id that no text gets.
pub(crate) fn tokenizer_json(
    origin: &str,
    pieces: impl IntoIterator<Item = impl Into<String>>,
    settings: &WordPieceSettings,
) -> Result<Value> {
    let vocab: Map<String, Value> = (0_u32..)
        .zip(pieces)
        .map(|(id, piece)| (piece.into(), Value::from(id)))
        .filter(|(piece, _)| !piece.is_empty())
        .collect();
    if vocab.is_empty() {
        let expected = "one piece a line, `[UNK]`, `[CLS]` and `[SEP]` among them";
        return Err(missing(origin, "empty".to_owned(), expected.to_owned()));
    }
    let id = |token: &str, key: &str| {
        vocab.get(token).ok_or_else(|| {
            let expected = format!("`{token}` among the pieces, or its name there as `{key}`");
            missing(origin, format!("without `{token}`"), expected)
        })
    };
    id(&settings.unk, Role::Unk.key())?;
    let cls_id = id(&settings.cls, Role::Cls.key())?;
    let sep_id = id(&settings.sep, Role::Sep.key())?;

    let WordPieceSettings { unk, cls, sep, pad, mask, .. } = settings;
    let special: Vec<Value> = [pad, unk, cls, sep, mask]
        .into_iter()
        .filter_map(|token| vocab.get(token).map(|id| special_token(token, id)))
        .collect();
    let one = |token: &str, segment| json!({"SpecialToken": {"id": token, "type_id": segment}});
    let text = |which, segment| json!({"Sequence": {"id": which, "type_id": segment}});
    Ok(json!({
        "version": "1.0",
        "added_tokens": special,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": settings.split_chinese,
            "strip_accents": settings.strip_accents,
            "lowercase": settings.lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [one(cls, 0), text("A", 0), one(sep, 0)],
            "pair": [one(cls, 0), text("A", 0), one(sep, 0), text("B", 1), one(sep, 1)],
            "special_tokens": {
                cls: {"id": cls, "ids": [cls_id], "tokens": [cls]},
                sep: {"id": sep, "ids": [sep_id], "tokens": [sep]},
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece",
            "unk_token": unk,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocab,
        },
    }))
}

/// A token that a text may spell out, as `tokenizer.json` has it.
pub(crate) fn special_token(token: &str, id: &Value) -> Value {
    json!({
        "id": id,
        "content": token,
        "special": true,
        "single_word": false,
        "lstrip": false,
        "rstrip": false,
        "normalized": false,
    })
}

fn missing(origin: &str, got: String, expected: String) -> TokenizerError {
    let field = "the vocabulary".to_owned();
    TokenizerError::Invalid { origin: origin.to_owned(), field, got, expected }
}
