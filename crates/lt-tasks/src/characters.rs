//! The characters of a text by their number.

use std::ops::Range;

/// A text and where each of its characters begins, so that a part of it is found at once.
#[derive(Debug)]
pub(crate) struct Characters<'t> {
    text: &'t str,
    /// The byte where each character begins, and the end.
    starts: Vec<usize>,
}

impl<'t> Characters<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let starts = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
        Self { text, starts }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// These characters; `None` if the text does not have them.
    pub(crate) fn slice(&self, range: Range<usize>) -> Option<&'t str> {
        let (from, to) = (*self.starts.get(range.start)?, *self.starts.get(range.end)?);
        self.text.get(from..to)
    }

    /// These characters without the white space at their ends, which some tokenizers count to the
    /// token behind it; `None` if the text does not have them.
    pub(crate) fn trimmed(&self, range: Range<usize>) -> Option<Range<usize>> {
        let slice = self.slice(range.clone())?;
        let before = slice.chars().take_while(|c| c.is_whitespace()).count();
        let kept = slice.trim().chars().count();
        Some(range.start + before..range.start + before + kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        let characters = Characters::new("a爱é👍z");
        assert_eq!(characters.count(), 5);
        assert_eq!(characters.slice(1..4), Some("爱é👍"));
        assert_eq!(characters.slice(5..5), Some(""));
        assert_eq!(characters.slice(4..6), None);
        let backwards = Range { start: 3, end: 1 };
        assert_eq!(characters.slice(backwards), None);
    }

    #[test]
    fn white_space_is_taken_from_the_ends_alone() {
        let characters = Characters::new(" 北 京\u{3000}\n");
        assert_eq!(characters.trimmed(0..6), Some(1..4));
        assert_eq!(characters.trimmed(4..6), Some(6..6), "nothing is left");
        assert_eq!(characters.trimmed(4..9), None);
    }
}
