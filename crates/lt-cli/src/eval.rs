//! `lt eval`: how good a model is.

mod classify;
mod labelled_file;
mod mlm;
mod similarity;

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::{Args, Subcommand};
use lt_tasks::{PerplexityWindows, TaskError, perplexity};

use crate::args::{Common, Format};
use crate::failure::{Failure, Result};
use crate::output::Output;

/// Measure how good a model is
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Perplexity {
        #[command(flatten)]
        args: PerplexityArgs,
        #[command(flatten)]
        common: Common,
    },
    Classify {
        #[command(flatten)]
        args: classify::ClassifyArgs,
        #[command(flatten)]
        common: Common,
    },
    Mlm {
        #[command(flatten)]
        args: mlm::MlmArgs,
        #[command(flatten)]
        common: Common,
    },
    Similarity {
        #[command(flatten)]
        args: similarity::SimilarityArgs,
        #[command(flatten)]
        common: Common,
    },
}

/// How well a decoder foretells a text: e to the mean surprise at its tokens
#[derive(Debug, Args)]
#[command(after_help = MEANING)]
struct PerplexityArgs {
    /// The text: a file, or - for the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How many tokens the model sees at a time [default: as many as it takes]
    #[arg(long, value_name = "N")]
    window: Option<NonZeroUsize>,
    /// How many tokens further the next window begins [default: 512, or the window if less]
    #[arg(long, value_name = "N")]
    stride: Option<NonZeroUsize>,
}

const MEANING: &str = "\
Example:
  lt eval perplexity --model DIR text.txt --stride 256

JSON: {\"perplexity\": x, \"by_token\": y, \"tokens\": n, \"windows\": m}
  perplexity  as transformers' guide computes it, which weights a window by its new tokens less one
  by_token    with all tokens weighted alike
  tokens      how many were foretold";

/// The largest text that is read.
const LARGEST: u64 = 1 << 30;

pub(crate) fn run(args: &EvalArgs) -> Result<()> {
    match &args.what {
        What::Perplexity { args, common } => run_perplexity(args, common),
        What::Classify { args, common } => classify::run(args, common),
        What::Mlm { args, common } => mlm::run(args, common),
        What::Similarity { args, common } => similarity::run(args, common),
    }
}

fn run_perplexity(args: &PerplexityArgs, common: &Common) -> Result<()> {
    let generator = common.text_generator()?;
    let mut scratch = common.scratch()?;
    let ids = generator.tokenize(&read(&args.file)?)?;
    let longest = NonZeroUsize::new(generator.model().encoder().longest());
    let length = args.window.or(longest).unwrap_or(NonZeroUsize::MIN);
    let usual = NonZeroUsize::MIN.saturating_add(511).min(length);
    let windows = PerplexityWindows { length, stride: args.stride.unwrap_or(usual) };
    let found = perplexity(generator.model(), &ids, windows, &mut scratch).map_err(|error| {
        let long = matches!(error, TaskError::MaxLength { .. });
        let failure = Failure::from(error);
        if long { failure.hint("give a shorter --window, or leave it out") } else { failure }
    })?;
    let mut output = Output::new(common.format);
    match common.format {
        Format::Json => output.json(&found)?,
        Format::Text => {
            let bold = Style::new().bold();
            writeln!(output, "{bold}{:.4}{bold:#}  perplexity", found.perplexity)?;
            writeln!(
                output,
                "{:.4}  with all tokens weighted alike\n{} tokens foretold, in {} windows of at \
                 most {length}",
                found.by_token, found.tokens, found.windows
            )?;
        }
    }
    output.finish()
}

fn read(path: &Path) -> Result<String> {
    let name = if path == Path::new("-") {
        "the standard input".to_owned()
    } else {
        format!("`{}`", path.display())
    };
    let unreadable = |error: io::Error| Failure::new(format!("cannot read {name}: {error}"));
    let reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::new(format!("{name} is larger than {} MB", LARGEST >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        Failure::new(format!("{name} is not UTF-8 at byte {at}"))
    })
}
