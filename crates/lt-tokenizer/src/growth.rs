//! How much a tokenizer may make of a text.

use serde_json::Value;

use crate::Result;
use crate::charsmap::longest_replacement;
use crate::config::invalid;

/// Refuses chains of parts that go through a text very often, or make it very long. The parts are
/// looked at as the library writes them.
pub(crate) fn check_growth(
    origin: &str,
    normalizer: &Value,
    pre_tokenizer: &Value,
    decoder: &Value,
) -> Result<()> {
    for (field, part) in
        [("normalizer", normalizer), ("pre_tokenizer", pre_tokenizer), ("decoder", decoder)]
    {
        let links = links(part);
        if links > MOST_LINKS {
            let field = format!("the number of parts of {field}");
            return Err(invalid(origin, &field, &links.into(), &format!("at most {MOST_LINKS}")));
        }
    }
    for (field, growth) in [
        ("what normalizer and pre_tokenizer replace", growth(normalizer) * growth(pre_tokenizer)),
        ("what decoder replaces", growth(decoder)),
    ] {
        if growth > MOST_GROWTH {
            let expected = format!("at most {MOST_GROWTH} times as long");
            let got = format!("that it makes a text {growth:.0} times as long").into();
            return Err(invalid(origin, field, &got, &expected));
        }
    }
    Ok(())
}

/// Real chains have ten links at the most. Each goes through the whole text, and may add to it what
/// the next ones go through.
const MOST_LINKS: usize = 100;

/// The links of a chain.
fn links(part: &Value) -> usize {
    chain(part).map_or(1, |parts| parts.iter().map(links).sum())
}

/// The parts of a normaliser, a pre-tokenizer or a decoder that is a chain of others.
fn chain(part: &Value) -> Option<&Vec<Value>> {
    let names = ["normalizers", "pretokenizers", "decoders"];
    names.iter().find_map(|name| part[name].as_array())
}

/// No real tokenizer makes a text longer than this by replacing: SentencePiece's map makes 33 bytes
/// of U+FDFA, and some replacements before and after it count twice each. A few lines could ask
/// for more than any memory holds.
const MOST_GROWTH: f64 = 1024.0;

/// How many times as long a text may become by what a normaliser, a pre-tokenizer or a decoder
/// replaces.
fn growth(part: &Value) -> f64 {
    if let Some(parts) = chain(part) {
        return parts.iter().map(growth).product();
    }
    let length = |text: &Value| text.as_str().map_or(0, str::len) as f64;
    match part["type"].as_str() {
        Some("Precompiled") => return (longest_replacement(part) as f64).max(1.0),
        // A byte becomes a letter, of two bytes if it is none of ASCII.
        Some("ByteLevel") => return 2.0,
        // As much of a text of one byte.
        Some("Prepend") => return length(&part["prepend"]).max(1.0),
        Some("Replace") => {}
        _ => return 1.0,
    }
    let content = length(&part["content"]);
    // A regular expression may match a single character, or the empty place between two.
    match &part["pattern"]["String"] {
        Value::String(pattern) if !pattern.is_empty() => (content / pattern.len() as f64).max(1.0),
        _ => content + 1.0,
    }
}
