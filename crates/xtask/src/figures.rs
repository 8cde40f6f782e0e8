//! `cargo xtask figures`: draws the figures of the chapters, writes their sections in numbers and the page of the
//! tour, or compares them.

use crate::command;
use crate::failure::Result;
use crate::formulas::Mode;
use crate::tour_page;
use crate::workspace::Workspace;

/// Draws with the one set of instructions that has the same bits on every machine.
pub(crate) fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let mut figures = workspace.cargo();
    figures.args(["run", "--quiet", "--package", "figures"]).env("LT_INSTRUCTIONS", "portable");
    if mode == Mode::Check {
        figures.args(["--", "--check"]);
    }
    command::run(&mut figures)?;
    if mode == Mode::Write {
        tour_page::write(workspace)?; // a test of lt-cli compares it: there the program is built anyway
    }
    Ok(())
}
