//! `lt eval classify`: how often a classifier is right.

use std::io::Write;

use anstyle::Style;
use clap::Args;
use lt_recipes::{ColumnName, measure_classifier};
use lt_tasks::TextClassifier;

use super::labelled_file::FileArgs;
use crate::another_head::with_hint;
use crate::args::{Common, Format};
use crate::columns::{padded, width};
use crate::failure::Result;
use crate::output::Output;
use crate::train::with_advice;

/// How often a classifier is right: accuracy and F1 on a file with labels
#[derive(Debug, Args)]
#[command(after_help = MEANING)]
pub(crate) struct ClassifyArgs {
    #[command(flatten)]
    file: FileArgs,
    /// That of the label [default: label]
    #[arg(long, value_name = "NAME")]
    label: Option<ColumnName>,
    /// That of the second text, where there are pairs
    #[arg(long, value_name = "NAME")]
    second: Option<ColumnName>,
    /// Cut texts at this many tokens, special tokens included
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
}

const MEANING: &str = "\
Examples:
  lt eval classify --model DIR test.csv --text subject
  lt eval classify --model DIR test.tsv --text 0 --label 2

JSON: {\"accuracy\": x, \"macro_f1\": y, \"weighted_f1\": z, \"texts\": n,
       \"labels\": {\"ham\": {\"precision\": …, \"recall\": …, \"f1\": …, \"support\": n}, …}}";

pub(super) fn run(args: &ClassifyArgs, common: &Common) -> Result<()> {
    let (dir, options) = (common.model_dir()?, common.load_options());
    let mut model = TextClassifier::from_dir(dir, &options).map_err(with_hint)?;
    if let Some(max_length) = args.max_length {
        model = model.with_max_length(max_length)?;
    }
    let mut data = args.file.data();
    data.label.clone_from(&args.label);
    data.second.clone_from(&args.second);
    let found = measure_classifier(&model, &data, &mut common.scratch()?).map_err(with_advice)?;
    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => output.json(&found)?,
        Format::Text => {
            let bold = Style::new().bold();
            writeln!(output, "{bold}{:.4}{bold:#}  accuracy", found.accuracy)?;
            writeln!(output, "{:.4}  F1, the mean of the labels", found.macro_f1)?;
            writeln!(output, "{:.4}  F1, weighted by their texts", found.weighted_f1)?;
            let names = found.labels.keys().map(|name| width(name)).max().unwrap_or(0).min(40);
            writeln!(output, "{} precision  recall      F1   texts", padded("", names))?;
            for (name, score) in &found.labels {
                let name = padded(&crate::columns::shortened(name, names), names);
                writeln!(
                    output,
                    "{name}    {:.4}  {:.4}  {:.4}  {:>6}",
                    score.precision, score.recall, score.f1, score.support
                )?;
            }
        }
    }
    output.finish()
}
