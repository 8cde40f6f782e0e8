//! The character map of a `Precompiled` normaliser: a table that SentencePiece compiled, in base64.
//!
//! Four bytes say how many bytes of a search tree follow; behind it stand the replacements, each
//! ended by a zero.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::Result;
use crate::config::invalid;

/// The key it has in a normaliser.
const KEY: &str = "precompiled_charsmap";

/// Refuses a `tokenizer.json` with a map whose tree is larger than the map: the library takes the
/// memory for it before it looks, 8 GB for four bytes.
pub(crate) fn check_size(origin: &str, json: &str) -> Result<()> {
    // What is no JSON is said where it is read.
    let Ok(Normalizers(normalizers)) = serde_json::from_str(json) else { return Ok(()) };
    normalizers.iter().try_for_each(|normalizer| check_maps(origin, normalizer))
}

fn check_maps(origin: &str, normalizer: &Value) -> Result<()> {
    match normalizer {
        Value::Array(parts) => parts.iter().try_for_each(|part| check_maps(origin, part)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, field)| match field {
            Value::String(map) if name == KEY => {
                let map = decoded(map);
                let Some((tree, rest)) = split(&map) else { return Ok(()) };
                if tree <= rest.len() {
                    return Ok(());
                }
                let got = format!("a map whose first part should have {tree} bytes").into();
                Err(invalid(origin, KEY, &got, &format!("at most the {} there are", rest.len())))
            }
            field => check_maps(origin, field),
        }),
        _ => Ok(()),
    }
}

/// The longest replacement of the map in a normaliser, in bytes.
pub(crate) fn longest_replacement(normalizer: &Value) -> usize {
    let map = decoded(normalizer[KEY].as_str().unwrap_or_default());
    let replacements = split(&map).and_then(|(tree, rest)| rest.get(tree..)).unwrap_or_default();
    replacements.split(|&byte| byte == 0).map(<[u8]>::len).max().unwrap_or(0)
}

/// The size of the tree, and what stands behind it: the tree and the replacements.
fn split(map: &[u8]) -> Option<(usize, &[u8])> {
    let (size, rest) = map.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*size)).ok()?, rest))
}

/// The bytes of a text in base64, up to where it is none: the library refuses such a text.
fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0);
    for letter in text.bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// What a `tokenizer.json` says of its normaliser: once, or more often in a file made to deceive.
struct Normalizers(Vec<Value>);

impl<'de> Deserialize<'de> for Normalizers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Normalizers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Normalizers, A::Error> {
                let mut normalizers = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "normalizer" {
                        normalizers.push(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Normalizers(normalizers))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn base64_is_decoded_whatever_its_length() {
        for (text, bytes) in [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc")] {
            assert_eq!(decoded(text), bytes.as_bytes(), "{text}");
        }
        assert_eq!(decoded("+/8="), [0xfb, 0xff]);
    }

    #[test]
    fn the_longest_replacement_is_that_behind_the_tree() {
        // Four bytes of a tree, then "ab", "cde".
        let map = json!({KEY: "BAAAAP////9hYgBjZGUA"});
        assert_eq!(longest_replacement(&map), 3);
        assert_eq!(longest_replacement(&json!({KEY: "BAAA"})), 0);
        assert_eq!(longest_replacement(&json!({KEY: "/////w=="})), 0);
    }
}
