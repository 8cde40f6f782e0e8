//! What a user's build draws in: no C compiler, and no more packages than promised.

use std::collections::BTreeSet;

use crate::command;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

/// Packages that run a C compiler or its tools in a build.
const NEED_C: [&str; 4] = ["bindgen", "cc", "cmake", "nasm-rs"];

/// The most packages that a crate may bring, itself counted.
const MOST: [(&str, usize); 2] = [("lt-attention", 25), ("lt-model", 45)];

/// Fails if a published crate needs C with its default features, or brings too much.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    for package in workspace.published() {
        let name = package.name.as_str();
        let mut tree = workspace.cargo();
        tree.args(["tree", "--package", name, "--edges", "normal,build", "--prefix", "none"]);
        let tree = packages(&command::capture(&mut tree)?);
        println!("{name}: {} packages", tree.len());
        for (needed, _) in tree.iter().filter(|(needed, _)| NEED_C.contains(&needed.as_str())) {
            wrong.push(format!("{name} needs `{needed}`: `cargo tree -p {name} -i {needed}`"));
        }
        let most = MOST.iter().find(|(limited, _)| *limited == name);
        if let Some((_, most)) = most.filter(|(_, most)| tree.len() > *most) {
            wrong.push(format!("{name} brings {} packages, expected at most {most}", tree.len()));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// The packages of a tree without prefixes, each with its version, each once.
fn packages(tree: &str) -> BTreeSet<(String, String)> {
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    tree.lines().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_once_and_two_versions_of_it_twice() {
        let tree = "lt-core v0.1.0 (/home/ada/lt/crates/lt-core)\n\
                    ndarray v0.17.1\n\
                    num-traits v0.2.19\n\
                    thiserror-impl v2.0.17 (proc-macro)\n\
                    \n\
                    num-traits v0.2.19 (*)\n\
                    ndarray v0.16.0\n";
        let packages = packages(tree);
        assert_eq!(packages.len(), 5);
        assert!(packages.contains(&("thiserror-impl".into(), "v2.0.17".into())));
    }
}
