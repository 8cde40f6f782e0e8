//! Tokens as people can read them: some vocabularies are spelt in bytes.

use lt_tokenizer::{Specials, Tokenizer};
use serde::Serialize;

/// How a vocabulary spells its tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spelling<'a> {
    tokenizer: &'a Tokenizer,
    /// Each character of a token stands for a byte: `Ġ` for a space, `ä½ł` for 你.
    in_bytes: bool,
}

/// A token that is no piece of the text: one that may come next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Token {
    /// As the vocabulary spells it; empty for a row of the model's table that has no token.
    pub(crate) token: String,
    /// As people would write it, if the vocabulary does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) readable: Option<String>,
    pub(crate) id: u32,
}

impl<'a> Spelling<'a> {
    pub(crate) fn new(tokenizer: &'a Tokenizer) -> Self {
        let space = tokenizer.id("Ġ").map(|id| tokenizer.decode(&[id], Specials::Keep));
        let in_bytes = space.is_some_and(|text| text.is_ok_and(|text| text == " "));
        Self { tokenizer, in_bytes }
    }

    /// Whether its tokens are bytes, so that there is nothing that it could not spell.
    pub(crate) fn is_in_bytes(self) -> bool {
        self.in_bytes
    }

    /// The token with this id.
    pub(crate) fn token(self, id: u32) -> Token {
        let token = self.tokenizer.token(id).unwrap_or_default();
        Token { readable: self.readable(&token, ""), token, id }
    }

    /// A token as people would write it, if the vocabulary does not. What ends within a character
    /// is shown as its bytes, behind the text that it touches.
    pub(crate) fn readable(self, token: &str, touched: &str) -> Option<String> {
        if !self.in_bytes {
            return None;
        }
        // Special tokens are spelt as they are.
        let bytes: Vec<u8> = token.chars().map(byte).collect::<Option<_>>()?;
        let readable = match std::str::from_utf8(&bytes) {
            // Spaces and control characters stay as the vocabulary spells them: `Ġ`, `Ċ`.
            Ok(text) => text.chars().map(visible).collect(),
            Err(_) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("{}⟨{digits}⟩", touched.trim())
            }
        };
        (readable != token).then_some(readable)
    }
}

/// Whether the vocabularies of GPT-2 and its kin spell a byte as the character of the same number.
fn is_spelt_as_itself(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..)
}

/// The byte that a character stands for: the others, in order, are spelt from U+0100 on.
fn byte(character: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(character)) {
        return is_spelt_as_itself(byte).then_some(byte);
    }
    let number = u32::from(character).checked_sub(0x100)?;
    (0..=u8::MAX).filter(|&byte| !is_spelt_as_itself(byte)).nth(number as usize)
}

/// A character as it can be shown: those of one byte that cannot, as the vocabulary spells them.
fn visible(character: char) -> char {
    match u8::try_from(u32::from(character)) {
        Ok(number) if number.is_ascii() && !is_spelt_as_itself(number) => {
            let others = (0..number).filter(|&byte| !is_spelt_as_itself(byte)).count();
            u32::try_from(others).ok().and_then(|n| char::from_u32(0x100 + n)).unwrap_or(character)
        }
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_spelt_by_one_character() {
        let spelt = |number: u8| {
            (0..0x200).filter_map(char::from_u32).filter(move |&c| byte(c) == Some(number))
        };
        for number in 0..=u8::MAX {
            assert_eq!(spelt(number).count(), 1, "{number}");
        }
        assert_eq!(
            ["Ġ", "Ċ", "ä", "½", "ł"].map(|c| c.chars().next().and_then(byte)),
            [Some(b' '), Some(b'\n'), Some(0xe4), Some(0xbd), Some(0xa0)]
        );
        assert_eq!((byte('你'), byte(' '), byte('\u{ad}')), (None, None, None));
        assert_eq!([' ', '\n', 'a', '你'].map(visible), ['Ġ', 'Ċ', 'a', '你']);
    }

    /// A vocabulary of bytes in which 你 is two tokens, 好 one.
    fn in_bytes() -> Tokenizer {
        let dir = tempfile::tempdir().expect("a directory");
        let tokens = ["Ġ", "a", "Ġa", "ä½", "ł", "å¥½", "Ġä", "<|endoftext|>"];
        let vocabulary: serde_json::Map<String, serde_json::Value> =
            tokens.iter().enumerate().map(|(id, &token)| (token.to_owned(), id.into())).collect();
        let vocabulary = serde_json::Value::Object(vocabulary).to_string();
        std::fs::write(dir.path().join("vocab.json"), vocabulary).expect("written");
        std::fs::write(dir.path().join("merges.txt"), "#version: 0.2\n").expect("written");
        Tokenizer::from_dir(dir.path()).expect("a tokenizer")
    }

    #[test]
    fn bytes_become_text_and_parts_of_characters_stay_bytes() {
        let tokenizer = in_bytes();
        let spelling = Spelling::new(&tokenizer);
        assert!(spelling.is_in_bytes());
        let readable = |token: &str, touched: &str| spelling.readable(token, touched);
        assert_eq!(readable("Ġa", "a"), None);
        assert_eq!(readable("å¥½", "好").as_deref(), Some("好"));
        assert_eq!(readable("ä½", "你").as_deref(), Some("你⟨E4BD⟩"));
        assert_eq!(readable("ł", "").as_deref(), Some("⟨A0⟩"));
        assert_eq!(readable("Ġä", " 你").as_deref(), Some("你⟨20E4⟩"));
        assert_eq!(readable("<|endoftext|>", ""), None);
        let none = Token { token: String::new(), readable: None, id: 99 };
        assert_eq!(spelling.token(99), none);
    }

    #[test]
    fn a_vocabulary_of_characters_is_left_as_it_is() {
        let pieces = ["[UNK]", "[CLS]", "[SEP]", "Ġ", "ä½"];
        let tokenizer = Tokenizer::from_pieces(pieces, &lt_tokenizer::WordPieceSettings::default());
        let tokenizer = tokenizer.expect("a tokenizer");
        assert_eq!(Spelling::new(&tokenizer).readable("ä½", "ä½"), None);
    }
}
