//! Scores for people: a line for each, with a bar as long as it is likely.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::columns::{padded, printable, shortened, width};
use crate::failure::Result;
use crate::output::Output;

/// Columns that a score and the spaces beside it take.
const SCORE: usize = 10;

/// The columns that names get, so that those of several lists stand below each other.
pub(crate) fn name_width<'a>(names: impl Iterator<Item = &'a str>, output: &Output) -> usize {
    let widest = names.map(|name| width(&printable(name))).max().unwrap_or(0);
    widest.min(output.columns() / 2)
}

/// One line for each name and its probability, with a bar.
pub(crate) fn print_bars<'a>(
    output: &mut Output,
    names: usize,
    scores: impl Iterator<Item = (&'a str, f32)>,
) -> Result<()> {
    let bar = Style::new().fg_color(Some(AnsiColor::Green.into()));
    let room = output.columns().saturating_sub(2 + names + SCORE).min(40);
    for (name, score) in scores {
        let name = padded(&shortened(name, names), names);
        let length = (score * room as f32).round() as usize;
        let blocks = "█".repeat(length.min(room));
        writeln!(output, "  {name}  {score:>6.4}  {bar}{blocks}{bar:#}")?;
    }
    Ok(())
}

/// One line for each name and its score, which may be any number.
pub(crate) fn print_numbers<'a>(
    output: &mut Output,
    names: usize,
    scores: impl Iterator<Item = (&'a str, f32)>,
) -> Result<()> {
    for (name, score) in scores {
        let name = padded(&shortened(name, names), names);
        writeln!(output, "  {name}  {score:>9.4}")?;
    }
    Ok(())
}
