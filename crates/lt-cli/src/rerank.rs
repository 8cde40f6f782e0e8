//! `lt rerank`: which document answers a query best.

use std::io::Write;
use std::num::NonZeroUsize;

use anstyle::Style;
use clap::Args;
use lt_tasks::{Ranked, Reranker};
use serde::Serialize;

use crate::another_head::with_hint;
use crate::args::{Common, Format};
use crate::classify::FunctionName;
use crate::columns::shortened;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Progress;
use crate::text_input::TextInput;
use crate::windows::failed_after;

/// Sort documents by how well they answer a query, read beside it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RerankArgs {
    /// What is asked
    #[arg(value_name = "QUERY")]
    query: String,
    /// The documents; without any, each line of the standard input is one
    #[arg(value_name = "DOCUMENT")]
    documents: Vec<String>,
    /// How many documents are shown, the best first [default: all]
    #[arg(long, value_name = "N")]
    top: Option<NonZeroUsize>,
    /// How scores are made of what the model computes [default: as its directory says, or sigmoid]
    #[arg(long, value_enum, value_name = "HOW")]
    function: Option<FunctionName>,
    /// Cut query and document at this many tokens together, special tokens included
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  lt rerank --model DIR \"capital of France\" \"Paris is a capital.\" \"Cats sleep.\"
  lt rerank --model DIR --top 10 --format json \"capital of France\" < documents.txt

JSON, for each document, the best first: {\"document\": 1, \"score\": 0.99, \"text\": \"…\",
\"truncated\": 0}. Documents are counted from 1.

The model must give one score to a pair of texts: a cross-encoder, ms-marco-MiniLM-L6-v2 for
example. It reads every document beside the query; `lt search` finds those worth it among many.";

/// Documents are scored so many at a time, so that the progress bar has something to show.
const STEP: usize = 256;

#[derive(Serialize)]
struct Line<'a> {
    document: usize,
    score: f32,
    text: &'a str,
    truncated: usize,
}

pub(crate) fn run(args: &RerankArgs, common: &Common) -> Result<()> {
    let mut model =
        Reranker::from_dir(common.model_dir()?, &common.load_options()).map_err(with_hint)?;
    if let Some(function) = args.function {
        if function == FunctionName::Softmax {
            return Err(Failure::new("softmax of a single score is always 1")
                .hint("--function sigmoid or --function none"));
        }
        model = model.with_function(function.into());
    }
    if let Some(max_length) = args.max_length {
        model = model.with_max_length(max_length)?;
    }
    let documents = TextInput::new(&args.documents).collect::<Result<Vec<_>>>()?;
    let mut scratch = common.scratch()?;
    let mut ranked: Vec<Ranked> = Vec::with_capacity(documents.len());
    {
        let progress = Progress::new("documents", Some(documents.len() as u64));
        for (step, some) in documents.chunks(STEP).enumerate() {
            let before = step * STEP;
            let of_step = model
                .rank(&args.query, some, &mut scratch)
                .map_err(|error| failed_after(before, error))?;
            ranked.extend(of_step.into_iter().map(|mut it| {
                it.index += before;
                it
            }));
            progress.advance(some.len() as u64);
        }
    }
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index)));
    ranked.truncate(args.top.map_or(usize::MAX, NonZeroUsize::get));
    let mut output = Output::new(common.format);
    for it in &ranked {
        let Some(text) = documents.get(it.index) else { continue };
        let (document, score, truncated) = (it.index + 1, it.score, it.truncated);
        match common.format {
            Format::Json => output.json(&Line { document, score, text, truncated })?,
            Format::Text => print_line(&mut output, score, document, documents.len(), text)?,
        }
    }
    output.finish()
}

/// A score, the number of a line, and what it says: the best stands first.
pub(crate) fn print_line(
    output: &mut Output,
    score: f32,
    number: usize,
    largest: usize,
    text: &str,
) -> Result<()> {
    let dim = Style::new().dimmed();
    let digits = largest.to_string().len();
    let room = output.columns().saturating_sub(8 + 2 + digits + 2);
    let text = shortened(text, room);
    writeln!(output, "{score:>8.4}  {dim}{number:>digits$}{dim:#}  {text}")?;
    Ok(())
}
