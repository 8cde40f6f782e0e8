//! The exercises are still to be done: nobody's answers were committed.

use crate::failure::{Failure, Result};
use crate::workspace::{Workspace, files_below};

/// Fails if a function that the reader is to write is written already.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let source = workspace.root.join("crates/lt-exercises/src");
    // A chapter's grader may have more files in a folder of its own.
    let grading = source.join("grading");
    let mut graded = files_below(&grading, "rs")?;
    graded.retain(|path| path.parent() == Some(grading.as_path()));
    if graded.is_empty() {
        return Err(Failure::new(format!("no exercise is graded in {}", source.display())));
    }
    let mut written = Vec::new();
    for name in graded.iter().filter_map(|path| path.file_name()) {
        let path = source.join(name);
        let (name, text) = (workspace.name(&path), workspace.read(&path)?);
        written.extend(answered(&text).map(|function| format!("{name}: {function}")));
    }
    if written.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("exercises that are done already:\n{}", written.join("\n"))))
}

/// The functions of a file whose body is not `todo!()`.
fn answered(source: &str) -> impl Iterator<Item = &str> {
    source.split("\npub fn ").skip(1).filter_map(|function| {
        let name = function.split(['(', '<']).next().unwrap_or(function);
        let (_, body) = function.split_once(" {\n")?;
        (!body.starts_with("    todo!()\n}\n")).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found() {
        let source = "\npub fn one(a: u8) -> u8 {\n    todo!()\n}\n\npub fn two() {\n    ()\n}\n";
        assert_eq!(answered(source).collect::<Vec<_>>(), ["two"]);
    }
}
