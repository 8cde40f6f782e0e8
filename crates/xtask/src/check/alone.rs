//! Each crate on its own, with each of its features: cargo unites the features of all crates
//! that it builds at once, so a crate may build among its neighbours and not alone.

use std::collections::BTreeSet;

use crate::command;
use crate::failure::{Failure, Result};
use crate::fetch;
use crate::workspace::{Package, Workspace};

/// It has no code but re-exports, and a feature for each crate: what goes wrong with one of them is that
/// something is missing, which the compiler sees. So it is tested with none of them and with all.
const UMBRELLA: &str = "learn-transformers";

/// Lints and tests every published crate on its own, once for each set of features.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let model = fetch::model(workspace)?;
    let mut failed = Vec::new();
    for package in workspace.published() {
        let sets = feature_sets(package);
        let all = sets.iter().map(BTreeSet::len).max().unwrap_or(0);
        for features in sets {
            let cargo = |arguments: &[&str]| {
                let mut cargo = workspace.cargo();
                cargo.args(arguments).args(["--package", &package.name, "--no-default-features"]);
                if !features.is_empty() {
                    let features: Vec<_> = features.iter().map(String::as_str).collect();
                    cargo.args(["--features", &features.join(",")]);
                }
                cargo
            };
            // First as others build it: a test brings dependencies, and features, of its own.
            let mut bare = cargo(&["clippy", "--quiet"]);
            bare.args(["--", "--deny", "warnings"]);
            let mut outcome = command::run(&mut bare);
            let some = !features.is_empty() && features.len() < all;
            if package.name != UMBRELLA || !some {
                let mut clippy = cargo(&["clippy", "--quiet", "--all-targets"]);
                clippy.args(["--", "--deny", "warnings"]);
                let mut test = cargo(&["test", "--quiet"]);
                test.env(fetch::VARIABLE, &model);
                outcome = outcome
                    .and_then(|()| command::run(&mut clippy))
                    .and_then(|()| command::run(&mut test));
            }
            failed.extend(outcome.err());
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let failed: Vec<_> = failed.iter().map(ToString::to_string).collect();
    Err(Failure::new(format!("alone, {} runs failed:\n{}", failed.len(), failed.join("\n"))))
}

/// No feature, all of them, the default ones, and each one with those it turns on; each set once.
fn feature_sets(package: &Package) -> BTreeSet<BTreeSet<String>> {
    let all = package.features.keys().filter(|feature| *feature != "default").cloned().collect();
    let mut sets = BTreeSet::from([BTreeSet::new(), all]);
    sets.extend(package.features.keys().map(|feature| enabled_by(package, feature)));
    sets
}

/// A feature with the features of the same crate that it turns on.
fn enabled_by(package: &Package, feature: &str) -> BTreeSet<String> {
    let mut enabled = BTreeSet::new();
    let mut waiting = vec![feature];
    while let Some(feature) = waiting.pop() {
        // What names a dependency (`dep:rayon`, `lt-core/threads`) is no feature of this crate.
        let Some(enables) = package.features.get(feature) else { continue };
        // `default` is a name for others, and has no code of its own.
        if feature == "default" || enabled.insert(feature.to_owned()) {
            waiting.extend(enables.iter().map(String::as_str));
        }
    }
    enabled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(features: &[(&str, &[&str])]) -> Vec<String> {
        let package = Package {
            name: "lt-model".into(),
            version: "0.1.0".into(),
            folder: "lt-model".into(),
            published: true,
            features: features
                .iter()
                .map(|(feature, enables)| {
                    ((*feature).into(), enables.iter().map(|&name| name.into()).collect())
                })
                .collect(),
            tests: Vec::new(),
        };
        let joined = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" ");
        feature_sets(&package).into_iter().map(joined).collect()
    }

    #[test]
    fn a_crate_without_features_is_run_once() {
        assert_eq!(sets(&[]), [""]);
    }

    #[test]
    fn an_only_feature_that_is_the_default_is_not_run_twice() {
        assert_eq!(
            sets(&[("default", &["threads"]), ("threads", &["dep:rayon"])]),
            ["", "threads"]
        );
    }

    #[test]
    fn all_features_are_run_together_also_if_none_turns_on_all() {
        assert_eq!(sets(&[("mmap", &[]), ("train", &[])]), ["", "mmap", "mmap train", "train"]);
    }

    #[test]
    fn each_feature_is_run_with_what_it_turns_on() {
        let features: &[(&str, &[&str])] = &[
            ("default", &["mmap", "threads"]),
            ("mmap", &["lt-weights/mmap"]),
            ("threads", &["mmap"]),
        ];
        assert_eq!(sets(features), ["", "mmap", "mmap threads"]);
    }
}
