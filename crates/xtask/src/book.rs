//! `cargo xtask book`: makes the book, and says where its first page is.

use crate::command;
use crate::failure::Result;
use crate::workspace::Workspace;

/// Makes the book below `target/book`; fails if a link in it leads nowhere.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    command::run(workspace.cargo().args(["run", "--quiet", "--package", "book"]))
}
