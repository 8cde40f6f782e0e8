//! `cargo xtask regions`: keeps the code that a chapter prints equal to the code that runs.
//!
//! A published crate cannot include a file of another, so a chapter holds a copy. Above the block
//! of code stands, for each function in it, where it comes from:
//!
//! ```text
//! <!-- code: crates/lt-kernels/src/reference/softmax.rs#softmax -->
//! ```

use std::fs;

use crate::failure::{Failure, Result};
use crate::formulas::Mode;
use crate::workspace::Workspace;

/// Copies each function that a chapter in `crates/*/doc/*.md` prints from its source, or compares.
pub(crate) fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let mut stale = Vec::new();
    let mut count = 0;
    for path in workspace.doc_files("md")? {
        let name = workspace.name(&path);
        let chapter = workspace.read(&path)?;
        let source = |file: &str| workspace.read(file);
        let (updated, found) =
            update(&chapter, source).map_err(|problem| problem.in_chapter(&name))?;
        count += found;
        if updated != chapter {
            if mode == Mode::Write {
                fs::write(&path, updated)
                    .map_err(|error| Failure::new(format!("cannot write {name}: {error}")))?;
                println!("written to {name}");
            }
            stale.push(name);
        }
    }
    if count == 0 {
        return Err(Failure::new("no region found: expected `<!-- code: FILE#FUNCTION -->`"));
    }
    if mode == Mode::Check && !stale.is_empty() {
        return Err(Failure::new(format!("old code in {}", stale.join(", ")))
            .hint("run `cargo xtask regions` and commit what it writes"));
    }
    println!("{count} functions, {} chapters changed", stale.len());
    Ok(())
}

/// What is wrong in a chapter, before it is known in which.
#[derive(Debug)]
enum Problem {
    Chapter(String),
    Source(Failure),
}

impl Problem {
    fn in_chapter(self, name: &str) -> Failure {
        match self {
            Self::Chapter(what) => Failure::new(format!("{name}: {what}")),
            Self::Source(failure) => failure,
        }
    }
}

const OPENING: &str = "<!-- code: ";

/// The chapter with each printed function as it is in its source, and how many there are.
fn update(
    chapter: &str,
    source: impl Fn(&str) -> Result<String>,
) -> std::result::Result<(String, usize), Problem> {
    let mut updated = chapter.to_owned();
    let mut from = 0; // the place behind the marker looked at last
    let mut count = 0;
    while let Some(found) = updated[from..].find(OPENING) {
        let start = from + found + OPENING.len();
        let line = updated[start..].lines().next().unwrap_or_default();
        let wrong = || Problem::Chapter(format!("expected FILE#FUNCTION -->, got {line:?}"));
        let region = line.strip_suffix(" -->").ok_or_else(wrong)?;
        let (file, function) = region.split_once('#').ok_or_else(wrong)?;
        let code = source(file).map_err(Problem::Source)?;
        let original = span(&code, function)
            .ok_or_else(|| Problem::Chapter(format!("{file} has no function {function}")))?;

        let block = block(&updated, start)
            .ok_or_else(|| Problem::Chapter(format!("no block of code follows {region}")))?;
        let copy = span(&updated[block.clone()], function)
            .ok_or_else(|| Problem::Chapter(format!("the block does not print {function}")))?;
        from = start;
        count += 1;
        let copy = block.start + copy.start..block.start + copy.end;
        updated.replace_range(copy, &code[original]);
    }
    Ok((updated, count))
}

/// The inside of the next block of code.
fn block(chapter: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let fence = from + chapter[from..].find("\n```")? + 1;
    let start = fence + chapter[fence..].find('\n')? + 1;
    let end = start + chapter[start..].find("\n```")? + 1;
    Some(start..end)
}

/// Where a function stands: from its line, without attributes and comments, to the brace that
/// closes it at the beginning of a line.
fn span(code: &str, function: &str) -> Option<std::ops::Range<usize>> {
    let mut place = 0;
    for line in code.split_inclusive('\n') {
        let name = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("fn ");
        let rest = name.and_then(|name| name.strip_prefix(function));
        if rest.is_some_and(|rest| rest.starts_with(['(', '<'])) {
            let end = place + code[place..].find("\n}\n")? + "\n}\n".len();
            return Some(place..end);
        }
        place += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "/// Doubles.\n#[must_use]\npub fn double(x: f32) -> f32 {\n    2.0 * x\n}\n\
                          fn other() {\n}\n";

    fn chapter(body: &str) -> String {
        format!("Text.\n\n<!-- code: a.rs#double -->\n```\n# hidden\n{body}# more\n```\nEnd.\n")
    }

    fn updated(chapter: &str) -> std::result::Result<(String, usize), String> {
        update(chapter, |_| Ok(SOURCE.to_owned()))
            .map_err(|problem| problem.in_chapter("a.md").to_string())
    }

    const RIGHT: &str = "pub fn double(x: f32) -> f32 {\n    2.0 * x\n}\n";

    #[test]
    fn a_copy_that_is_right_stays_as_it_is() {
        assert_eq!(updated(&chapter(RIGHT)), Ok((chapter(RIGHT), 1)));
    }

    #[test]
    fn an_old_copy_is_replaced_and_what_stands_around_it_stays() {
        let old = "pub fn double(x: f32) -> f32 {\n    x + x\n}\n";
        assert_eq!(updated(&chapter(old)), Ok((chapter(RIGHT), 1)));
    }

    #[test]
    fn a_region_that_is_nowhere_is_an_error() {
        let missing = chapter(RIGHT).replace("#double", "#doubles");
        assert_eq!(updated(&missing), Err("error: a.md: a.rs has no function doubles".into()));
        let unprinted = chapter("").replace("#double", "#other");
        assert_eq!(updated(&unprinted), Err("error: a.md: the block does not print other".into()));
        assert!(updated("<!-- code: a.rs#double -->\nText.\n").is_err());
        assert!(updated("<!-- code: a.rs -->\n").is_err());
    }
}
