//! Shares of attention as a map of shaded squares.

use std::fmt::Write;

use super::page::{ACCENT, DIM};
use crate::columns::{padded, shortened, width};

/// The least share that gets each shade.
const SHADES: [(f32, char); 4] = [(0.75, '█'), (0.5, '▓'), (0.25, '▒'), (0.05, '░')];

/// What the mask hides is hatched: nothing can be there, which is not the same as little.
const HIDDEN: char = '╱';

/// From this width on, a square has its number beside it.
const WITH_NUMBER: usize = 5;
const WIDEST_CELL: usize = 8;
const WIDEST_LABEL: usize = 14;
/// More rows than this are no picture any more.
const MOST_ROWS: usize = 48;

/// A square map: a row for each piece that looks, a column for each that is looked at.
pub(crate) struct HeatMap<'a> {
    pub(crate) labels: Vec<String>,
    /// `None` where the mask hides the column from the row.
    pub(crate) weights: &'a [Vec<Option<f32>>],
}

impl HeatMap<'_> {
    /// How many pieces, from the first on, there is room for.
    pub(crate) fn shown(&self, columns: usize) -> usize {
        let room = columns.saturating_sub(self.left(columns)) / 2;
        self.labels.len().min(room).min(MOST_ROWS)
    }

    /// The lines, none wider than `columns`.
    pub(crate) fn lines(&self, columns: usize) -> Vec<String> {
        let shown = self.shown(columns);
        let left = self.left(columns);
        let cell = ((columns - left) / shown.max(1)).clamp(2, WIDEST_CELL);
        let mut lines = vec![self.numbers(shown, left, cell)];
        if cell >= WITH_NUMBER {
            lines.push(self.names(shown, left, cell));
        }
        for (row, weights) in self.weights.iter().take(shown).enumerate() {
            let mut line = padded(&self.label(row, left), left);
            for &share in weights.iter().take(shown) {
                line.push_str(&square(share, cell));
            }
            lines.push(line);
        }
        lines
    }

    /// What each shade means, and what is hatched if anything is.
    pub(crate) fn legend(&self) -> Vec<String> {
        let shades = SHADES.iter().rev().map(|(least, shade)| {
            format!("{ACCENT}{shade}{shade}{ACCENT:#} {:.0} %", least * 100.0)
        });
        let mut lines = vec![format!("from {}", shades.collect::<Vec<_>>().join("  "))];
        if self.weights.iter().flatten().any(Option::is_none) {
            lines.push(format!("     {DIM}{HIDDEN}{HIDDEN}{DIM:#} hidden by the mask"));
        }
        lines
    }

    /// How wide the labels are, with the space behind them.
    fn left(&self, columns: usize) -> usize {
        let labels = (0..self.labels.len()).map(|row| width(&self.full_label(row)));
        labels.max().unwrap_or(0).min(WIDEST_LABEL).min(columns / 3) + 1
    }

    fn full_label(&self, row: usize) -> String {
        format!("{row} {}", self.labels[row])
    }

    fn label(&self, row: usize, left: usize) -> String {
        shortened(&self.full_label(row), left - 1)
    }

    /// The number of each column; of two-digit ones only the even where they would touch.
    fn numbers(&self, shown: usize, left: usize, cell: usize) -> String {
        let mut line = " ".repeat(left);
        for column in 0..shown {
            let room = cell > 2 || column < 10 || column % 2 == 0;
            let number = if room { column.to_string() } else { String::new() };
            line.push_str(&padded(&number, cell));
        }
        format!("{DIM}{}{DIM:#}", line.trim_end())
    }

    fn names(&self, shown: usize, left: usize, cell: usize) -> String {
        let mut line = " ".repeat(left);
        for label in self.labels.iter().take(shown) {
            line.push_str(&padded(&shortened(label, cell - 1), cell));
        }
        format!("{DIM}{}{DIM:#}", line.trim_end())
    }
}

fn shade(share: f32) -> char {
    SHADES.iter().find(|(least, _)| share >= *least).map_or(' ', |&(_, shade)| shade)
}

/// One square, with its percentage beside it if it is wide enough.
fn square(share: Option<f32>, cell: usize) -> String {
    let mut square = String::new();
    let Some(share) = share else {
        let space = usize::from(cell >= WITH_NUMBER);
        let hatched = HIDDEN.to_string().repeat(cell - space);
        return format!("{DIM}{hatched}{DIM:#}{}", " ".repeat(space));
    };
    let shaded = if cell >= WITH_NUMBER { cell - 4 } else { cell };
    let blocks = shade(share).to_string().repeat(shaded);
    // Writing to a string cannot fail.
    let _ = write!(square, "{ACCENT}{blocks}{ACCENT:#}");
    if cell >= WITH_NUMBER {
        let percent = (share * 100.0).round();
        let number = if percent < 1.0 { "·".to_owned() } else { format!("{percent}") };
        let _ = match shade(share) {
            ' ' => write!(square, "{DIM}{number:>3}{DIM:#} "),
            _ => write!(square, "{number:>3} "),
        };
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(labels: &[&str], weights: &[Vec<Option<f32>>], columns: usize) -> Vec<String> {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        let lines = HeatMap { labels, weights }.lines(columns);
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn shares_get_the_shade_of_their_quarter() {
        let shades = [0.0, 0.049, 0.05, 0.25, 0.5, 0.749, 0.75, 1.0].map(shade);
        assert_eq!(String::from_iter(shades), "  ░▒▓▓██");
    }

    #[test]
    fn a_narrow_map_has_squares_and_a_wide_one_numbers_too() {
        let weights = [vec![Some(1.0), Some(0.0)], vec![Some(0.3), Some(0.7)]];
        let narrow = map(&["a", "b"], &weights, 9);
        assert_eq!(narrow, ["    0 1", "0 a ██  ", "1 b ▒▒▓▓"]);
        let wide = map(&["a", "京"], &weights, 40);
        assert_eq!(wide[1], "     a       京");
        assert_eq!(wide[2], "0 a  ████100       · ");
        assert_eq!(wide[3], "1 京 ▒▒▒▒ 30 ▓▓▓▓ 70 ");
    }

    #[test]
    fn what_is_hidden_does_not_look_like_nothing() {
        let weights = [vec![Some(1.0), None], vec![Some(0.0), Some(1.0)]];
        let narrow = map(&["a", "b"], &weights, 9);
        assert_eq!(narrow[1..], ["0 a ██╱╱", "1 b   ██"]);
        let wide = map(&["a", "b"], &weights, 40);
        assert_eq!(wide[2..], ["0 a ████100 ╱╱╱╱╱╱╱ ", "1 b       · ████100 "]);
        let legend = |weights| HeatMap { labels: Vec::new(), weights }.legend().concat();
        assert!(legend(&weights).contains("hidden"));
        assert!(!legend(&weights[1..]).contains("hidden"));
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_no_line_is_too_wide() {
        let n = 60;
        let weights = vec![vec![Some(1.0 / n as f32); n]; n];
        let labels = vec!["京都e\u{301}👍".to_owned(); n];
        for columns in 40..=200 {
            let map = HeatMap { labels: labels.clone(), weights: &weights };
            let shown = map.shown(columns);
            let lines = map.lines(columns);
            assert_eq!(lines.len(), shown + 1 + usize::from(lines.len() > shown + 1));
            for line in lines {
                let line = anstream::adapter::strip_str(&line).to_string();
                assert!(width(&line) <= columns, "{columns}: {line}");
            }
        }
    }
}
