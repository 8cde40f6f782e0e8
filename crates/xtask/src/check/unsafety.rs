//! Unsafe code stands in `lt-kernels`, in the one file of `lt-weights` that maps a file, in the
//! benchmarks, and nowhere else.
//!
//! The compiler denies it in every crate that takes the workspace's lints. What is left to check
//! is that each crate takes them, and who makes an exception.

use crate::failure::{Failure, Result};
use crate::workspace::{Workspace, files_below};

/// The lint, in two parts so that this file does not mention it.
const LINT: &str = concat!("unsafe", "_code");

/// Fails if a crate does not take the workspace's lints or makes an exception it may not.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    for package in &workspace.packages {
        if !takes_lints(&workspace.read(package.folder.join("Cargo.toml"))?) {
            wrong.push(format!("{}: its manifest lacks `[lints] workspace = true`", package.name));
        }
        let mut exceptions = Vec::new();
        for path in files_below(&package.folder, "rs")? {
            if makes_exception(&workspace.read(&path)?) {
                exceptions.push(workspace.name(&path));
            }
        }
        let allowed = match package.name.as_str() {
            "lt-kernels" => usize::MAX,
            "lt-weights" => 1,
            // Unpublished: measures the processor, and calls another library's unsafe product.
            "benches" => 1,
            _ => 0,
        };
        if exceptions.len() > allowed {
            wrong.push(format!("{} lets {LINT} pass in {}", package.name, exceptions.join(", ")));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// Whether the manifest takes the lints of the workspace.
fn takes_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true")
}

/// Whether the source names the lint other than to forbid it.
fn makes_exception(source: &str) -> bool {
    let code = source.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    code.filter(|line| line.contains(LINT)).any(|line| {
        !["deny", "forbid"].iter().any(|strict| line.contains(&format!("{strict}({LINT})")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_found_however_it_is_written() {
        assert!(makes_exception(&format!("#![allow({LINT})]")));
        assert!(makes_exception(&format!("#[expect({LINT}, reason = \"a map\")]")));
        assert!(makes_exception(&format!("#![allow(\n    {LINT},\n)]")));
    }

    #[test]
    fn a_comment_or_a_stricter_lint_is_no_exception() {
        assert!(!makes_exception(&format!("// Only this file may allow({LINT}).")));
        assert!(!makes_exception(&format!("#![forbid({LINT})]")));
        assert!(!makes_exception(&format!("#![deny({LINT})]")));
    }

    #[test]
    fn a_manifest_takes_the_lints_only_under_their_heading() {
        assert!(takes_lints("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"));
        assert!(!takes_lints("[package]\nname = \"a\"\nworkspace = true\n"));
        assert!(!takes_lints("[lints]\nrust.dead_code = \"allow\"\n"));
    }
}
