//! The command line: what can be said, and what it means.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::answer::AnswerArgs;
use crate::bench::BenchArgs;
use crate::classify::ClassifyArgs;
use crate::completions::CompletionsArgs;
use crate::convert::ConvertArgs;
use crate::encode::EncodeArgs;
use crate::eval::EvalArgs;
use crate::fill_mask::FillMaskArgs;
use crate::forward::ForwardArgs;
use crate::generate::GenerateArgs;
use crate::inspect::InspectArgs;
use crate::plot::PlotArgs;
use crate::rerank::RerankArgs;
use crate::search::SearchArgs;
use crate::similarity::SimilarityArgs;
use crate::tag::TagArgs;
use crate::tokenize::TokenizeArgs;
use crate::tour::TourArgs;
use crate::train::TrainArgs;
use crate::zero_shot::ZeroShotArgs;

/// Shows what a Transformer does with a sentence, and does it.
#[derive(Debug, Parser)]
#[command(name = "lt", version, max_term_width = 100, after_help = HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const HELP: &str = "\
Examples:
  lt tour \"The cat sat on the mat.\"           one sentence through every stage
  lt similarity \"a cat\" \"a kitten\"            how alike two texts are
  lt encode --format json < lines.txt         a vector for each line
  lt tag --model DIR \"Ada lived in London.\"   with a model of your own

DIR is a Hugging Face model directory: config.json, model.safetensors and tokenizer.json. Without one,
small models that are built in are used: lt-tiny-bert for tour, tokenize and fill-mask, lt-tiny-minilm
for encode, similarity and search, lt-tiny-gpt for generate. These are names for --model, too.
LT_MODEL=DIR in the environment stands for --model DIR. `lt COMMAND --help` has more examples.";

/// One command and its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Tour {
        #[command(flatten)]
        args: TourArgs,
        #[command(flatten)]
        common: Common,
    },
    Encode {
        #[command(flatten)]
        args: EncodeArgs,
        #[command(flatten)]
        common: Common,
    },
    Similarity {
        #[command(flatten)]
        args: SimilarityArgs,
        #[command(flatten)]
        common: Common,
    },
    Tokenize {
        #[command(flatten)]
        args: TokenizeArgs,
        #[command(flatten)]
        common: Common,
    },
    Inspect {
        #[command(flatten)]
        args: InspectArgs,
        #[command(flatten)]
        common: Common,
    },
    FillMask {
        #[command(flatten)]
        args: FillMaskArgs,
        #[command(flatten)]
        common: Common,
    },
    Tag {
        #[command(flatten)]
        args: TagArgs,
        #[command(flatten)]
        common: Common,
    },
    Answer {
        #[command(flatten)]
        args: AnswerArgs,
        #[command(flatten)]
        common: Common,
    },
    Classify {
        #[command(flatten)]
        args: ClassifyArgs,
        #[command(flatten)]
        common: Common,
    },
    ZeroShot {
        #[command(flatten)]
        args: ZeroShotArgs,
        #[command(flatten)]
        common: Common,
    },
    Rerank {
        #[command(flatten)]
        args: RerankArgs,
        #[command(flatten)]
        common: Common,
    },
    Search {
        #[command(flatten)]
        args: SearchArgs,
        #[command(flatten)]
        common: Common,
    },
    Generate {
        #[command(flatten)]
        args: Box<GenerateArgs>,
        #[command(flatten)]
        common: Common,
    },
    Convert {
        #[command(flatten)]
        args: ConvertArgs,
        #[command(flatten)]
        common: Common,
    },
    Train(TrainArgs),
    Eval(EvalArgs),
    Plot(PlotArgs),
    Forward {
        #[command(flatten)]
        args: ForwardArgs,
        #[command(flatten)]
        common: Common,
    },
    Bench {
        #[command(flatten)]
        args: BenchArgs,
        #[command(flatten)]
        common: Common,
    },
    Completions(CompletionsArgs),
}

// What every command that uses a model takes. Not a doc comment: clap would print it as what the
// command does.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Common {
    /// The model: a Hugging Face directory, or lt-tiny-bert, lt-tiny-minilm or lt-tiny-gpt, which
    /// are built in [default: `LT_MODEL` in the environment; else one of these, where one will do]
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Option<PathBuf>,
    /// What to print: text for people, or one JSON value a line for programs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// How many threads compute [default: as many as there are cores]
    ///
    /// The results are the same to the bit for any number.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Read the weights into memory instead of mapping the file
    ///
    /// A mapped file must not change while the program runs. Takes longer and more memory.
    #[arg(long)]
    pub(crate) no_mmap: bool,
}

/// What the output is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON value a line.
    Json,
}
