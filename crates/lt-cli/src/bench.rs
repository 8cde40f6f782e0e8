//! `lt bench`: how long a model takes, for comparison with other programs.

mod report;
mod writing;

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use lt_core::ndarray::{Array2, Axis};
use lt_core::{Module, Scratch};
use lt_model::{Model, ModelOutput};

use crate::args::{Common, Format};
use crate::failure::{Failure, Result};
use crate::forward::{check, most_tokens, unknown_output};
use crate::ids_file::Ids;
use crate::output::Output;
use crate::progress::Progress;
use crate::text_input::Lines;
use report::{Measured, peak_rss_mb};
use writing::{Rounds, WritingArgs};

/// Time a model on ids, texts or prompts, for comparison with other programs
#[derive(Debug, Args)]
#[command(after_long_help = MEANING)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    writing: WritingArgs,
    /// How often the work is done and timed
    #[arg(long, value_name = "R", default_value = "10")]
    reps: NonZeroUsize,
    /// How often it is done before that, untimed
    #[arg(long, value_name = "W", default_value_t = 2)]
    warmup: usize,
}

/// What the model works on.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Input {
    /// Ids: a JSON file as `lt forward` reads it. The model runs on them
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Texts: a file with one a line. They are turned into vectors, as `lt encode` does
    #[arg(long, value_name = "FILE")]
    texts: Option<PathBuf>,
    /// A prompt of so many made-up tokens. A decoder reads it and writes on
    #[arg(long, value_name = "N")]
    prompt_tokens: Option<NonZeroUsize>,
}

const MEANING: &str = "\
Examples:
  lt bench --model DIR --texts lines.txt
  lt bench --model DIR --ids ids.json --threads 1 --reps 50 --warmup 5 --format json
  lt bench --model DIR --prompt-tokens 128 --generate-tokens 64 --batch 8

One time covers the whole file: from the ids to the last number of the output, or from the texts,
tokenizing included, to their vectors, or from the prompts to the last token written. Loading the model is not in it.

JSON: {\"times_s\": [0.123, …], \"tokens\": n, \"peak_rss_mb\": x}
  times_s      seconds, in the order in which they were taken
  tokens       of the whole file, special tokens included
  peak_rss_mb  the most memory that the process ever had resident, in 10⁶ bytes; null where the
               system does not tell
Of prompts also:
  prompt_s, generate_s    the two parts of each time: until each text has its first token, which
                          takes reading the prompt; and the steps after that, one less than tokens
  prompt_tokens_per_s, generate_tokens_per_s
                          of all texts, from the medians; the second null if there was no step
  shortest_step_s         of all steps; null likewise
  batch, prompt_tokens, generate_tokens    what was asked for

Compare medians of programs that take turns: a machine has other work to do, and gets warm.";

pub(crate) fn run(args: &BenchArgs, common: &Common) -> Result<()> {
    let mut scratch = common.scratch()?;
    let (times_s, tokens, writing) = match &args.input {
        Input { ids: Some(file), .. } => {
            let model = Model::from_dir(common.model_dir()?, &common.load_options())?.model;
            let ids = Ids::from_file(file)?;
            check(&model, &ids).map_err(|failure| failure.at(format!("`{}`", file.display())))?;
            let most_tokens = most_tokens(&model);
            let times = times(args, || forward(&model, &ids, most_tokens, &mut scratch))?;
            (times, ids.ids.len(), None)
        }
        Input { texts: Some(file), .. } => {
            let encoder = common.sentence_encoder()?;
            let texts = texts(file)?;
            let times = times(args, || {
                encoder.encode(&texts, &mut scratch)?;
                Ok(())
            })?;
            let lengths = texts.iter().map(|text| encoder.tokenize(text).map(|t| t.len()));
            (times, lengths.sum::<Result<usize, _>>()?, None)
        }
        Input { prompt_tokens: Some(prompt), .. } => {
            let model = common.causal_lm()?;
            let mut rounds = Rounds::new(&model, *prompt, &args.writing, scratch.threads())?;
            let times = times(args, || rounds.run())?;
            let tokens = rounds.tokens();
            (times, tokens, Some(rounds.measured(args.warmup)))
        }
        // The command line is refused before.
        _ => return Err(Failure::new("neither --ids, --texts nor --prompt-tokens is given")),
    };
    let measured = Measured { times_s, tokens, peak_rss_mb: peak_rss_mb(), writing };
    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => output.json(&measured)?,
        Format::Text => measured.print(&mut output)?,
    }
    output.finish()
}

/// The lines of a file, all read before any is timed.
fn texts(path: &Path) -> Result<Vec<String>> {
    let name = format!("`{}`", path.display());
    let file =
        File::open(path).map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
    let texts = Lines::new(file, &name).collect::<Result<Vec<_>>>()?;
    if texts.is_empty() {
        return Err(Failure::new(format!("{name} has no lines, expected at least one text")));
    }
    Ok(texts)
}

/// How long each repetition took, in seconds.
fn times(args: &BenchArgs, mut work: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let progress = Progress::new("rounds", Some((args.warmup + args.reps.get()) as u64));
    let mut times = Vec::new();
    for round in 0..args.warmup + args.reps.get() {
        let start = Instant::now();
        work()?;
        if round >= args.warmup {
            times.push(start.elapsed().as_secs_f64());
        }
        progress.advance(1);
    }
    Ok(times)
}

/// Runs the model on all ids. The whole output is there at the end; then its memory is given back.
fn forward(model: &Model, ids: &Ids, most_tokens: usize, scratch: &mut Scratch) -> Result<()> {
    let mut outputs: Vec<Array2<f32>> = Vec::new();
    for chunk in ids.chunks(most_tokens) {
        let part = ids.part(&chunk);
        let output = match model {
            Model::Encoder(encoder) => encoder.hidden(part.input(), scratch)?,
            other => match other.forward_in(part.input(), scratch)? {
                ModelOutput::TokenLogits(logits) | ModelOutput::SequenceLogits(logits) => logits,
                ModelOutput::Spans(spans) => {
                    outputs.push(spans.start.insert_axis(Axis(1))); // [tokens] → [tokens, 1]
                    spans.end.insert_axis(Axis(1))
                }
                _ => return Err(unknown_output()),
            },
        };
        outputs.push(output);
    }
    outputs.into_iter().for_each(|output| scratch.give(output));
    Ok(())
}
