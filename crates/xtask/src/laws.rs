//! `cargo xtask laws`: runs the property tests alone and prints the law book.

mod book;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::command;
use crate::failure::{Failure, Result};
use crate::laws::book::Book;
use crate::table::WIDTH;
use crate::workspace::{Package, Workspace};

/// The crate of the laws themselves: all its tests are about them.
const LAWS: &str = "lt-laws";

/// Tries the laws on this many cases, or as many as they choose, and fails if one is broken.
pub(crate) fn run(workspace: &Workspace, cases: Option<u32>, package: Option<&str>) -> Result<()> {
    let packages = chosen(workspace, package)?;
    let folder = workspace.root.join("target");
    fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(format!("cannot create the folder {}: {error}", folder.display()))
    })?;
    let report = folder.join(format!("laws-{}.jsonl", std::process::id()));
    let mut test = workspace.cargo();
    test.args(["test", "--no-fail-fast"]);
    for package in &packages {
        test.args(["--package", &package.name]);
    }
    for name in packages.iter().flat_map(|package| tests(package)).collect::<BTreeSet<_>>() {
        test.args(["--test", name]);
    }
    test.env("LT_LAWS_REPORT", &report);
    if let Some(cases) = cases {
        // The second is for property tests that are no laws of the book.
        test.env("LT_LAWS_CASES", cases.to_string()).env("PROPTEST_CASES", cases.to_string());
    }
    let (passed, said) = command::outcome(&mut test)?;
    let book = read(&report)?;
    if !book.is_empty() {
        crate::print(&book.lay_out(WIDTH))?;
    }
    if !passed && book.broken() > 0 {
        eprint!("{said}");
    }
    let unheld = if package.is_none() { book.held_by_none_but(LAWS) } else { Vec::new() };
    match (book.broken(), passed) {
        (0, true) if !unheld.is_empty() => {
            Err(Failure::new(format!("no layer of ours is held by {}", unheld.join(", ")))
                .hint(format!("call them in a `tests/laws.rs` outside {LAWS}")))
        }
        (0, true) if book.is_empty() => Err(Failure::new("the tests passed, but tried no law")),
        (0, true) => Ok(()),
        (0, false) => {
            // The build failed, or a test that is no law, or one that ended before its law could.
            eprint!("{said}");
            Err(Failure::new("the build or a test failed that no law accounts for: see above"))
        }
        (broken, _) => Err(Failure::new(format!("laws that do not hold: {broken}"))),
    }
}

/// The packages whose laws are tried.
fn chosen<'a>(workspace: &'a Workspace, name: Option<&str>) -> Result<Vec<&'a Package>> {
    let with_laws: Vec<_> =
        workspace.packages.iter().filter(|package| tests(package).next().is_some()).collect();
    if with_laws.is_empty() {
        return Err(Failure::new("no crate has laws: expected a file tests/laws.rs"));
    }
    let Some(name) = name else { return Ok(with_laws) };
    if let Some(&package) = with_laws.iter().find(|package| package.name == name) {
        return Ok(vec![package]);
    }
    let names: Vec<_> = with_laws.iter().map(|package| package.name.as_str()).collect();
    Err(Failure::new(format!("no laws in a crate `{name}`"))
        .hint(format!("the crates with laws are {}", names.join(", "))))
}

/// The integration tests of a package that try laws.
fn tests(package: &Package) -> impl Iterator<Item = &str> {
    let all = package.name == LAWS;
    let names = package.tests.iter().map(String::as_str);
    names.filter(move |&name| all || ["laws", "conformance"].contains(&name))
}

/// Reads what the laws wrote, and removes it. No file: no law was tried.
fn read(report: &Path) -> Result<Book> {
    match fs::read_to_string(report) {
        Ok(lines) => {
            // What cannot be removed lies in `target`, which may be removed as a whole.
            let _ = fs::remove_file(report);
            Book::parse(&lines)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Book::default()),
        Err(error) => Err(Failure::new(format!("cannot read {}: {error}", report.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        let package = |name: &str, tests: &[&str]| Package {
            name: name.into(),
            version: "0.1.0".into(),
            folder: name.into(),
            published: true,
            features: Default::default(),
            tests: tests.iter().map(|&name| name.into()).collect(),
        };
        Workspace {
            root: "root".into(),
            packages: vec![
                package("lt-attention", &["laws", "parity"]),
                package("lt-core", &[]),
                package("lt-laws", &["mutants"]),
            ],
        }
    }

    #[test]
    fn only_crates_with_laws_are_chosen() {
        let workspace = workspace();
        let chosen = chosen(&workspace, None).expect("two crates have laws");
        let names: Vec<_> = chosen.iter().map(|package| &package.name).collect();
        assert_eq!(names, ["lt-attention", "lt-laws"]);
    }

    #[test]
    fn a_crate_by_its_name_is_chosen_alone() {
        let workspace = workspace();
        let chosen = chosen(&workspace, Some("lt-laws")).expect("it has laws");
        assert_eq!(chosen.len(), 1);
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_right_ones() {
        let failure = chosen(&workspace(), Some("lt-atention")).expect_err("a slip");
        let said = failure.to_string();
        assert!(said.contains("`lt-atention`"), "{said}");
        assert!(said.contains("lt-attention, lt-laws"), "{said}");
    }

    #[test]
    fn a_parity_test_is_no_law() {
        assert_eq!(tests(&workspace().packages[0]).collect::<Vec<_>>(), ["laws"]);
    }
}
