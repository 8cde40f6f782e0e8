//! The functions of the repository by name, and which of them are tests.

use std::collections::HashMap;
use std::ops::Range;

use super::literals::in_code;
use crate::failure::Result;
use crate::rust_source::function;
use crate::workspace::{Workspace, files_below};

/// All Rust files of the crates and of the programs in `docs`.
#[derive(Debug)]
pub(super) struct Sources {
    /// Name from the root, and text.
    files: Vec<(String, String)>,
    functions: HashMap<String, Vec<Function>>,
}

#[derive(Debug)]
struct Function {
    file: usize,
    lines: Range<usize>,
    is_test: bool,
}

impl Sources {
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let mut files = Vec::new();
        let mut paths = files_below(&workspace.root.join("crates"), "rs")?;
        paths.extend(files_below(&workspace.root.join("docs"), "rs")?);
        for path in paths {
            files.push((workspace.name(&path), workspace.read(&path)?));
        }
        Ok(Self::new(files))
    }

    pub(super) fn new(files: Vec<(String, String)>) -> Self {
        let mut functions: HashMap<String, Vec<Function>> = HashMap::new();
        for (file, (_, text)) in files.iter().enumerate() {
            for (name, lines, is_test) in functions_of(text) {
                functions.entry(name.to_owned()).or_default().push(Function {
                    file,
                    lines,
                    is_test,
                });
            }
        }
        Self { files, functions }
    }

    pub(super) fn is_test(&self, name: &str) -> bool {
        self.named(name).any(|function| function.is_test)
    }

    /// Whether a function of that name is in a file whose name ends so, below a folder.
    pub(super) fn is_in(&self, name: &str, folder: &str, file: &str) -> bool {
        self.named(name).any(|function| is_there(&self.files[function.file].0, folder, file))
    }

    pub(super) fn has_file(&self, folder: &str, file: &str) -> bool {
        self.files.iter().any(|(name, _)| is_there(name, folder, file))
    }

    /// Whether a program in `docs` writes a file, and holds what it says against what the library computes.
    pub(super) fn draws(&self, file: &str) -> bool {
        let name = format!("\"{file}\"");
        self.files.iter().any(|(path, text)| path.starts_with("docs/") && text.contains(&name))
    }

    /// The numbers of the functions of that name, and of the constants of their files.
    pub(super) fn numbers(&self, name: &str) -> Vec<f64> {
        let mut found = Vec::new();
        for function in self.named(name) {
            let lines: Vec<&str> = self.files[function.file].1.lines().collect();
            let constants = lines.iter().enumerate().filter(|(_, line)| is_constant(line));
            let constants = constants.map(|(number, _)| number..end(&lines, number));
            for range in constants.chain([function.lines.clone()]) {
                found.extend(lines[range].iter().flat_map(|line| in_code(line)));
            }
        }
        found
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Function> {
        self.functions.get(name).into_iter().flatten()
    }
}

fn is_there(name: &str, folder: &str, file: &str) -> bool {
    let below = name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|below| below == file || below.ends_with(&format!("/{file}")))
}

/// The name of each function, its lines, and whether it is a test: `#[test]`, or written by a macro.
fn functions_of(text: &str) -> Vec<(&str, Range<usize>, bool)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        // `mutants! { a_name is caught by LAW => … }`
        if let Some((name, _)) = line.trim().split_once(" is caught by ") {
            found.push((name, number..(number + 2).min(lines.len()), true));
        } else if let Some(name) = function(line) {
            let above = lines[..number].iter().rev().map(|line| line.trim());
            let mut above =
                above.take_while(|line| line.starts_with("#[") || line.starts_with("//"));
            let is_test = above.any(|line| line == "#[test]");
            found.push((name, number..end(&lines, number), is_test));
        } else if line.contains("conformance! {") && !line.trim().starts_with("//") {
            let item = lines[number + 1..].iter().find(|line| !line.trim().starts_with("//"));
            let name = item.and_then(|item| item.trim().split(':').next());
            found.extend(name.map(|name| (name, number..end(&lines, number), true)));
        }
    }
    found
}

fn is_constant(line: &str) -> bool {
    ["const ", "pub const ", "pub(crate) const "].iter().any(|word| line.trim().starts_with(word))
}

/// Behind the last line of what begins in a line: the next brace that stands as far to the right.
fn end(lines: &[&str], start: usize) -> usize {
    let first = lines[start];
    if first.ends_with(['}', ';']) {
        return start + 1;
    }
    let indent = &first[..first.len() - first.trim_start().len()];
    let closes = |line: &&str| line.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}'));
    let length = lines[start + 1..].iter().position(closes);
    length.map_or(lines.len(), |length| start + length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "const LIMIT: usize = 77;\n\n/// #[test]\npub(crate) fn helps() -> f32 {\n    12.0\n}\n\n\
        lt_laws::conformance! {\n    // Of width 13.\n    a_layer: Layer = layer(13);\n}\n\nmod tests {\n    #[test]\n    \
        #[ignore = \"long\"]\n    fn holds<T>() {\n        if true {\n            assert_eq!(1, 14);\n        }\n    }\n\n    \
        fn short() -> u8 { 15 }\n}\n";

    fn sources() -> Sources {
        let drawing = "let file = \"crates/a/doc/1.md\";\n";
        Sources::new(vec![
            ("crates/a/tests/b/c.rs".to_owned(), FILE.to_owned()),
            ("docs/figures/src/it.rs".to_owned(), drawing.to_owned()),
        ])
    }

    #[test]
    fn tests_are_told_from_other_functions() {
        let sources = sources();
        assert!(sources.is_test("holds") && sources.is_test("a_layer"));
        assert!(!sources.is_test("helps") && !sources.is_test("short") && !sources.is_test("none"));
        assert!(sources.is_in("short", "crates/a", "tests/b/c.rs"));
        assert!(sources.is_in("short", "crates/a", "c.rs") && sources.has_file("crates", "b/c.rs"));
        assert!(sources.draws("crates/a/doc/1.md") && !sources.draws("crates/a/doc/2.md"));
        assert!(!sources.is_in("short", "crates/b", "c.rs") && !sources.has_file("crates", "d.rs"));
    }

    #[test]
    fn a_function_has_the_numbers_between_its_braces_and_the_constants() {
        let sources = sources();
        assert_eq!(sources.numbers("holds"), [77.0, 1.0, 14.0]);
        assert_eq!(sources.numbers("helps"), [77.0, 12.0]);
        assert_eq!(sources.numbers("short"), [77.0, 15.0]);
        assert_eq!(sources.numbers("a_layer"), [77.0, 13.0]);
    }
}
