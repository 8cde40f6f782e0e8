//! Columns of text, numbers and bars that share the width of the terminal.

use super::page::{ACCENT, DIM};
use crate::columns::{padded, shortened, width};

/// The space between columns.
const GAP: usize = 2;
/// A bar shorter than this says nothing; a longer one than that, nothing more.
const BAR: std::ops::RangeInclusive<usize> = 6..=24;
/// What is left of a text when there is too little room.
const LEAST_TEXT: usize = 6;

/// A table, column by column.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<Column>,
}

#[derive(Debug)]
enum Column {
    Text {
        header: String,
        cells: Vec<String>,
    },
    Number {
        header: String,
        cells: Vec<String>,
    },
    /// Shares of the longest possible bar.
    Bar(Vec<f32>),
}

impl Table {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Text, cut where it does not fit.
    pub(crate) fn text(mut self, header: &str, cells: impl IntoIterator<Item = String>) -> Self {
        let cells = cells.into_iter().collect();
        self.columns.push(Column::Text { header: header.to_owned(), cells });
        self
    }

    /// Numbers, already written out.
    pub(crate) fn number(mut self, header: &str, cells: impl IntoIterator<Item = String>) -> Self {
        let cells = cells.into_iter().collect();
        self.columns.push(Column::Number { header: header.to_owned(), cells });
        self
    }

    /// Bars for the numbers before them; `longest` is the value that fills the column. Left out
    /// where there is no room.
    pub(crate) fn bar(mut self, values: impl IntoIterator<Item = f32>, longest: f32) -> Self {
        let share =
            |value: f32| if longest > 0.0 { (value / longest).clamp(0.0, 1.0) } else { 0.0 };
        self.columns.push(Column::Bar(values.into_iter().map(share).collect()));
        self
    }

    /// The lines, with a header, none wider than `columns`.
    pub(crate) fn lines(&self, columns: usize) -> Vec<String> {
        let widths = self.widths(columns);
        let shown: Vec<(&Column, usize)> =
            self.columns.iter().zip(widths).filter(|&(_, width)| width > 0).collect();
        let rows = self.columns.iter().map(Column::rows).max().unwrap_or(0);
        let join = |cell: &dyn Fn(&Column, usize) -> String| {
            let cells: Vec<String> =
                shown.iter().map(|&(column, width)| cell(column, width)).collect();
            cells.join(&" ".repeat(GAP))
        };
        let header = join(&|column, width| column.header(width));
        let rows = (0..rows).map(|row| join(&|column, width| column.cell(row, width)));
        std::iter::once(format!("{DIM}{}{DIM:#}", header.trim_end())).chain(rows).collect()
    }

    /// How wide each column is; 0 for one that is left out.
    fn widths(&self, columns: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(Column::natural_width).collect();
        let total = |widths: &[usize]| {
            let shown = widths.iter().filter(|&&width| width > 0);
            shown.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
        };
        // Texts give way, the widest first.
        while total(&widths) > columns {
            let texts = (0..widths.len()).filter(|&at| {
                matches!(self.columns[at], Column::Text { .. }) && widths[at] > LEAST_TEXT
            });
            let Some(widest) = texts.max_by_key(|&at| widths[at]) else { break };
            widths[widest] -= 1;
        }
        // Bars take what is left, all alike; the last ones give way.
        let room = columns.saturating_sub(total(&widths));
        let bars: Vec<usize> =
            (0..widths.len()).filter(|&at| matches!(self.columns[at], Column::Bar(_))).collect();
        let fit = (1..=bars.len()).rev().find(|count| room / count >= BAR.start() + GAP);
        if let Some(count) = fit {
            for &at in &bars[..count] {
                widths[at] = (room / count - GAP).min(*BAR.end());
            }
        }
        widths
    }
}

impl Column {
    fn rows(&self) -> usize {
        match self {
            Self::Text { cells, .. } | Self::Number { cells, .. } => cells.len(),
            Self::Bar(shares) => shares.len(),
        }
    }

    /// 0 for bars, which take what is left.
    fn natural_width(&self) -> usize {
        match self {
            Self::Text { header, cells } | Self::Number { header, cells } => {
                let cells = cells.iter().map(|cell| width(cell));
                cells.chain([width(header)]).max().unwrap_or(0)
            }
            Self::Bar(_) => 0,
        }
    }

    fn header(&self, columns: usize) -> String {
        match self {
            Self::Text { header, .. } => padded(&shortened(header, columns), columns),
            Self::Number { header, .. } => right(header, columns),
            Self::Bar(_) => " ".repeat(columns),
        }
    }

    fn cell(&self, row: usize, columns: usize) -> String {
        match self {
            Self::Text { cells, .. } => {
                padded(&shortened(cells.get(row).map_or("", String::as_str), columns), columns)
            }
            Self::Number { cells, .. } => right(cells.get(row).map_or("", String::as_str), columns),
            Self::Bar(shares) => {
                let bar = bar(shares.get(row).copied().unwrap_or(0.0), columns);
                let rest = " ".repeat(columns.saturating_sub(width(&bar)));
                if bar.is_empty() { rest } else { format!("{ACCENT}{bar}{ACCENT:#}{rest}") }
            }
        }
    }
}

fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// A bar in eighths of a column.
fn bar(share: f32, columns: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * columns as f32 * 8.0).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(table: &Table, columns: usize) -> Vec<String> {
        let lines = table.lines(columns);
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn columns_are_aligned_by_what_the_terminal_shows() {
        let table = Table::new()
            .text("piece", ["京都", "e\u{301}", "👍", "abc"].map(str::to_owned))
            .number("n", ["1", "10", "2", "3"].map(str::to_owned));
        let lines = plain(&table, 40);
        assert_eq!(lines, ["piece   n", "京都    1", "e\u{301}      10", "👍      2", "abc     3"]);
        assert!(lines.iter().all(|line| width(line) == 9), "{lines:?}");
    }

    #[test]
    fn bars_take_what_is_left_and_go_where_nothing_is() {
        let table = |bars: usize| {
            let text = Table::new().text("", ["ab".to_owned()]);
            (0..bars).fold(text, |table, _| table.bar([0.5], 1.0))
        };
        assert_eq!(plain(&table(1), 10)[1], "ab  ███   ");
        assert_eq!(plain(&table(1), 9)[1], "ab");
        assert_eq!(plain(&table(2), 17)[1].trim_end(), "ab  ██████▌");
        assert_eq!(plain(&table(2), 18)[1].trim_end(), "ab  ███     ███");
    }

    #[test]
    fn texts_give_way_before_numbers_do() {
        let table = Table::new()
            .text("", ["猫在温暖的窗台上睡觉".to_owned()])
            .number("", ["0.123".to_owned()]);
        assert_eq!(plain(&table, 18)[1], "猫在温暖的…  0.123");
        assert_eq!(plain(&table, 17)[1], "猫在温暖…   0.123");
    }

    #[test]
    fn a_bar_is_exact_to_an_eighth_of_a_column() {
        assert_eq!(bar(0.0, 8), "");
        assert_eq!(bar(1.0, 8), "████████");
        assert_eq!(bar(0.25, 8), "██");
        assert_eq!(bar(0.25 + 1.0 / 64.0, 8), "██▏");
        assert_eq!(bar(f32::NAN, 8), "");
    }
}
