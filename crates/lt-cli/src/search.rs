//! `lt search`: the lines of a file that are nearest to a query.

use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::Args;
use lt_core::ndarray::{Array2, Axis};
use lt_tasks::{Hit, SearchIndex, TaskError};
use serde::Serialize;

use crate::args::{Common, Format};
use crate::columns::shortened;
use crate::encode::EncoderSettings;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Progress;
use crate::rerank::print_line;
use crate::text_input::{Lines, TextInput};
use crate::windows::answer_all;

/// Find the lines of a file that mean what a query means
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SearchArgs {
    /// What is searched for; without any, each line of the standard input is a query
    #[arg(value_name = "QUERY")]
    queries: Vec<String>,
    /// The file whose lines are searched
    #[arg(long = "in", value_name = "FILE")]
    file: PathBuf,
    /// How many lines are shown for each query
    #[arg(long, value_name = "N", default_value = "5")]
    top: NonZeroUsize,
    /// Put this in front of each query, where the model wants another prompt there than for lines
    #[arg(long, value_name = "TEXT")]
    query_prompt: Option<String>,
    #[command(flatten)]
    settings: EncoderSettings,
}

const EXAMPLES: &str = "\
Examples:
  lt search --in lines.txt \"a small cat\"
  lt search --model DIR --in lines.txt --top 20 --format json < queries.txt

JSON, for each query: {\"query\": \"a small cat\", \"hits\": [{\"line\": 7, \"score\": 0.77, \"text\": \"…\"},
…]}. Lines are counted from 1; empty ones are counted, and not found.

The score is the cosine of the angle between the vectors of `lt encode`; every line is compared, and
of equally near ones the first counts. `lt rerank` sorts what was found once more, more carefully.";

/// Lines are encoded so many at a time, so that the progress bar has something to show.
const STEP: usize = 512;

#[derive(Serialize)]
struct Answer<'a> {
    query: &'a str,
    hits: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    line: usize,
    score: f32,
    text: &'a str,
}

pub(crate) fn run(args: &SearchArgs, common: &Common) -> Result<()> {
    let mut encoder = args.settings.load(common)?;
    let lines = read_lines(&args.file)?;
    let mut scratch = common.scratch()?;
    let mut vectors = Array2::zeros((0, encoder.width()));
    {
        let progress = Progress::new("lines", Some(lines.len() as u64));
        for some in lines.chunks(STEP) {
            let texts: Vec<&str> = some.iter().map(|(_, text)| text.as_str()).collect();
            let rows = encoder.encode(&texts, &mut scratch).map_err(|error| match error {
                TaskError::Text { number, source } => {
                    let line = some.get(number).map_or(0, |(line, _)| *line);
                    let file = args.file.display();
                    Failure::from(*source).at(format!("line {line} of `{file}`"))
                }
                other => other.into(),
            })?;
            vectors.append(Axis(0), rows.view())?;
            progress.advance(some.len() as u64);
        }
    }
    let index = SearchIndex::new(vectors)?;
    if let Some(prompt) = &args.query_prompt {
        encoder = encoder.with_prompt(prompt);
    }

    let mut output = Output::new(common.format);
    let search = |queries: &[String]| {
        let vectors = encoder.encode(queries, &mut scratch)?;
        index.nearest(vectors.view(), args.top.get(), &mut scratch)
    };
    let largest = lines.last().map_or(0, |(number, _)| *number);
    answer_all(TextInput::new(&args.queries), &mut output, Ok, search, |output, query, hits| {
        let found = |hit: &Hit| {
            let (line, text) = lines.get(hit.index)?;
            Some(Found { line: *line, score: hit.score, text })
        };
        let hits: Vec<Found<'_>> = hits.iter().filter_map(found).collect();
        if common.format == Format::Json {
            return output.json(&Answer { query, hits });
        }
        let bold = Style::new().bold();
        writeln!(output, "{bold}{}{bold:#}", shortened(query, output.columns()))?;
        for hit in hits {
            print_line(output, hit.score, hit.line, largest, hit.text)?;
        }
        writeln!(output).map_err(Failure::from)
    })?;
    output.finish()
}

/// The lines of a file that say something, with their numbers from 1.
fn read_lines(path: &Path) -> Result<Vec<(usize, String)>> {
    let shown = path.display();
    let file = File::open(path)
        .map_err(|error| Failure::new(format!("cannot read `{shown}`: {error}")))?;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(Lines::new(file, format!("`{shown}`"))) {
        let line = line?;
        if !line.trim().is_empty() {
            lines.push((number, line));
        }
    }
    if lines.is_empty() {
        return Err(Failure::new(format!("`{shown}` has no lines to search")));
    }
    Ok(lines)
}
