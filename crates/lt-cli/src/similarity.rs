//! `lt similarity`: how alike texts are, each with each.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::Args;
use lt_core::ndarray::{Array2, Axis};
use lt_tasks::cosine;
use serde::{Serialize, Serializer};

use crate::args::{Common, Format};
use crate::columns::{padded, shortened, width};
use crate::encode::{EncoderSettings, encode};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Progress;
use crate::text_input::TextInput;

/// Compare texts: the cosine of the angle between their vectors
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SimilarityArgs {
    /// The texts; without any, each line of the standard input is one
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    #[command(flatten)]
    settings: EncoderSettings,
}

const EXAMPLES: &str = "\
Examples:
  lt similarity \"a cat\" \"a kitten\" \"a bank account\"
  lt similarity --model DIR --format json < lines.txt

JSON: {\"texts\": [\"a cat\", …], \"cosine\": [[1.0, …], …]}

1 is the same direction, 0 none in common, −1 the opposite one.";

/// The table has a number for each two texts.
const MOST: usize = 10_000;

/// Texts are encoded so many at a time, so that the progress bar has something to show.
const STEP: usize = 256;

#[derive(Serialize)]
struct Table<'a> {
    texts: &'a [String],
    cosine: Rows<'a>,
}

/// The rows of a matrix, as lists.
struct Rows<'a>(&'a Array2<f32>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.outer_iter().map(|row| row.to_vec()))
    }
}

pub(crate) fn run(args: &SimilarityArgs, common: &Common) -> Result<()> {
    let encoder = args.settings.load(common)?;
    let texts = TextInput::new(&args.texts).take(MOST + 1).collect::<Result<Vec<_>>>()?;
    if texts.is_empty() {
        return Err(Failure::new("no texts to compare")
            .hint("give two or more as arguments, or one a line on the standard input"));
    }
    if texts.len() > MOST {
        return Err(Failure::new(format!("more than {MOST} texts: the table would be too large"))
            .hint("`lt encode` gives the vectors of any number of texts"));
    }

    let mut scratch = common.scratch()?;
    let mut vectors = Array2::zeros((0, encoder.width()));
    {
        let progress = Progress::new("texts", Some(texts.len() as u64));
        for (step, some) in texts.chunks(STEP).enumerate() {
            let rows = encode(&encoder, some, step * STEP, &mut scratch)?;
            vectors.append(Axis(0), rows.view())?;
            progress.advance(some.len() as u64);
        }
    }
    let cosines = cosine(&vectors);

    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => {
            output.json(&Table { texts: &texts, cosine: Rows(&cosines) })?;
        }
        Format::Text => print_table(&mut output, &texts, &cosines)?,
    }
    output.finish()
}

/// The texts down the side, their numbers along the top; if that is too wide for the terminal,
/// in several parts.
fn print_table(output: &mut Output, texts: &[String], cosines: &Array2<f32>) -> Result<()> {
    const CELL: usize = 8;
    let numbers = texts.len().to_string().len();
    // If short texts make all columns fit, they are better than several parts.
    let all = output.columns();
    let beside_all = all.saturating_sub(numbers + 2 + texts.len() * CELL);
    let widest = if beside_all >= 16 { beside_all } else { all / 2 };
    let shown: Vec<String> = texts.iter().map(|text| shortened(text, widest)).collect();
    let text_width = shown.iter().map(|text| width(text)).max().unwrap_or(0);
    let side = numbers + 2 + text_width;
    let room = all.saturating_sub(side) / CELL;
    let per_part = if output.is_terminal() { room.max(1) } else { texts.len() };

    let dim = Style::new().dimmed();
    for (part, first) in (0..texts.len()).step_by(per_part).enumerate() {
        let columns = first..texts.len().min(first + per_part);
        if part > 0 {
            writeln!(output)?;
        }
        write!(output, "{}", " ".repeat(side))?;
        for number in columns.clone() {
            write!(output, "{dim}{:>CELL$}{dim:#}", number + 1)?;
        }
        writeln!(output)?;
        for (row, text) in shown.iter().enumerate() {
            write!(output, "{dim}{:>numbers$}{dim:#}  {}", row + 1, padded(text, text_width))?;
            for column in columns.clone() {
                let cosine = cosines[[row, column]];
                let style = style(cosine, row == column);
                write!(output, "{style}{cosine:>CELL$.4}{style:#}")?;
            }
            writeln!(output)?;
        }
    }
    Ok(())
}

/// What is alike stands out; a text is always like itself.
fn style(cosine: f32, same_text: bool) -> Style {
    match cosine {
        _ if same_text => Style::new().dimmed(),
        0.7.. => Style::new().bold().fg_color(Some(AnsiColor::Green.into())),
        0.4.. => Style::new().fg_color(Some(AnsiColor::Green.into())),
        _ => Style::new(),
    }
}
