//! `lt eval mlm`: how often hidden words are guessed.

use std::io::Write;
use std::sync::Arc;

use anstyle::Style;
use clap::Args;
use lt_recipes::{HiddenWords, measure_hidden_words};

use super::labelled_file::FileArgs;
use crate::args::{Common, Format};
use crate::failure::Result;
use crate::output::Output;
use crate::train::with_advice;

/// How often hidden words are guessed: accuracy and loss on a file of texts
#[derive(Debug, Args)]
#[command(after_help = MEANING)]
pub(crate) struct MlmArgs {
    #[command(flatten)]
    file: FileArgs,
    /// The share of tokens that are hidden
    #[arg(long, value_name = "X", default_value_t = 0.15)]
    rate: f64,
    /// What decides which are
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The most tokens of a text; a longer one is cut into several [default: the model's, 512]
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
}

const MEANING: &str = "\
Example:
  lt eval mlm --model DIR valid.txt

Of the tokens that are hidden eight of ten become the mask, one another token, and one stays, as in
training. JSON: {\"loss\": x, \"perplexity\": y, \"accuracy\": z, \"tokens\": n}";

pub(super) fn run(args: &MlmArgs, common: &Common) -> Result<()> {
    let model = common.fill_mask()?;
    let tokenizer = Arc::new(model.tokenizer().clone());
    let mut data = args.file.data();
    data.max_length = args.max_length;
    let hiding = HiddenWords::new(args.seed).rate(args.rate);
    let found =
        measure_hidden_words(model.model(), &tokenizer, &data, &hiding, &mut common.scratch()?)
            .map_err(with_advice)?;
    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => output.json(&found)?,
        Format::Text => {
            let bold = Style::new().bold();
            writeln!(output, "{bold}{:.4}{bold:#}  accuracy", found.accuracy)?;
            writeln!(output, "{:.4}  loss, a perplexity of {:.4}", found.loss, found.perplexity)?;
            writeln!(output, "{} tokens hidden", found.tokens)?;
        }
    }
    output.finish()
}
