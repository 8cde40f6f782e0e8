//! `cargo xtask tour`: what a Transformer does with a sentence, on the models that are built in.

use crate::command::{self, Command};
use crate::failure::Result;
use crate::workspace::Workspace;

/// Two things said three times: those that mean the same come out similar. All are English: these
/// models have no Chinese.
const SENTENCES: [&str; 6] = [
    "The cat sleeps on the warm windowsill.",
    "A kitten is taking a nap by the window.",
    "Near the window a small cat is dozing.",
    "The central bank raised interest rates again.",
    "Borrowing money has become more expensive.",
    "Loans cost more since the last rate decision.",
];

/// What is gone on with.
const BEGINNING: &str = "It was a fine morning, and";

/// Builds `lt`, and runs the tour, a table of similarities, and a text that goes on.
pub(crate) fn run(workspace: &Workspace, text: Option<&str>) -> Result<()> {
    command::run(workspace.cargo().args(["build", "--release", "--package", "lt-cli"]))?;
    command::run(lt(workspace, "tour").args(text))?;
    command::run(lt(workspace, "similarity").args(SENTENCES))?;
    command::run(lt(workspace, "generate").arg(BEGINNING))
}

/// The program `lt`, as built, with the models that are built into it.
fn lt(workspace: &Workspace, subcommand: &str) -> Command {
    let mut lt = workspace.cargo();
    lt.args(["run", "--quiet", "--release", "--package", "lt-cli", "--", subcommand]);
    lt.env_remove("LT_MODEL");
    lt
}
