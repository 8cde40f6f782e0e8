//! Which lines of code say that they compute a formula.
//!
//! Directly above such a line, or at its end, stands a comment with the name of the formula, which is that
//! of its LaTeX file:
//!
//! ```text
//! // formula: layer-norm
//! ```

use crate::failure::Result;
use crate::rust_source::function;
use crate::workspace::{Workspace, files_below};

/// A line that is marked with the name of a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) formula: String,
    /// The package that it is in.
    pub(super) package: String,
    /// Its file, from the folder of the package on.
    pub(super) path: String,
    /// The number of the line, from 1.
    pub(super) line: usize,
    /// The function around it.
    pub(super) function: Option<String>,
    pub(super) kind: Kind,
}

/// What the line does with the formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It computes it.
    Code,
    /// It is a law of `lt-laws`, which says that it holds.
    Law,
    /// It is in a test.
    Test,
    /// It is in a chapter: an example, or a copy of the code.
    Chapter,
}

/// The marked lines of all crates that are published: package by package, each file by file.
pub(super) fn all(workspace: &Workspace) -> Result<Vec<Marker>> {
    let mut markers = Vec::new();
    for package in workspace.published() {
        for (folder, extension) in [("src", "rs"), ("tests", "rs"), ("doc", "md")] {
            let folder = package.folder.join(folder);
            if !folder.is_dir() {
                continue;
            }
            for file in files_below(&folder, extension)? {
                let path = file.strip_prefix(&package.folder).unwrap_or(&file);
                let path = path.to_string_lossy().replace('\\', "/");
                markers.extend(of_file(&package.name, &path, &workspace.read(&file)?));
            }
        }
    }
    Ok(markers)
}

/// The marked lines of a file.
pub(super) fn of_file(package: &str, path: &str, text: &str) -> Vec<Marker> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = tests_from(&lines);
    let mut markers = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let kind = match path.split('/').next() {
            Some("doc") => Kind::Chapter,
            Some("tests") => Kind::Test,
            _ if place > tests => Kind::Test,
            _ if package == "lt-laws" => Kind::Law,
            _ => Kind::Code,
        };
        markers.extend(names(line).map(|name| Marker {
            formula: name.to_owned(),
            package: package.to_owned(),
            path: path.to_owned(),
            line: place + 1,
            function: around(&lines, place).map(str::to_owned),
            kind,
        }));
    }
    markers
}

/// The formulas that a line is marked with: `// formula: one, another`. What stands within another
/// comment, or in a chapter's prose, is no marker.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let is_marker = |before: &str| !before.contains("//") && !before.ends_with(['/', '`']);
    let marked = line.split_once("// formula: ").filter(|(before, _)| is_marker(before));
    marked.into_iter().flat_map(|(_, names)| names.trim_end().split(", "))
}

/// Where the unit tests of a file begin; behind its end if it has none.
fn tests_from(lines: &[&str]) -> usize {
    let begins = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ");
    lines.windows(2).position(begins).unwrap_or(lines.len())
}

/// The name of the function around a line: the next one above that is indented less, if nothing else
/// that is lies between, such as the beginning of an `impl`.
fn around<'a>(lines: &[&'a str], place: usize) -> Option<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut inside = indent(lines.get(place)?);
    for line in lines[..place].iter().rev().filter(|line| !line.trim().is_empty()) {
        // The end of a heading of several lines belongs to its beginning.
        let ends_heading =
            line.trim_start().starts_with(')') || ["{", "where"].contains(&line.trim());
        if indent(line) < inside && !ends_heading {
            if let Some(name) = function(line) {
                return Some(name);
            }
            inside = indent(line);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
/// `// formula: in-a-word` is no marker; neither is
/// formula: in-a-doc-comment
const TWO: f32 = 2.0; // formula: two

impl Layer {
    // formula: a-constant
    const THREE: f32 = 3.0;

    pub(crate) fn forward<'a>(
        &self,
        x: f32,
    ) -> f32
    where
        Self: Sized,
    {
        if x > 0.0 {
            // formula: double, relu
            return 2.0 * x;
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn doubles() {
        // formula: double
        assert_eq!(forward(1.0), 2.0);
    }
}
";

    #[test]
    fn a_marked_line_has_its_function_and_its_kind() {
        let found = of_file("lt-a", "src/layer.rs", SOURCE);
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.formula.as_str(), it.line, it.function.as_deref(), it.kind))
            .collect();
        let expected = [
            ("two", 3, None, Kind::Code),
            ("a-constant", 6, None, Kind::Code),
            ("double", 17, Some("forward"), Kind::Code),
            ("relu", 17, Some("forward"), Kind::Code),
            ("double", 28, Some("doubles"), Kind::Test),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_kind_is_that_of_the_file() {
        let kind = |package, path| of_file(package, path, "// formula: one\n")[0].kind;
        assert_eq!(kind("lt-a", "src/lib.rs"), Kind::Code);
        assert_eq!(kind("lt-laws", "src/lib.rs"), Kind::Law);
        assert_eq!(kind("lt-a", "tests/laws.rs"), Kind::Test);
        assert_eq!(kind("lt-a", "doc/01-a.md"), Kind::Chapter);
        assert!(of_file("lt-a", "doc/01-a.md", "The line `// formula: one`.\n").is_empty());
    }
}
