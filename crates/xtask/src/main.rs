//! The tasks of this repository: set-up, tests, the law book, checks.

mod book;
mod check;
mod code_regions;
mod command;
mod failure;
mod fetch;
mod figures;
mod formulas;
mod grade;
mod laws;
mod python;
mod rust_source;
mod table;
mod test;
mod tour;
mod tour_page;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// The tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Set everything up and show what a Transformer does with a sentence
    Tour {
        /// The sentence, in quotes; without it, one that the tour chooses
        text: Option<String>,
    },
    /// Set everything up and run all tests
    Test,
    /// Download all-MiniLM-L6-v2 once and print its folder
    Fetch,
    /// Run the property tests alone and print the law book
    Laws {
        /// On how many random cases each law is tried
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        cases: Option<u32>,
        /// The crate whose laws are tried; without it, every crate
        #[arg(value_name = "CRATE")]
        package: Option<String>,
    },
    /// Grade the exercises of a chapter
    Grade {
        /// The chapter; without one, how far you are in each
        chapter: Option<String>,
        /// One exercise of it
        #[arg(requires = "chapter")]
        exercise: Option<String>,
        /// How many hints to show for what does not hold yet
        #[arg(long, value_name = "N", default_value_t = 0)]
        hint: usize,
    },
    /// Make the book from the chapters: pages to search, to read offline and to print
    Book,
    /// Draw the figures of the chapters, and write their numbers, from what the library computes
    Figures {
        /// Write nothing; fail if a figure is out of date
        #[arg(long)]
        check: bool,
    },
    /// Write the MathML of the formulas from their LaTeX, and where their code is
    Formulas {
        /// Write nothing; fail if a file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Copy the functions that the chapters print from their sources
    Regions {
        /// Write nothing; fail if a copy is out of date
        #[arg(long)]
        check: bool,
    },
    /// Run every check that is not a test: format, lints, documentation, packages
    Check {
        /// The checks to run; without any, all of them
        #[arg(value_name = "CHECK")]
        checks: Vec<check::Check>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let outcome = match task {
        Task::Tour { text } => tour::run(&workspace, text.as_deref()),
        Task::Test => test::run(&workspace),
        Task::Fetch => print(&format!("{}\n", fetch::model(&workspace)?.display())),
        Task::Laws { cases, package } => laws::run(&workspace, cases, package.as_deref()),
        Task::Grade { chapter, exercise, hint } => {
            return grade::run(&workspace, chapter.into_iter().chain(exercise), hint);
        }
        Task::Figures { check: false } => figures::run(&workspace, formulas::Mode::Write),
        Task::Figures { check: true } => figures::run(&workspace, formulas::Mode::Check),
        Task::Book => book::run(&workspace),
        Task::Formulas { check: false } => formulas::run(&workspace, formulas::Mode::Write),
        Task::Formulas { check: true } => formulas::run(&workspace, formulas::Mode::Check),
        Task::Regions { check: false } => code_regions::run(&workspace, formulas::Mode::Write),
        Task::Regions { check: true } => code_regions::run(&workspace, formulas::Mode::Check),
        Task::Check { checks } => check::run(&workspace, &checks),
    };
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Writes to standard output; a reader who has read enough, such as `head`, is no failure.
fn print(text: &str) -> Result<()> {
    use std::io::{ErrorKind, Write as _, stdout};
    match stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn laws_refuses_to_try_no_cases() {
        assert!(Arguments::try_parse_from(["cargo xtask", "laws", "--cases", "0"]).is_err());
    }
}
