//! `lt fill-mask`: which word stood where the mask is.

use std::io::Write;
use std::num::NonZeroUsize;

use anstyle::{AnsiColor, Style};
use clap::Args;
use lt_model::ModelError;
use lt_tasks::{FillMask, Prediction, TaskError};

use crate::args::{Common, Format};
use crate::columns::{padded, printable, shortened, width};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Progress;
use crate::text_input::TextInput;

/// Guess the words that were replaced by `[MASK]`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FillMaskArgs {
    /// The texts, each with a mask; without any, each line of the standard input is one
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// How many guesses are shown for each mask
    #[arg(long, value_name = "N", default_value = "5")]
    top: NonZeroUsize,
}

const EXAMPLES: &str = "\
Examples:
  lt fill-mask --model DIR \"Paris is the [MASK] of France.\"
  lt fill-mask --model DIR --top 1 --format json < lines.txt

JSON, a line for each mask: [{\"token\": \"capital\", \"id\": 3007, \"score\": 0.99}, …]

The model must have been saved with its masked-LM head (BertForMaskedLM). Some models spell the
mask otherwise, <mask> for example; the error for a text without one says how.";

pub(crate) fn run(args: &FillMaskArgs, common: &Common) -> Result<()> {
    let model = FillMask::from_dir(common.model_dir()?, &common.load_options()).map_err(hint)?;
    let mut scratch = common.scratch()?;
    let mut output = Output::new(common.format);
    let mut texts = TextInput::new(&args.texts);
    let progress = Progress::of_texts(&texts);
    let mut number = 0;
    while let Some(text) = texts.next() {
        let text = text?;
        number += 1;
        let masks = model
            .fill(&text, args.top.get(), &mut scratch)
            .map_err(|error| Failure::from(error).at(format!("text {number}")))?;
        progress.aside(|| {
            match common.format {
                Format::Json => masks.iter().try_for_each(|guesses| output.json(guesses))?,
                Format::Text => print_guesses(&mut output, &text, &masks)?,
            }
            output.flush_unless(texts.is_ready())
        })?;
        progress.advance(1);
    }
    drop(progress);
    output.finish()
}

/// Most directories hold a model for another purpose: that is no fault of theirs.
fn hint(error: TaskError) -> Failure {
    let another_head =
        matches!(&error, TaskError::Model(error) if matches!(**error, ModelError::Head { .. }));
    let failure = Failure::from(error);
    if another_head {
        failure.hint("a model saved as BertForMaskedLM has one: bert-base-uncased, for example")
    } else {
        failure
    }
}

fn print_guesses(output: &mut Output, text: &str, masks: &[Vec<Prediction>]) -> Result<()> {
    const SCORE: usize = 10;
    let (dim, bold) = (Style::new().dimmed(), Style::new().bold());
    let bar = Style::new().fg_color(Some(AnsiColor::Green.into()));
    let columns = output.columns();
    writeln!(output, "{bold}{}{bold:#}", shortened(text, columns))?;

    let tokens = masks.iter().flatten().map(|guess| printable(&guess.token));
    let widest = tokens.map(|token| width(&token)).max().unwrap_or(0).min(columns / 2);
    let room = columns.saturating_sub(2 + widest + SCORE).min(40);
    for (number, guesses) in masks.iter().enumerate() {
        if masks.len() > 1 {
            writeln!(output, "{dim}mask {} of {}{dim:#}", number + 1, masks.len())?;
        }
        for guess in guesses {
            let token = padded(&shortened(&guess.token, widest), widest);
            let length = (guess.score * room as f32).round() as usize;
            let blocks = "█".repeat(length.min(room));
            writeln!(output, "  {token}  {:>6.4}  {bar}{blocks}{bar:#}", guess.score)?;
        }
    }
    writeln!(output)?;
    Ok(())
}
