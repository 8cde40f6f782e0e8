//! Text in columns: how wide it is on a terminal, and how to make it fit.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many columns a terminal needs for a text: a Chinese character takes two.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text as it can be shown on one line: control characters, which could move the cursor or
/// colour what follows, become visible ones (␀ to ␟, ␡, and · for the rest).
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match u32::from(c) {
            code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('·'),
            0x7f => '␡',
            // Those that reverse the direction of writing would do so to the rest of the line.
            0x80..0xa0 | 0x2028..=0x202e | 0x2066..=0x2069 => '·',
            _ => c,
        })
        .collect()
}

/// [`printable`], but what has several lines keeps them.
pub(crate) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// The printable text, cut to at most `columns` with `…` at its end if it is longer.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    let text = printable(text);
    if width(&text) <= columns {
        return text;
    }
    let mut short = String::new();
    for character in text.graphemes(true) {
        if width(&short) + width(character) + 1 > columns {
            break;
        }
        short.push_str(character);
    }
    short.push('…');
    short
}

/// The text in lines of at most `columns`, broken at spaces.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The text with spaces behind it up to `columns`.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_that_people_see() {
        assert_eq!(shortened("北京大学", 8), "北京大学");
        assert_eq!(shortened("北京大学", 7), "北京大…");
        assert_eq!(shortened("北京大学", 6), "北京…");
        assert_eq!(shortened("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }

    #[test]
    fn lines_are_broken_at_spaces_and_long_words_stand_alone() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a unbelievably b", 4), ["a", "unbelievably", "b"]);
        assert_eq!(wrapped("", 4), [""]);
    }

    #[test]
    fn chinese_is_padded_by_its_width() {
        assert_eq!(padded("北京", 6), "北京  ");
        assert_eq!(padded("Beijing", 6), "Beijing");
    }

    #[test]
    fn what_would_move_the_cursor_becomes_visible() {
        assert_eq!(printable("a\u{1b}[2J\tb\u{9b}c\u{202e}d"), "a␛[2J␉b·c·d");
    }
}
