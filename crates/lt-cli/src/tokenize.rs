//! `lt tokenize`: the pieces that a model sees in place of a text.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::Args;
use lt_config::SentenceTransformers;
use lt_tokenizer::{Encoding, Limit, Tokenizer};
use serde::Serialize;

use crate::args::{Common, Format};
use crate::built_in::BuiltIn;
use crate::columns::{padded, printable, shortened, width};
use crate::failure::{Failure, Result};
use crate::model_dir::Place;
use crate::output::Output;
use crate::progress::Progress;
use crate::text_input::TextInput;

/// Cut texts into the pieces that the model knows, and show their ids
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TokenizeArgs {
    /// The texts; without any, each line of the standard input is one
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  lt tokenize \"unbelievably good\"
  lt tokenize --model DIR --format json < lines.txt

JSON, for each text: {\"ids\": [101, …], \"tokens\": [\"[CLS]\", …], \"offsets\": [[0, 0], …]}

Offsets say which characters of the text a piece is from (Unicode scalar values, not bytes); those
of tokens that the model adds are [0, 0]. Nothing is cut off, however long the text is. Where a
directory with modules.json has a default prompt, or wants lower case, the text is the one that
`lt encode` gives to the tokenizer.";

#[derive(Serialize)]
struct Line<'a> {
    ids: &'a [u32],
    tokens: &'a [String],
    offsets: Vec<[usize; 2]>,
}

pub(crate) fn run(args: &TokenizeArgs, common: &Common) -> Result<()> {
    let (tokenizer, preparation) = match common.place(BuiltIn::Bert)? {
        Place::BuiltIn(model) => (model.tokenizer()?, None),
        Place::Dir(dir) => {
            let settings = SentenceTransformers::from_dir(&dir)?;
            let dir = settings.as_ref().map_or(dir.as_path(), |found| &found.transformer_dir);
            (Tokenizer::from_dir(dir)?, settings.map(|settings| settings.preparation))
        }
    };
    let mut output = Output::new(common.format);
    let mut texts = TextInput::new(&args.texts);
    let progress = Progress::of_texts(&texts);
    let mut number = 0;
    while let Some(text) = texts.next() {
        let mut text = text?;
        number += 1;
        if let Some(preparation) = &preparation {
            text = preparation.prepare(&text).into_owned();
        }
        let encoding = tokenizer
            .encode(text.as_str(), Limit::None)
            .map_err(|error| Failure::from(error).at(format!("text {number}")))?;
        progress.aside(|| {
            match common.format {
                Format::Json => {
                    let offsets = encoding.offsets.iter();
                    output.json(&Line {
                        ids: &encoding.ids,
                        tokens: &encoding.tokens,
                        offsets: offsets.map(|range| [range.start, range.end]).collect(),
                    })?;
                }
                Format::Text => print_pieces(&mut output, &text, &encoding)?,
            }
            output.flush_unless(texts.is_ready())
        })?;
        progress.advance(1);
    }
    drop(progress);
    output.finish()
}

/// One token: what stands in its column.
struct Piece {
    rows: [String; 3],
    width: usize,
    style: Style,
}

/// The pieces side by side, their ids and offsets below.
fn print_pieces(output: &mut Output, text: &str, encoding: &Encoding) -> Result<()> {
    const MARGIN: &str = "  ";
    let (dim, bold) = (Style::new().dimmed(), Style::new().bold());
    let columns = output.columns();
    let title = shortened(text, columns.saturating_sub(14));
    writeln!(output, "{bold}{title}{bold:#} {dim}{} tokens{dim:#}", encoding.len())?;

    let pieces = pieces(encoding, columns.saturating_sub(MARGIN.len()));
    let mut rest = pieces.as_slice();
    while !rest.is_empty() {
        let mut used = MARGIN.len();
        let fits = |piece: &&Piece| {
            used += piece.width + 1;
            used <= columns
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (line, others) = rest.split_at(count);
        for row in 0..3 {
            for (place, piece) in line.iter().enumerate() {
                let before = if place == 0 { MARGIN } else { " " };
                let style = if row == 0 { piece.style } else { dim };
                let cell = &piece.rows[row];
                // Nothing is put behind the last one.
                let wide = if place + 1 == line.len() { 0 } else { piece.width };
                write!(output, "{before}{style}{}{style:#}", padded(cell, wide))?;
            }
            writeln!(output)?;
        }
        rest = others;
    }
    writeln!(output)?;
    Ok(())
}

fn pieces(encoding: &Encoding, widest: usize) -> Vec<Piece> {
    let special = Style::new().fg_color(Some(AnsiColor::Magenta.into()));
    let piece = |index: usize| {
        let (added, offsets) = (encoding.special[index], &encoding.offsets[index]);
        let rows = [
            shortened(&printable(&encoding.tokens[index]), widest),
            encoding.ids[index].to_string(),
            // What the model's template added is from nowhere in the text.
            if added { "–".into() } else { format!("{}–{}", offsets.start, offsets.end) },
        ];
        let width = rows.iter().map(|row| width(row)).max().unwrap_or(0);
        Piece { rows, width, style: if added { special } else { Style::new() } }
    };
    (0..encoding.len()).map(piece).collect()
}
