//! What would be published: each package is made, unpacked and built from what is in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command;
use crate::failure::{Failure, Result};
use crate::workspace::{Package, Workspace};

/// Fails if a published crate does not package.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    forget_earlier_runs(workspace)?;
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

/// Removes what cargo holds of our packages from an earlier run.
///
/// `cargo package` builds each package against the others, which it serves from a registry of its
/// own below the target folder. Cargo unpacks and compiles a version from a registry once, for
/// there a version never changes; ours do, between two commits. Without this, a second run in the
/// same folder would build against the first run's sources.
fn forget_earlier_runs(workspace: &Workspace) -> Result<()> {
    if let Some(home) = cargo_home() {
        remove_unpacked(workspace.published(), &home.join("registry/src"))?;
    }
    if workspace.root.join("target/package").is_dir() {
        let mut clean = workspace.cargo();
        clean.arg("clean");
        for package in workspace.published() {
            clean.args(["--package", &package.name]);
        }
        command::run(&mut clean)?;
    }
    Ok(())
}

/// Where cargo keeps what it downloaded.
fn cargo_home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

/// Removes these packages from the sources that cargo has unpacked.
fn remove_unpacked<'a>(packages: impl Iterator<Item = &'a Package>, sources: &Path) -> Result<()> {
    let registries: Vec<_> = fs::read_dir(sources).into_iter().flatten().flatten().collect();
    for package in packages {
        let unpacked = format!("{}-{}", package.name, package.version);
        for folder in registries.iter().map(|registry| registry.path().join(&unpacked)) {
            if folder.is_dir() {
                fs::remove_dir_all(&folder).map_err(|error| {
                    Failure::new(format!("could not remove {}: {error}", folder.display()))
                })?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_versions_are_removed() -> std::io::Result<()> {
        let sources = std::env::temp_dir().join(format!("xtask-packages-{}", std::process::id()));
        let kept = ["-1/lt-core-0.2.8", "-1/other-0.1.0"].map(|path| sources.join(path));
        let gone = ["-1/lt-core-0.1.0", "-2/lt-core-0.1.0"].map(|path| sources.join(path));
        for folder in kept.iter().chain(&gone) {
            fs::create_dir_all(folder.join("src"))?;
        }
        let ours = Package {
            name: "lt-core".into(),
            version: "0.1.0".into(),
            folder: "lt-core".into(),
            published: true,
            features: Default::default(),
            tests: Vec::new(),
        };
        assert_eq!(remove_unpacked([&ours].into_iter(), &sources), Ok(()));
        assert!(kept.iter().all(|folder| folder.is_dir()));
        assert!(!gone.iter().any(|folder| folder.exists()));
        fs::remove_dir_all(&sources)
    }
}
