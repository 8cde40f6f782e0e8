//! `cargo xtask tour`: from nothing to what a Transformer does with a sentence, on real weights.

use crate::command::{self, Command};
use crate::failure::Result;
use crate::fetch;
use crate::workspace::Workspace;

/// Two things said three times: those that mean the same come out similar, which `lt-tasks` tests
/// with the same sentences. All are English: this model has no Chinese.
const SENTENCES: [&str; 6] = [
    "The cat sleeps on the warm windowsill.",
    "A kitten is taking a nap by the window.",
    "Near the window a small cat is dozing.",
    "The central bank raised interest rates again.",
    "Borrowing money has become more expensive.",
    "Loans cost more since the last rate decision.",
];

/// Fetches the real weights, builds `lt`, and runs the tour and a table of similarities.
pub(crate) fn run(workspace: &Workspace, text: Option<&str>) -> Result<()> {
    let model = fetch::model(workspace)?;
    command::run(workspace.cargo().args(["build", "--release", "--package", "lt-cli"]))?;
    command::run(lt(workspace, "tour").arg("--model").arg(&model).args(text))?;
    command::run(lt(workspace, "similarity").arg("--model").arg(&model).args(SENTENCES))
}

/// The program `lt`, as built.
fn lt(workspace: &Workspace, subcommand: &str) -> Command {
    let mut lt = workspace.cargo();
    lt.args(["run", "--quiet", "--release", "--package", "lt-cli", "--", subcommand]);
    lt
}
