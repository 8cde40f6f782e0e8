//! `cargo xtask grade`: compiles the reader's answers and lets them be graded.

use std::process::ExitCode;

use crate::command;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// What the grader ends with if not all that was asked for is done.
const NOT_DONE: i32 = 1;

/// Grades a chapter or one exercise of it, and ends with 1 if not all of it is done, so that a script can ask; or
/// counts what is done.
pub(crate) fn run(
    workspace: &Workspace,
    what: impl Iterator<Item = String>,
    hint: usize,
) -> Result<ExitCode> {
    eprintln!("Compiling your answers; the first time this takes some minutes.");
    let mut build = workspace.cargo();
    build.args(["build", "--quiet", "--package", "lt-exercises"]);
    command::run(&mut build)?;
    let mut grade = workspace.cargo();
    grade.args(["run", "--quiet", "--package", "lt-exercises", "--"]);
    grade.args(what).args(["--hint", &hint.to_string()]);
    let status = grade.status().map_err(|error| Failure::new(format!("cannot run: {error}")))?;
    match status.code() {
        Some(0) => Ok(ExitCode::SUCCESS),
        Some(NOT_DONE) => Ok(ExitCode::FAILURE), // the grader has said what there is to say
        _ => Err(Failure::new("nothing was graded")),
    }
}
