//! `lt plot`: a picture of training runs.

use std::path::PathBuf;

use clap::Args;
use lt_recipes::{Metrics, PlotSettings, Scale, plot_to};

use crate::failure::{Failure, Result};
use crate::train::with_advice;

/// Draw loss, learning rate and gradient norm of training runs as one picture
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlotArgs {
    /// The metrics of one or several runs: their metrics.jsonl, or their folders
    #[arg(value_name = "METRICS", required = true)]
    runs: Vec<PathBuf>,
    /// The picture: an SVG
    #[arg(long, value_name = "FILE.svg")]
    out: PathBuf,
    /// Loss and norm by their orders of magnitude
    #[arg(long)]
    log: bool,
    /// Steps by their orders of magnitude
    #[arg(long)]
    log_steps: bool,
}

const EXAMPLES: &str = "\
Examples:
  lt plot runs/first/metrics.jsonl --out first.svg
  lt plot runs/first runs/second --log --out both.svg

The picture is one file without scripts, for light and dark ground. A run is called as its folder
is. Lines are the steps, dots the evaluations.";

/// More runs than this cannot be told apart.
const MOST_RUNS: usize = 18;

pub(crate) fn run(args: &PlotArgs) -> Result<()> {
    if args.runs.len() > MOST_RUNS {
        let message = format!("{} runs, expected at most {MOST_RUNS}", args.runs.len());
        return Err(Failure::new(message).hint("draw them in several pictures"));
    }
    let mut runs = Vec::with_capacity(args.runs.len());
    for path in &args.runs {
        let path = if path.is_dir() { path.join("metrics.jsonl") } else { path.clone() };
        let read = Metrics::read(path).map_err(|error| {
            with_advice(error).hint("`lt train` writes metrics.jsonl into the folder of a run")
        });
        runs.push(read?);
    }
    let scale = |log: bool| if log { Scale::Logarithmic } else { Scale::Linear };
    let settings = PlotSettings::logarithmic(scale(args.log)).steps(scale(args.log_steps));
    plot_to(&args.out, &runs, settings).map_err(with_advice)
}
