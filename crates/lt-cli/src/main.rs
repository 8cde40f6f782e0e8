//! The `lt` program: shows what a Transformer does with a sentence, and does it.

mod another_head;
mod answer;
mod args;
mod bench;
mod built_in;
mod classify;
mod columns;
mod completions;
mod convert;
mod encode;
mod eval;
mod failure;
mod fill_mask;
mod forward;
mod generate;
#[cfg(feature = "hub")]
mod hub;
mod ids_file;
mod inspect;
mod model_dir;
mod number_lists;
mod output;
mod plot;
mod progress;
mod rerank;
mod score_bars;
mod search;
mod similarity;
mod tag;
mod tensor_file;
mod text_input;
mod text_pair;
mod tokenize;
pub(crate) mod tour;
mod train;
mod windows;
mod zero_shot;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    keep_quiet_about_panics_that_become_errors();
    // A command line that makes no sense ends the program here, with exit code 2.
    let cli = Cli::parse();
    match run(&cli.command) {
        Ok(()) | Err(Failure::ClosedOutput) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::FAILURE
        }
    }
}

/// Some files crash the library that reads them. That is caught, and told as an error.
fn keep_quiet_about_panics_that_become_errors() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !lt_tokenizer::panics_become_errors() {
            usual(panic);
        }
    }));
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Tour { args, common } => tour::run(args, common),
        Command::Encode { args, common } => encode::run(args, common),
        Command::Similarity { args, common } => similarity::run(args, common),
        Command::Tokenize { args, common } => tokenize::run(args, common),
        Command::Inspect { args, common } => inspect::run(args, common),
        Command::FillMask { args, common } => fill_mask::run(args, common),
        Command::Tag { args, common } => tag::run(args, common),
        Command::Answer { args, common } => answer::run(args, common),
        Command::Classify { args, common } => classify::run(args, common),
        Command::ZeroShot { args, common } => zero_shot::run(args, common),
        Command::Rerank { args, common } => rerank::run(args, common),
        Command::Search { args, common } => search::run(args, common),
        Command::Generate { args, common } => generate::run(args, common),
        Command::Convert { args, common } => convert::run(args, common),
        Command::Train(args) => train::run(args),
        Command::Eval(args) => eval::run(args),
        Command::Plot(args) => plot::run(args),
        Command::Forward { args, common } => forward::run(args, common),
        Command::Bench { args, common } => bench::run(args, common),
        Command::Completions(args) => completions::run(args),
    }
}
