//! `lt train`: from a recipe to a trained model.

mod watcher;

use std::io::Write;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::thread;

use anstyle::Style;
use clap::{Args, Subcommand};
use lt_recipes::{
    Classify, Clm, Distill, Embed, Finished, Mlm, RecipeError, Resume, Session, Setting, Tag,
    TokenizerRecipe, Training,
};
use lt_train::End;
use serde::Serialize;

use crate::args::Format;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::Progress;
use watcher::Bar;

/// Train a tokenizer or a model, as a recipe says
#[derive(Debug, Args)]
#[command(after_help = MEANING)]
pub(crate) struct TrainArgs {
    #[command(subcommand)]
    task: Task,
}

const MEANING: &str = "\
Examples:
  lt train tokenizer --config tokenizer.toml
  lt train mlm --config mlm.toml --out runs/first --threads 8
  lt train mlm --config mlm.toml --out runs/first --resume          goes on where it was cut off
  lt train classify --config spam.toml --set optimizer.rate=3e-5 --steps 200

A recipe is a TOML file:
  out = \"runs/spam\"                        the folder of the run
  epochs = 3                               or steps = 1000
  [model]
  from = \"DIR\"                             a Hugging Face directory; or type = \"bert\" and sizes, as
                                           config.json spells them, for a new model
  [tokenizer]
  from = \"DIR\"                             needed for a new model
  [data]
  files = [\"train.csv\"]                    text, jsonl, csv, tsv, conll
  label = \"label\"                          the names of the columns
  [objective]                              what the task has to set: rate, labels, temperature …
  [optimizer]
  rate = 5e-5                              also kind, weight_decay, clip, freeze …
  [schedule]
  warmup = 100                             kind = \"linear\", \"cosine\", \"constant\" …
  [evaluation]
  files = [\"valid.csv\"]                    the best model is kept; patience = 3 ends early

In the folder of the run are config.toml, metrics.jsonl (for lt plot), checkpoints, and in the end
model/, a Hugging Face directory. A run has the same bits whatever the number of threads, and if it
was cut off and gone on with.";

#[derive(Debug, Subcommand)]
enum Task {
    /// A vocabulary from files of text
    Tokenizer(RunArgs),
    /// An encoder that guesses hidden words: BERT
    Mlm(RunArgs),
    /// A decoder that foretells the next word: GPT
    Clm(RunArgs),
    /// A model that sorts texts, or pairs of texts
    Classify(RunArgs),
    /// A model that tags words: names, parts of speech
    Tag(RunArgs),
    /// Sentence vectors, from pairs of texts
    Embed(RunArgs),
    /// Sentence vectors, from those of a larger model
    Distill(RunArgs),
}

/// What every task takes.
#[derive(Debug, Args)]
struct RunArgs {
    /// The recipe: a TOML file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Lay a value over that of the recipe: optimizer.rate=1e-4
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<Setting>,
    /// The folder of the run [default: `out` of the recipe]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many steps there are, in place of the recipe's steps or epochs
    #[arg(long, value_name = "N")]
    steps: Option<NonZeroU64>,
    /// Where all randomness comes from [default: `seed` of the recipe]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// Go on with the run that the folder holds; where there is none, one begins
    #[arg(long)]
    resume: bool,
    /// How many threads compute [default: as many as there are cores]
    ///
    /// The results are the same to the bit for any number.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// What to print: text for people, or one JSON value for programs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

fn setting(argument: &str) -> std::result::Result<Setting, String> {
    Setting::parse(argument).map_err(|error| error.to_string())
}

pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    match &args.task {
        Task::Tokenizer(args) => tokenizer(args),
        Task::Mlm(args) => model::<Mlm>(args, Training::<Mlm>::run),
        Task::Clm(args) => model::<Clm>(args, Training::<Clm>::run),
        Task::Classify(args) => model::<Classify>(args, Training::<Classify>::run),
        Task::Tag(args) => model::<Tag>(args, Training::<Tag>::run),
        Task::Embed(args) => model::<Embed>(args, Training::<Embed>::run),
        Task::Distill(args) => model::<Distill>(args, Training::<Distill>::run),
    }
}

impl RunArgs {
    /// The settings over the recipe: those of the flags last.
    fn over(&self) -> Vec<Setting> {
        let mut over = self.settings.clone();
        if let Some(out) = &self.out {
            over.push(Setting::new("out", out.to_string_lossy().into_owned()));
        }
        if let Some(seed) = self.seed {
            over.push(Setting::new("seed", i64::from(seed)));
        }
        over
    }

    fn resume(&self) -> Resume {
        if self.resume { Resume::GoOn } else { Resume::Refuse }
    }
}

/// An error of a recipe, with its advice.
pub(crate) fn with_advice(error: RecipeError) -> Failure {
    match error.hint() {
        Some(hint) => Failure::from(error).hint(hint),
        None => error.into(),
    }
}

fn model<T>(
    args: &RunArgs,
    train: fn(&Training<T>, Session<'_>) -> lt_recipes::Result<Finished>,
) -> Result<()>
where
    T: Default + serde::de::DeserializeOwned,
{
    let mut training = Training::<T>::read(&args.config, &args.over()).map_err(with_advice)?;
    if let Some(steps) = args.steps {
        (training.steps, training.epochs) = (Some(steps.get()), None);
    }
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = lt_kernels::pool(args.threads.map_or_else(cores, NonZeroUsize::get))?;
    let mut bar = Bar::default();
    let session = Session { threads, resume: args.resume(), watcher: &mut bar };
    let finished = train(&training, session);
    drop(bar);
    print(args.format, &training.out, &finished.map_err(with_advice)?)
}

/// How a run ended, for programs.
#[derive(Serialize)]
struct Line<'a> {
    model: &'a Path,
    out: &'a Path,
    steps: u64,
    loss: Option<f64>,
    ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<BestLine>,
}

#[derive(Serialize)]
struct BestLine {
    step: u64,
    loss: f64,
}

fn print(format: Format, out: &Path, finished: &Finished) -> Result<()> {
    let Finished { model, outcome, .. } = finished;
    let mut output = Output::new(format);
    let best = outcome.progress.best;
    let steps = outcome.progress.step;
    match format {
        Format::Json => output.json(&Line {
            model,
            out,
            steps,
            loss: outcome.loss,
            ended: if outcome.end == End::Patience { "patience" } else { "steps" },
            best: best.map(|best| BestLine { step: best.step, loss: best.loss }),
        })?,
        Format::Text => {
            let bold = Style::new().bold();
            writeln!(output, "{bold}{}{bold:#}", model.display())?;
            let loss = outcome.loss.map(|loss| format!(", the last with loss {loss:.4}"));
            writeln!(output, "{steps} steps{}", loss.unwrap_or_default())?;
            if outcome.end == End::Patience {
                writeln!(output, "ended early: the evaluation became no better")?;
            }
            if let Some(best) = best {
                writeln!(
                    output,
                    "the best is kept: loss {:.4} after step {}",
                    best.loss, best.step
                )?;
            }
        }
    }
    output.finish()
}

fn tokenizer(args: &RunArgs) -> Result<()> {
    if args.steps.is_some() || args.resume || args.seed.is_some() {
        let message = "a tokenizer is counted, not trained in steps: --steps, --seed and --resume \
                       mean nothing";
        return Err(Failure::new(message).hint("leave them out"));
    }
    let recipe = TokenizerRecipe::read(&args.config, &args.over()).map_err(with_advice)?;
    let progress = Progress::new("texts", None);
    let mut before = 0;
    let trained = recipe.run(&mut |texts| {
        progress.advance(texts - before);
        before = texts;
    });
    drop(progress);
    let trained = trained.map_err(with_advice)?;
    let mut output = Output::new(args.format);
    match args.format {
        Format::Json => output.json(&trained)?,
        Format::Text => {
            let bold = Style::new().bold();
            writeln!(output, "{bold}{}{bold:#}", trained.out.display())?;
            writeln!(output, "{} tokens, of {} texts", trained.vocab_size, trained.texts)?;
            if trained.skipped > 0 {
                writeln!(output, "{} rows were passed over", trained.skipped)?;
            }
        }
    }
    output.finish()
}
