//! Byte-level BPE from a vocabulary and a list of merges: what `vocab.json` and `merges.txt` stand
//! for.

use std::path::Path;

use serde_json::{Map, Value, json};
use tokenizers::AddedToken;

use crate::config::Config;
use crate::read::{VOCAB_LIMIT, read_json, read_text};
use crate::special_tokens::Role;
use crate::wordpiece::special_token;
use crate::{Result, TokenizerError};

/// The `tokenizer.json` that the two files stand for, and what its special tokens are for.
///
/// A vocabulary with `<s>` and `</s>` is RoBERTa's: `<s>` text `</s>`, and for two texts
/// `<s>` A `</s>` `</s>` B `</s>`. Any other is GPT-2's, which puts nothing around a text.
pub(crate) fn tokenizer_json(
    vocab: &Path,
    merges: &Path,
    config: Config,
) -> Result<(Value, Config)> {
    let origin = vocab.display().to_string();
    let Value::Object(pieces) = read_json(vocab, VOCAB_LIMIT)? else {
        return Err(invalid(&origin, "the file", "no object", "an object {\"piece\": id, …}"));
    };
    let merges = merges_of(&merges.display().to_string(), &read_text(merges, VOCAB_LIMIT)?)?;
    let config = with_usual_names(config, &pieces);
    Ok((json_of(&pieces, &merges, &config), config))
}

/// The same from a vocabulary and merges that are in memory.
pub(crate) fn json_of(pieces: &Map<String, Value>, merges: &[String], config: &Config) -> Value {
    let around = Around::of(pieces, config);
    let prefix_space = config.add_prefix_space.unwrap_or(false);
    let byte_level = |trim_offsets: bool| {
        json!({
            "type": "ByteLevel", "add_prefix_space": prefix_space, "trim_offsets": trim_offsets,
            "use_regex": true,
        })
    };
    let post_processor = match &around {
        Some(Around { cls, sep }) => json!({
            "type": "RobertaProcessing", "cls": cls, "sep": sep, "trim_offsets": true,
            "add_prefix_space": prefix_space,
        }),
        None => byte_level(false),
    };
    json!({
        "version": "1.0",
        "added_tokens": special_tokens(pieces),
        "normalizer": null,
        "pre_tokenizer": byte_level(true),
        "post_processor": post_processor,
        "decoder": byte_level(true),
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
            "vocab": pieces, "merges": merges,
        },
    })
}

/// With what RoBERTa and GPT-2 call their special tokens, where no file says.
pub(crate) fn with_usual_names(mut config: Config, pieces: &Map<String, Value>) -> Config {
    let usual = [
        (Role::Cls, "<s>"),
        (Role::Sep, "</s>"),
        (Role::Bos, "<s>"),
        (Role::Eos, "</s>"),
        (Role::Bos, "<|endoftext|>"),
        (Role::Eos, "<|endoftext|>"),
        (Role::Unk, "<|endoftext|>"),
    ];
    for (role, name) in usual {
        // RoBERTa has an unknown token of its own, which is found by its name.
        let unknown = role == Role::Unk && pieces.contains_key("<unk>");
        if pieces.contains_key(name) && config.special_token(role).is_none() && !unknown {
            config.special_tokens.push((role, AddedToken::from(name, true)));
        }
    }
    config
}

/// What stands before a text and behind it, each with its id.
struct Around {
    cls: (String, Value),
    sep: (String, Value),
}

impl Around {
    fn of(pieces: &Map<String, Value>, config: &Config) -> Option<Self> {
        let token = |role| {
            let name = &config.special_token(role)?.content;
            pieces.get(name).map(|id| (name.clone(), id.clone()))
        };
        Some(Self { cls: token(Role::Cls)?, sep: token(Role::Sep)? })
    }
}

/// Those of RoBERTa and of GPT-2, as far as the vocabulary has them.
fn special_tokens(pieces: &Map<String, Value>) -> Vec<Value> {
    let names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"];
    let token = |name: &&str| {
        let mut token = special_token(name, pieces.get(*name)?);
        // The space before a masked word belongs to the word.
        token["lstrip"] = Value::Bool(*name == "<mask>");
        Some(token)
    };
    let mut tokens: Vec<Value> = names.iter().filter_map(token).collect();
    tokens.sort_by_key(|token| token["id"].as_u64());
    tokens
}

/// Two pieces a line, in the order in which they are merged; the first line may say which version
/// of the format it is.
fn merges_of(origin: &str, text: &str) -> Result<Vec<String>> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(number, line)| {
        !(line.is_empty() || *number == 0 && line.starts_with("#version"))
    });
    let merge = |(number, line): (usize, &str)| match line.split(' ').collect::<Vec<_>>()[..] {
        [left, right] if !left.is_empty() && !right.is_empty() => Ok(line.to_owned()),
        _ => {
            let field = format!("line {}", number + 1);
            Err(invalid(origin, &field, &format!("{line:?}"), "two pieces and a space between"))
        }
    };
    lines.map(merge).collect()
}

fn invalid(origin: &str, field: &str, got: &str, expected: &str) -> TokenizerError {
    let [origin, field, expected] = [origin, field, expected].map(str::to_owned);
    TokenizerError::Invalid { origin, field, got: got.chars().take(80).collect(), expected }
}
