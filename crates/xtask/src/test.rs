//! `cargo xtask test`: sets everything up and runs all tests.

use crate::command;
use crate::failure::Result;
use crate::fetch;
use crate::workspace::Workspace;

/// Fetches the real weights and runs the tests of every crate, those in the documentation too.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let model = fetch::model(workspace)?;
    let mut test = workspace.cargo();
    test.args(["test", "--workspace", "--no-fail-fast"]).env(fetch::VARIABLE, model);
    command::run(&mut test)
}
