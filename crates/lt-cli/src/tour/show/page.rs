//! Lines, one below the other, none wider than the terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_segmentation::UnicodeSegmentation;

use crate::columns::width;

/// Colours come from the terminal's own sixteen, which its theme makes readable on dark and on
/// light; the text itself keeps the terminal's.
pub(crate) const ACCENT: Style =
    Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// Prose in longer lines is hard to read.
const WIDEST_PROSE: usize = 100;

const NOTICE: &str = "Notice: ";

pub(crate) struct Page {
    columns: usize,
    text: String,
}

impl Page {
    pub(crate) fn new(columns: usize) -> Self {
        Self { columns: columns.clamp(40, 200), text: String::new() }
    }

    /// How wide a line may be.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn title(&mut self, title: &str) {
        self.line(&format!("{BOLD}{title}{BOLD:#}"));
    }

    /// The start of a stage.
    pub(crate) fn heading(&mut self, number: usize, title: &str) {
        let rule = "─".repeat(self.columns);
        if !self.text.ends_with("\n\n") {
            self.line("");
        }
        self.line(&format!("{DIM}{rule}{DIM:#}"));
        let mut lines = wrap(title, self.columns - 3).into_iter();
        let first = lines.next().unwrap_or_default();
        self.line(&format!("{BOLD}{ACCENT}{number}{ACCENT:#}  {BOLD}{first}{BOLD:#}"));
        self.lines(lines.map(|line| format!("   {BOLD}{line}{BOLD:#}")));
    }

    /// A paragraph.
    pub(crate) fn say(&mut self, text: &str) {
        for line in wrap(text, self.columns.min(WIDEST_PROSE)) {
            self.line(&line);
        }
        self.line("");
    }

    /// What to notice in the picture above.
    pub(crate) fn notice(&mut self, text: &str) {
        let text = format!("{NOTICE}{text}");
        for (number, line) in wrap(&text, self.columns.min(WIDEST_PROSE)).iter().enumerate() {
            match line.strip_prefix(NOTICE).filter(|_| number == 0) {
                Some(rest) => self.line(&format!("{BOLD}{NOTICE}{BOLD:#}{rest}")),
                None => self.line(line),
            }
        }
    }

    /// One line, which the caller has made to fit.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(crate) fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.line(&line));
    }

    /// A note on a picture.
    pub(crate) fn note(&mut self, text: &str) {
        for line in wrap(text, self.columns.min(WIDEST_PROSE)) {
            let mut styled = String::new();
            // Writing to a string cannot fail.
            let _ = write!(styled, "{DIM}{line}{DIM:#}");
            self.line(&styled);
        }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// The text in lines of at most `columns`, broken at spaces, and inside a word only where it is
/// wider than a line.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let space = usize::from(!line.is_empty());
        if width(&line) + space + width(word) <= columns {
            line.push_str(&" ".repeat(space));
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for grapheme in word.graphemes(true) {
            if width(&line) + width(grapheme) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_inside_words_that_are_wider_than_a_line() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a 猫在温暖的窗台上 b", 6), ["a", "猫在温", "暖的窗", "台上 b"]);
        assert_eq!(wrap("e\u{301}e\u{301}e\u{301}", 2), ["e\u{301}e\u{301}", "e\u{301}"]);
        assert_eq!(wrap("", 6), [""; 0]);
    }
}
