//! `cargo xtask grade`: compiles the reader's answers and lets them be graded.

use crate::command;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// What `grade` ends with if it was asked for what there is not.
const USAGE: i32 = 2;

/// Grades a chapter, one exercise of it, or counts what is done.
pub(crate) fn run(
    workspace: &Workspace,
    what: impl Iterator<Item = String>,
    hint: usize,
) -> Result<()> {
    eprintln!("Compiling your answers; the first time this takes some minutes.");
    let mut build = workspace.cargo();
    build.args(["build", "--quiet", "--package", "lt-exercises"]);
    command::run(&mut build)?;
    let mut grade = workspace.cargo();
    grade.args(["run", "--quiet", "--package", "lt-exercises", "--"]);
    grade.args(what).args(["--hint", &hint.to_string()]);
    // An answer that does not hold is no failure of this program: what there is to say was said.
    let status = grade.status().map_err(|error| Failure::new(format!("cannot run: {error}")))?;
    match status.code() {
        Some(code) if code != USAGE => Ok(()),
        _ => Err(Failure::new("nothing was graded")),
    }
}
