//! What would be published: each package is made, unpacked and built from what is in it.

use crate::command;
use crate::failure::Result;
use crate::workspace::Workspace;

/// Fails if a published crate does not package.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut package = workspace.cargo();
    package.args(["package", "--workspace"]);
    for unpublished in workspace.packages.iter().filter(|package| !package.published) {
        package.args(["--exclude", &unpublished.name]);
    }
    // At one's desk, one checks before one commits.
    if std::env::var_os("CI").is_none() {
        package.arg("--allow-dirty");
    }
    command::run(&mut package)
}
