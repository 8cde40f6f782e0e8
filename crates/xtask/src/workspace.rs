//! What cargo says about this workspace: its folders, its packages, their features and tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::{Command, capture, cargo};
use crate::failure::{Failure, Result};

/// The workspace, as `cargo metadata` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// All members, ordered by name.
    pub(crate) packages: Vec<Package>,
}

/// One member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The folder of its manifest.
    pub(crate) folder: PathBuf,
    /// Whether it may go to a registry.
    pub(crate) published: bool,
    /// Each feature with what it turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// The names of its integration tests.
    pub(crate) tests: Vec<String>,
}

impl Workspace {
    /// Asks cargo about the workspace around the current folder.
    pub(crate) fn find() -> Result<Self> {
        let mut metadata = cargo();
        metadata.args(["metadata", "--no-deps", "--format-version", "1"]);
        Self::parse(&capture(&mut metadata)?)
    }

    /// Reads the answer of `cargo metadata`.
    fn parse(metadata: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(metadata)
            .map_err(|error| Failure::new(format!("`cargo metadata` gave no JSON: {error}")))?;
        let root = text(&value, "workspace_root")?.into();
        let mut packages =
            list(&value, "packages")?.iter().map(Package::parse).collect::<Result<Vec<_>>>()?;
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { root, packages })
    }

    /// The members that users can depend on.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.published)
    }

    /// What a file is called from the root on, with `/` on every system.
    pub(crate) fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }

    /// The text of a file; the path may begin at the root.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Result<String> {
        let path = self.root.join(path);
        fs::read_to_string(&path)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.name(&path))))
    }

    /// A cargo command that runs at the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }
}

impl Workspace {
    /// The files of all crates' `doc` folders whose names end so, in a fixed order.
    pub(crate) fn doc_files(&self, extension: &str) -> Result<Vec<PathBuf>> {
        let folders = self.packages.iter().map(|package| package.folder.join("doc"));
        let mut found = Vec::new();
        for folder in folders.filter(|folder| folder.is_dir()) {
            found.extend(files_below(&folder, extension)?);
        }
        Ok(found)
    }
}

/// All files below a folder whose names end so, in a fixed order.
pub(crate) fn files_below(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let unreadable =
        |error| Failure::new(format!("cannot list the folder {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            files.extend(files_below(&path, extension)?);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Package {
    fn parse(value: &Value) -> Result<Self> {
        let name = text(value, "name")?.to_owned();
        let version = text(value, "version")?.to_owned();
        let folder = PathBuf::from(text(value, "manifest_path")?)
            .parent()
            .map(Into::into)
            .ok_or_else(|| Failure::new(format!("the manifest of `{name}` has no folder")))?;
        let features = value["features"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(feature, enables)| (feature.clone(), strings(enables)))
            .collect();
        let mut tests = Vec::new();
        for target in list(value, "targets")? {
            if strings(&target["kind"]).iter().any(|kind| kind == "test") {
                tests.push(text(target, "name")?.to_owned());
            }
        }
        // `publish` is absent or null for every registry, and an empty list for none.
        let published = value["publish"].as_array().is_none_or(|allowed| !allowed.is_empty());
        Ok(Self { name, version, folder, published, features, tests })
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().ok_or_else(|| missing(key))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value]> {
    value[key].as_array().map(Vec::as_slice).ok_or_else(|| missing(key))
}

fn missing(key: &str) -> Failure {
    Failure::new(format!("`cargo metadata` gave no `{key}`"))
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "workspace_root": "/home/ada/lt",
        "packages": [
            {
                "name": "lt-weights",
                "version": "0.1.0",
                "manifest_path": "/home/ada/lt/crates/lt-weights/Cargo.toml",
                "publish": null,
                "features": {"default": ["mmap"], "mmap": ["dep:memmap2"]},
                "targets": [
                    {"kind": ["lib"], "name": "lt_weights"},
                    {"kind": ["test"], "name": "laws"}
                ]
            },
            {
                "name": "benches",
                "version": "0.1.0",
                "manifest_path": "/home/ada/lt/benches/Cargo.toml",
                "publish": [],
                "features": {},
                "targets": []
            }
        ]
    }"#;

    #[test]
    fn packages_come_with_folder_features_and_tests() {
        let workspace = Workspace::parse(METADATA).expect("metadata");
        assert_eq!(workspace.root, PathBuf::from("/home/ada/lt"));
        let weights = &workspace.packages[1];
        assert_eq!(weights.name, "lt-weights");
        assert_eq!(weights.version, "0.1.0");
        assert_eq!(weights.folder, PathBuf::from("/home/ada/lt/crates/lt-weights"));
        assert_eq!(weights.features["default"], ["mmap"]);
        assert_eq!(weights.tests, ["laws"]);
    }

    #[test]
    fn an_empty_publish_list_means_unpublished() {
        let workspace = Workspace::parse(METADATA).expect("metadata");
        let published: Vec<&str> = workspace.published().map(|p| p.name.as_str()).collect();
        assert_eq!(published, ["lt-weights"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let failure = Workspace::parse("{}").expect_err("no root");
        assert!(failure.to_string().contains("`workspace_root`"), "{failure}");
    }
}
