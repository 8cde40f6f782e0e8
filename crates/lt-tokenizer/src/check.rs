//! What must hold in a `tokenizer.json` beyond what the `tokenizers` library asks.

use serde_json::Value;
use tokenizers::{Model, ModelWrapper};

use crate::charsmap::longest_replacement;
use crate::config::invalid;
use crate::{Result, TokenizerError};

/// Larger ids overflow the library's arithmetic; no vocabulary has a thousandth of this.
const ID_LIMIT: u32 = 1 << 31;

/// Each part of a word is looked up, so that the time for a word grows with the cube of its length;
/// real tokenizers give up a word of more than 100 or 200 characters.
const LONGEST_WORD: usize = 1000;

/// Refuses a tokenizer whose template would crash, or add what the vocabulary does not have;
/// tells the largest id, if there is any.
///
/// The template is looked at as the library writes it: that has one form where it reads several.
pub(crate) fn check(origin: &str, inner: &tokenizers::Tokenizer) -> Result<Option<u32>> {
    let largest = largest_id(inner);
    if let Some(id) = largest.filter(|id| *id >= ID_LIMIT) {
        let expected = format!("less than {ID_LIMIT}");
        return Err(invalid(origin, "the largest token id", &id.into(), &expected));
    }
    if let ModelWrapper::WordPiece(model) = inner.get_model()
        && model.max_input_chars_per_word > LONGEST_WORD
    {
        let got = model.max_input_chars_per_word.into();
        let expected = format!("at most {LONGEST_WORD}");
        return Err(invalid(origin, "model.max_input_chars_per_word", &got, &expected));
    }
    let as_json = |part: serde_json::Result<Value>| {
        part.map_err(|source| {
            let source = source.into();
            TokenizerError::Unsupported { origin: origin.to_owned(), source }
        })
    };
    let normalizer = as_json(serde_json::to_value(inner.get_normalizer()))?;
    let pre_tokenizer = as_json(serde_json::to_value(inner.get_pre_tokenizer()))?;
    let decoder = as_json(serde_json::to_value(inner.get_decoder()))?;
    for (field, growth) in [
        ("what normalizer and pre_tokenizer replace", growth(&normalizer) * growth(&pre_tokenizer)),
        ("what decoder replaces", growth(&decoder)),
    ] {
        if growth > MOST_GROWTH {
            let expected = format!("at most {MOST_GROWTH} times as long");
            let got = format!("that it makes a text {growth:.0} times as long").into();
            return Err(invalid(origin, field, &got, &expected));
        }
    }
    let processor = as_json(serde_json::to_value(inner.get_post_processor()))?;
    let processors = flattened(&processor);
    for part in &processors {
        let added = if part["type"] == "TemplateProcessing" {
            check_template(origin, part)?
        } else {
            ["cls", "sep"].iter().filter_map(|token| part[token].get(1)).collect()
        };
        let is_known = |id: &&Value| id.as_u64().is_some_and(|id| has_token(inner, id));
        if let Some(unknown) = added.into_iter().find(|id| !is_known(id)) {
            let expected = "that of a token in the vocabulary";
            return Err(invalid(origin, "a token id in post_processor", unknown, expected));
        }
    }
    let adding = processors.iter().filter(|part| part["type"] != "ByteLevel").count();
    if adding > 1 {
        let field = "the number of post-processors that add tokens";
        return Err(invalid(origin, field, &adding.into(), "at most 1"));
    }
    Ok(largest)
}

/// No real tokenizer makes a text longer than this by replacing: SentencePiece's map makes 33 bytes
/// of U+FDFA, and some replacements before and after it count twice each. A few lines could ask
/// for more than any memory holds.
const MOST_GROWTH: f64 = 1024.0;

/// How many times as long a text may become by what a normaliser, a pre-tokenizer or a decoder
/// replaces.
fn growth(part: &Value) -> f64 {
    let chains = ["normalizers", "pretokenizers", "decoders"];
    if let Some(parts) = chains.iter().find_map(|chain| part[chain].as_array()) {
        return parts.iter().map(growth).product();
    }
    match part["type"].as_str() {
        Some("Precompiled") => return (longest_replacement(part) as f64).max(1.0),
        // A byte becomes a letter, of two bytes if it is none of ASCII.
        Some("ByteLevel") => return 2.0,
        Some("Replace") => {}
        _ => return 1.0,
    }
    let length = |text: &Value| text.as_str().map_or(0, str::len) as f64;
    let content = length(&part["content"]);
    // A regular expression may match a single character, or the empty place between two.
    match &part["pattern"]["String"] {
        Value::String(pattern) if !pattern.is_empty() => (content / pattern.len() as f64).max(1.0),
        _ => content + 1.0,
    }
}

/// The largest id of any token, if there are tokens.
fn largest_id(inner: &tokenizers::Tokenizer) -> Option<u32> {
    let model = inner.get_model();
    // As many ids as tokens and none left out: nearly always. A copy of the vocabulary otherwise.
    let size = u32::try_from(model.get_vocab_size()).unwrap_or(u32::MAX);
    let of_model = if (0..size).all(|id| model.id_to_token(id).is_some()) {
        size.checked_sub(1)
    } else {
        model.get_vocab().into_values().max()
    };
    let added = inner.get_added_vocabulary().get_vocab().values().copied().max();
    of_model.max(added)
}

/// A post-processor, or those of a `Sequence`, however deep.
fn flattened(processor: &Value) -> Vec<&Value> {
    match processor["processors"].as_array() {
        Some(parts) => parts.iter().flat_map(flattened).collect(),
        None if processor.is_null() => Vec::new(),
        None => vec![processor],
    }
}

fn has_token(inner: &tokenizers::Tokenizer, id: u64) -> bool {
    u32::try_from(id).is_ok_and(|id| inner.id_to_token(id).is_some())
}

/// Real templates add five tokens at the most. One that names a token often, and that token many
/// ids, would add the product of both to each text.
const MOST_ADDED: usize = 1000;

/// A template must place each text once, and know its special tokens; their ids are returned.
fn check_template<'a>(origin: &str, template: &'a Value) -> Result<Vec<&'a Value>> {
    let mut all_added = Vec::new();
    for (name, texts) in [("single", "A"), ("pair", "A B")] {
        let mut added = Vec::new();
        let field = format!("post_processor.{name}");
        let pieces = template[name].as_array().map_or(&[][..], Vec::as_slice);
        let mut placed: Vec<&str> =
            pieces.iter().filter_map(|piece| piece["Sequence"]["id"].as_str()).collect();
        placed.sort_unstable();
        let placed = placed.join(" ");
        if placed != texts {
            let got = format!("a template of the texts `{placed}`").into();
            return Err(invalid(origin, &field, &got, &format!("each of `{texts}` once")));
        }
        for id in pieces.iter().filter_map(|piece| piece["SpecialToken"]["id"].as_str()) {
            let token = &template["special_tokens"][id];
            match (token["ids"].as_array(), token["tokens"].as_array()) {
                (Some(ids), Some(tokens)) if ids.len() == tokens.len() => added.extend(ids),
                _ => {
                    let field = format!("`{id}` in {field}");
                    let expected = "an entry of special_tokens with as many ids as tokens";
                    return Err(invalid(origin, &field, token, expected));
                }
            }
            if added.len() > MOST_ADDED {
                let expected = format!("at most {MOST_ADDED} in all");
                let got = format!("a template that adds {} tokens", added.len()).into();
                return Err(invalid(origin, &field, &got, &expected));
            }
        }
        all_added.extend(added);
    }
    Ok(all_added)
}
