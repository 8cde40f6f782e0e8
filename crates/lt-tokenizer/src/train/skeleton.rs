//! Everything about a tokenizer but its pieces: how a text is normalised and split, what stands
//! around it, and what its special tokens are called.

use serde_json::{Map, Value, json};

use super::unigram::UNK;
use crate::byte_level;
use crate::config::Config;
use crate::wordpiece::{special_token, tokenizer_json};
use crate::{Result, TokenizerError, WordPieceSettings};

/// The kinds of pieces.
#[derive(Debug, Clone)]
pub(crate) enum Pieces {
    WordPiece(WordPieceSettings),
    ByteLevel(ByteLevelStyle, Letters),
    Unigram(Letters),
}

/// Whose special tokens a byte-level vocabulary has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ByteLevelStyle {
    /// `<|endoftext|>`, and nothing around a text.
    Gpt2,
    /// `<s>` text `</s>`; and `<pad>`, `<unk>`, `<mask>`.
    Roberta,
}

/// What is done to the letters of a text before it is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Letters {
    /// Nothing: what is decoded is what was encoded.
    AsTheyAre,
    /// A letter and its accent become one character (Unicode's NFC).
    Nfc,
    /// And forms of one character become the same: `Ａ` is `A` (NFKC).
    Nfkc,
    /// And capitals become small.
    NfkcLowercase,
}

impl Letters {
    fn normalizer(self) -> Value {
        match self {
            Self::AsTheyAre => Value::Null,
            Self::Nfc => json!({"type": "NFC"}),
            Self::Nfkc => json!({"type": "NFKC"}),
            Self::NfkcLowercase => json!({
                "type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}],
            }),
        }
    }
}

const ORIGIN: &str = "the vocabulary that is trained";

impl Pieces {
    /// The usual special tokens, in the order of their ids.
    pub(crate) fn special_tokens(&self) -> Vec<String> {
        let owned = |tokens: &[&str]| tokens.iter().map(ToString::to_string).collect();
        match self {
            Self::WordPiece(WordPieceSettings { pad, unk, cls, sep, mask, .. }) => {
                owned(&[pad, unk, cls, sep, mask])
            }
            Self::ByteLevel(ByteLevelStyle::Gpt2, _) => owned(&["<|endoftext|>"]),
            Self::ByteLevel(ByteLevelStyle::Roberta, _) => {
                owned(&["<s>", "<pad>", "</s>", UNK, "<mask>"])
            }
            Self::Unigram(_) => owned(&["<pad>", "</s>", UNK]),
        }
    }

    /// A tokenizer that has only special tokens: for the steps before the pieces.
    pub(crate) fn bare(&self, specials: &[String]) -> Result<tokenizers::Tokenizer> {
        let json = match self {
            Self::WordPiece(_) => self.word_piece_json(specials.to_vec())?,
            Self::ByteLevel(..) => self.byte_level_json(specials, &[]),
            Self::Unigram(_) => {
                let scores: Vec<_> = specials.iter().map(|token| (token.clone(), 0.0)).collect();
                self.unigram_json(&scores)
            }
        };
        parse(json)
    }

    /// BERT's, of these pieces.
    pub(crate) fn word_piece_json(&self, pieces: Vec<String>) -> Result<Value> {
        match self {
            Self::WordPiece(settings) => tokenizer_json(ORIGIN, pieces, settings),
            _ => tokenizer_json(ORIGIN, pieces, &WordPieceSettings::default()),
        }
    }

    /// GPT-2's or RoBERTa's, of these pieces and merges.
    pub(crate) fn byte_level_json(&self, pieces: &[String], merges: &[String]) -> Value {
        let pieces: Map<String, Value> =
            pieces.iter().cloned().zip((0_u32..).map(Value::from)).collect();
        let config = byte_level::with_usual_names(Config::default(), &pieces);
        let mut json = byte_level::json_of(&pieces, merges, &config);
        json["normalizer"] = self.normalizer();
        json
    }

    /// T5's, of these pieces with their scores.
    pub(crate) fn unigram_json(&self, scores: &[(String, f64)]) -> Value {
        let id = |token: &str| scores.iter().position(|(piece, _)| piece == token);
        let eos = json!({"SpecialToken": {"id": "</s>", "type_id": 0}});
        let text = |which: &str| json!({"Sequence": {"id": which, "type_id": 0}});
        let metaspace = json!({
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true,
        });
        json!({
            "version": "1.0",
            "added_tokens": [],
            "normalizer": self.normalizer(),
            "pre_tokenizer": metaspace,
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [text("A"), eos],
                "pair": [text("A"), eos, text("B"), eos],
                "special_tokens": {
                    "</s>": {"id": "</s>", "ids": [id("</s>")], "tokens": ["</s>"]},
                },
            },
            "decoder": metaspace,
            "model": {
                "type": "Unigram", "unk_id": id(UNK), "byte_fallback": false, "vocab": scores,
            },
        })
    }

    fn normalizer(&self) -> Value {
        match self {
            Self::WordPiece(_) => Value::Null,
            Self::ByteLevel(_, letters) | Self::Unigram(letters) => letters.normalizer(),
        }
    }

    /// With the special tokens that the kind of pieces does not know of; `id` is the place.
    pub(crate) fn with_special_tokens(&self, mut json: Value, specials: &[String]) -> Value {
        let known: Vec<Value> =
            json["added_tokens"].as_array().into_iter().flatten().cloned().collect();
        let added = specials.iter().zip(0_u32..).map(|(token, id)| {
            let same = known.iter().find(|of| of["content"] == token.as_str());
            same.cloned().unwrap_or_else(|| special_token(token, &id.into()))
        });
        json["added_tokens"] = added.collect();
        json
    }

    /// The `tokenizer_config.json`: what the special tokens are for.
    pub(crate) fn config(&self, specials: &[String]) -> Value {
        let mut config = match self {
            Self::WordPiece(of) => json!({
                "do_lower_case": of.lowercase,
                "strip_accents": of.strip_accents,
                "tokenize_chinese_chars": of.split_chinese,
                "unk_token": of.unk, "cls_token": of.cls, "sep_token": of.sep,
                "pad_token": of.pad, "mask_token": of.mask,
            }),
            Self::ByteLevel(ByteLevelStyle::Gpt2, _) => json!({
                "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>",
                "unk_token": "<|endoftext|>",
            }),
            Self::ByteLevel(ByteLevelStyle::Roberta, _) => json!({
                "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>",
                "pad_token": "<pad>", "unk_token": UNK, "mask_token": "<mask>",
            }),
            Self::Unigram(_) => json!({
                "eos_token": "</s>", "pad_token": "<pad>", "unk_token": UNK,
            }),
        };
        if specials.iter().any(|token| token == "<mask>") {
            config["mask_token"] = "<mask>".into();
        }
        config["tokenizer_class"] = "PreTrainedTokenizerFast".into();
        config
    }
}

/// The library's tokenizer of this description.
pub(crate) fn parse(json: Value) -> Result<tokenizers::Tokenizer> {
    serde_json::from_value(json).map_err(|source| TokenizerError::Unsupported {
        origin: ORIGIN.to_owned(),
        source: source.into(),
    })
}
