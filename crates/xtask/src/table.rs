//! Tables for a terminal: the first column takes what the others leave, and a note may stand
//! below its row.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

/// The width of a terminal that nobody has made wider.
pub(crate) const WIDTH: usize = 80;

/// What stands between two columns.
const GAP: &str = "  ";

/// What stands before each line of a note.
const INDENT: &str = "    ";

/// A table of `N` columns.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    pub(crate) header: [&'static str; N],
    pub(crate) rows: Vec<Row<N>>,
}

/// A row and what is to be said below it.
#[derive(Debug)]
pub(crate) struct Row<const N: usize> {
    pub(crate) cells: [String; N],
    pub(crate) note: Option<String>,
}

impl<const N: usize> Table<N> {
    /// The table as lines of at most `width` columns, if the columns but the first leave room.
    pub(crate) fn lay_out(&self, width: usize) -> String {
        let widths = self.widths(width);
        let header = self.header.map(str::to_owned);
        let mut text = lines(&header, &widths);
        text.push_str(&"─".repeat(widths.iter().sum::<usize>() + GAP.len() * (N - 1)));
        text.push('\n');
        for row in &self.rows {
            text.push_str(&lines(&row.cells, &widths));
            for paragraph in row.note.iter().flat_map(|note| note.lines()) {
                for line in wrap(paragraph, width.saturating_sub(INDENT.len())) {
                    text.push_str(INDENT);
                    text.push_str(&line);
                    text.push('\n');
                }
            }
        }
        text
    }

    /// Each column as wide as its widest cell, but the first no wider than what is left.
    fn widths(&self, width: usize) -> [usize; N] {
        let mut widths = self.header.map(UnicodeWidthStr::width);
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(&row.cells) {
                *widest = cell.width().max(*widest);
            }
        }
        let others: usize = widths.iter().skip(1).map(|width| width + GAP.len()).sum();
        if let Some(first) = widths.first_mut() {
            *first = (*first).min(width.saturating_sub(others).max(MINIMUM));
        }
        widths
    }
}

/// The least that the first column keeps.
const MINIMUM: usize = 16;

/// The lines of one row: numbers to the right, the first cell wrapped.
fn lines<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let mut text = String::new();
    let Some((first, others)) = cells.split_first() else { return text };
    for (i, part) in wrap(first, widths[0]).iter().enumerate() {
        let mut line = padded(part, widths[0]);
        for (cell, &width) in others.iter().zip(&widths[1..]).filter(|_| i == 0) {
            line.push_str(GAP);
            if cell.starts_with(|c: char| c.is_ascii_digit()) {
                line.push_str(&" ".repeat(width.saturating_sub(cell.width())));
                line.push_str(cell);
            } else {
                line.push_str(&padded(cell, width));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Breaks the text at spaces, and a word that is too long wherever it must be; never nothing.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (i, word) in text.split(' ').enumerate() {
        if i > 0 && used + 1 + word.width() > width {
            lines.push(String::new());
            used = 0;
        } else if i > 0 {
            push(&mut lines, ' ');
            used += 1;
        }
        for c in word.chars() {
            let columns = c.width().unwrap_or(0);
            if used > 0 && used + columns > width {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, c);
            used += columns;
        }
    }
    lines
}

fn push(lines: &mut [String], c: char) {
    if let Some(line) = lines.last_mut() {
        line.push(c);
    }
}

/// The text, or as much of it as fits the width with an ellipsis behind it.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut line = String::new();
    let mut used = 1; // the ellipsis
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        line.push(c);
    }
    line.push('…');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: [&str; 3], note: Option<&str>) -> Table<3> {
        let row = Row { cells: cells.map(str::to_owned), note: note.map(str::to_owned) };
        Table { header: ["law", "cases", "result"], rows: vec![row] }
    }

    #[test]
    fn columns_line_up_and_numbers_stand_to_the_right() {
        let text = table(["rows sum to one", "64", "holds"], None).lay_out(80);
        assert_eq!(
            text,
            "law              cases  result\n\
             ──────────────────────────────\n\
             rows sum to one     64  holds\n"
        );
    }

    #[test]
    fn the_first_column_wraps_where_the_others_leave_no_room() {
        let text = table(["a permutation of the keys", "64", "holds"], None).lay_out(32);
        assert_eq!(
            text,
            "law                cases  result\n\
             ────────────────────────────────\n\
             a permutation of      64  holds\n\
             the keys\n"
        );
    }

    #[test]
    fn a_note_stands_below_its_row_and_keeps_its_lines() {
        let text = table(["a", "1", "broken"], Some("x = [1.0]\ny = 2.0 3.0")).lay_out(14);
        let note: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(note, ["    x = [1.0]", "    y = 2.0", "    3.0"]);
    }

    #[test]
    fn a_chinese_character_takes_two_columns() {
        let text = table(["注意力", "64", "holds"], None).lay_out(80);
        assert!(text.ends_with("注意力     64  holds\n"), "{text}");
        assert_eq!(wrap("注意力机制", 4), ["注意", "力机", "制"]);
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        let long = "word ".repeat(40) + &"x".repeat(200);
        let text = table([&long, "64", "holds"], Some(&long)).lay_out(80);
        for line in text.lines() {
            assert!(line.width() <= 80, "{line}");
        }
    }

    #[test]
    fn spaces_within_a_line_are_kept() {
        assert_eq!(wrap("\"a  b\" c", 80), ["\"a  b\" c"]);
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(cut("[1.0, 2.0]", 10), "[1.0, 2.0]");
        assert_eq!(cut("注意力机制", 6), "注意…");
    }
}
