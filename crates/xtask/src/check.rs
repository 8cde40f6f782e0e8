//! `cargo xtask check`: every check that is not a plain run of the tests.

mod alone;
mod chapters;
mod claims;
mod dependencies;
mod exercises;
mod links;
mod packages;
mod page;
mod terms;
mod translations;
mod unsafety;

use std::time::Instant;

use clap::ValueEnum;

use crate::book;
use crate::code_regions;
use crate::command;
use crate::failure::{Failure, Result};
use crate::figures;
use crate::formulas;
use crate::table::{Row, Table, WIDTH};
use crate::workspace::Workspace;

/// One check. They run in this order: the quick ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Check {
    /// The lock file fits the manifests
    Lock,
    /// The sources are formatted
    Format,
    /// The MathML of the formulas is up to date, and each formula is tied to its code
    Formulas,
    /// The code that the chapters print is the code that runs
    Regions,
    /// The links between the documents lead somewhere
    Links,
    /// The chapters lead from one to the next, and have their parts
    Chapters,
    /// What the chapters claim is held by a test
    Claims,
    /// The terms are spelt as they are everywhere
    Terms,
    /// No translation is behind its original without saying so
    Translations,
    /// The exercises are still to be done
    Exercises,
    /// Unsafe code stands only where it may
    Unsafe,
    /// No crate needs a C compiler, and none brings more packages than promised
    Dependencies,
    /// No lint warns
    Clippy,
    /// The documentation builds without a warning
    Docs,
    /// The figures are what the library computes
    Figures,
    /// The book can be made, and its links lead somewhere
    Book,
    /// What would be published builds from what is in the package
    Package,
    /// Each crate passes lints and tests on its own, with each of its features
    Alone,
}

impl Check {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn run(self, workspace: &Workspace) -> Result<()> {
        let cargo = |arguments: &[&str]| command::run(workspace.cargo().args(arguments));
        match self {
            Self::Lock => {
                command::capture(workspace.cargo().args(["tree", "--workspace", "--locked"]))
                    .map(drop)
            }
            Self::Format => cargo(&["fmt", "--all", "--check"]),
            Self::Formulas => formulas::run(workspace, formulas::Mode::Check),
            Self::Regions => code_regions::run(workspace, formulas::Mode::Check),
            Self::Links => links::check(workspace),
            Self::Chapters => chapters::check(workspace),
            Self::Claims => claims::check(workspace),
            Self::Terms => terms::check(workspace),
            Self::Translations => translations::check(workspace),
            Self::Exercises => exercises::check(workspace),
            Self::Unsafe => unsafety::check(workspace),
            Self::Dependencies => dependencies::check(workspace),
            Self::Clippy => {
                cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
            }
            Self::Docs => command::run(
                workspace
                    .cargo()
                    .args(["doc", "--workspace", "--no-deps"])
                    .env("RUSTDOCFLAGS", "--deny warnings"),
            ),
            Self::Figures => figures::run(workspace, formulas::Mode::Check),
            Self::Book => book::run(workspace),
            Self::Package => packages::check(workspace),
            Self::Alone => alone::check(workspace),
        }
    }
}

/// Runs the checks, all of them if none is named, goes on after one that fails, and sums up.
pub(crate) fn run(workspace: &Workspace, chosen: &[Check]) -> Result<()> {
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    let all = Check::value_variants().iter().copied();
    for check in all.filter(|check| chosen.is_empty() || chosen.contains(check)) {
        let name = check.name();
        eprintln!("\n── {name} ──");
        let start = Instant::now();
        let outcome = check.run(workspace);
        let seconds = start.elapsed().as_secs().to_string();
        let (result, note) = match outcome {
            Ok(()) => ("passed", None),
            Err(failure) => {
                eprintln!("{failure}");
                failed.push(name.clone());
                ("FAILED", Some(failure.to_string()))
            }
        };
        rows.push(Row { cells: [name, seconds, result.to_owned()], note });
    }
    let table = Table { header: ["check", "seconds", "result"], rows };
    crate::print(&format!("\n{}", table.lay_out(WIDTH)))?;
    if failed.is_empty() {
        return Ok(());
    }
    let failed = failed.join(" ");
    Err(Failure::new(format!("failed: {failed}"))
        .hint(format!("`cargo xtask check {failed}` repeats only these")))
}
