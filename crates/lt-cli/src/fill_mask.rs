//! `lt fill-mask`: which word stood where the mask is.

use std::io::Write;
use std::num::NonZeroUsize;

use anstyle::Style;
use clap::Args;
use lt_tasks::Prediction;

use crate::args::{Common, Format};
use crate::columns::shortened;
use crate::failure::Result;
use crate::output::Output;
use crate::score_bars::{name_width, print_bars};
use crate::text_input::TextInput;
use crate::windows::answer_all;

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
    /// Guess nothing but these words, with commas; each must be one token of the model's
    #[arg(long, value_name = "WORD,…", value_delimiter = ',')]
    targets: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  lt fill-mask \"Paris is the [MASK] of France.\"
  lt fill-mask --model DIR --top 1 --format json < lines.txt
  lt fill-mask --targets good,bad \"The film was [MASK].\"

JSON, a line for each mask: [{\"token\": \"capital\", \"id\": 3007, \"score\": 0.99}, …]

The model must have been saved with its masked-LM head (BertForMaskedLM). Some models spell the
mask otherwise, <mask> for example; the error for a text without one says how.";

pub(crate) fn run(args: &FillMaskArgs, common: &Common) -> Result<()> {
    let mut model = common.fill_mask()?;
    if !args.targets.is_empty() {
        model = model.with_targets(&args.targets)?;
    }
    let mut scratch = common.scratch()?;
    let mut output = Output::new(common.format);
    let fill = |texts: &[String]| model.fill_all(texts, args.top.get(), &mut scratch);
    answer_all(TextInput::new(&args.texts), &mut output, Ok, fill, |output, text, masks| {
        match common.format {
            Format::Json => masks.iter().try_for_each(|guesses| output.json(guesses)),
            Format::Text => print_guesses(output, text, masks),
        }
    })?;
    output.finish()
}

fn print_guesses(output: &mut Output, text: &str, masks: &[Vec<Prediction>]) -> Result<()> {
    let (dim, bold) = (Style::new().dimmed(), Style::new().bold());
    writeln!(output, "{bold}{}{bold:#}", shortened(text, output.columns()))?;
    let names = name_width(masks.iter().flatten().map(|guess| guess.token.as_str()), output);
    for (number, guesses) in masks.iter().enumerate() {
        if masks.len() > 1 {
            writeln!(output, "{dim}mask {} of {}{dim:#}", number + 1, masks.len())?;
        }
        let guesses = guesses.iter().map(|guess| (guess.token.as_str(), guess.score));
        print_bars(output, names, guesses)?;
    }
    writeln!(output)?;
    Ok(())
}
