//! From offsets in bytes to offsets in characters.

use std::ops::Range;

/// The part of a text between two offsets in characters; `None` if it has no such part.
///
/// ```
/// assert_eq!(lt_tokenizer::slice("我爱北京", 2..4), Some("北京"));
/// assert_eq!(lt_tokenizer::slice("我爱北京", 4..4), Some(""));
/// assert_eq!(lt_tokenizer::slice("我爱北京", 4..5), None);
/// ```
#[must_use]
pub fn slice(text: &str, offsets: Range<usize>) -> Option<&str> {
    let length = offsets.end.checked_sub(offsets.start)?;
    let from = byte_of(text, offsets.start)?;
    let rest = &text[from..];
    Some(&rest[..byte_of(rest, length)?])
}

/// Where the character with this number starts; the end of the text counts as a start.
fn byte_of(text: &str, character: usize) -> Option<usize> {
    let starts = text.char_indices().map(|(byte, _)| byte);
    starts.chain([text.len()]).nth(character)
}

/// Counts characters from where it last stood, so that offsets that grow from token to token
/// cost one walk through the text.
pub(crate) struct CharCounter<'a> {
    text: &'a str,
    byte: usize,
    character: usize,
}

impl<'a> CharCounter<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, byte: 0, character: 0 }
    }

    /// The number of the character that `byte` is a part of; past the end, the length.
    pub(crate) fn character_at(&mut self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        if byte >= self.byte {
            self.character += self.text[self.byte..byte].chars().count();
        } else {
            self.character -= self.text[byte..self.byte].chars().count();
        }
        self.byte = byte;
        self.character
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_belongs_to_the_character_it_is_a_part_of_whatever_the_order() {
        let text = "a爱é👍z";
        let mut counter = CharCounter::new(text);
        for byte in [0, 11, 1, 2, 3, 4, 5, 6, 9, 10, 0, 99] {
            let expected = text.char_indices().take_while(|(at, _)| *at <= byte).count();
            let expected = if byte >= text.len() { 5 } else { expected - 1 };
            assert_eq!(counter.character_at(byte), expected, "byte {byte}");
        }
    }

    #[test]
    #[allow(clippy::reversed_empty_ranges)]
    fn a_slice_that_the_text_does_not_have_is_none() {
        assert_eq!(slice("", 0..0), Some(""));
        assert_eq!(slice("", 0..1), None);
        assert_eq!(slice("é", 1..0), None);
        assert_eq!(slice("e\u{301}👍", 1..3), Some("\u{301}👍"));
        assert_eq!(slice("é", 0..usize::MAX), None);
        assert_eq!(slice("é", usize::MAX..usize::MAX), None);
    }
}
