//! Where the links of a page lead, in the book.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::pages::CHINESE;

/// The address of the repository: of files that are no pages.
const REPOSITORY: &str = "https://github.com/learn-transformers/learn-transformers/tree/main";

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Another page of the book, or an address.
    Page(String),
    /// An item of the code: it has no page here.
    Item,
}

/// The pages of the book, by what they are made of.
#[derive(Debug, Default)]
pub(crate) struct Map {
    /// By the folder of rustdoc: `lt_tasks/tag`.
    rustdoc: BTreeMap<String, String>,
    /// By the file or the folder of the repository: `docs/performance.md`, `crates/lt-core`.
    repository: BTreeMap<String, String>,
}

impl Map {
    /// Adds a page that rustdoc has in this folder.
    pub(crate) fn rustdoc(&mut self, folder: &str, page: &str) {
        self.rustdoc.insert(folder.to_owned(), page.to_owned());
        if page.starts_with(CHINESE) {
            return; // the files that it is made of belong to the original's page
        }
        let krate = folder.replace('_', "-");
        if !krate.contains('/') {
            self.repository.insert(format!("crates/{krate}"), page.to_owned());
        } else if let Some(name) = krate.strip_prefix("learn-transformers/") {
            let file = format!("crates/learn-transformers/doc/{name}.md");
            self.repository.insert(file, page.to_owned());
        }
    }

    /// Adds a page that is this file of the repository.
    pub(crate) fn document(&mut self, root: &Path, files: &[PathBuf], page: &str) {
        for file in files {
            let file = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
            if let Some(folder) = file.strip_suffix("/README.md") {
                self.repository.insert(folder.to_owned(), page.to_owned());
                // A crate whose front page is its read-me.
                if let Some(krate) = folder.strip_prefix("crates/") {
                    self.rustdoc.insert(krate.replace('-', "_"), page.to_owned());
                }
            }
            self.repository.insert(file, page.to_owned());
        }
    }

    /// A link on the page that rustdoc has in this folder.
    pub(crate) fn of_rustdoc(&self, folder: &str, page: &str, link: &str) -> Target {
        if link.contains("://") || link.starts_with('#') {
            return Target::Page(link.to_owned());
        }
        let (path, anchor) = link.split_at(link.find('#').unwrap_or(link.len()));
        let folder = match path.strip_suffix("index.html") {
            Some(path) => joined(folder, path),
            // The contents name chapters, and pages of the umbrella, as modules.
            None if folder == "learn_transformers" => match path {
                "tour" | "errata" | "glossary" => format!("learn_transformers/{path}"),
                path => format!("lt_{path}"),
            },
            None => return Target::Item,
        };
        // From a chapter in Chinese to the next one in Chinese, where there is one.
        let folder = folder.strip_prefix(CHINESE).unwrap_or(&folder);
        let chinese = || self.rustdoc.get(&format!("{CHINESE}{folder}"));
        let known = page.starts_with(CHINESE).then(chinese).flatten();
        match known.or_else(|| self.rustdoc.get(folder)) {
            Some(target) => Target::Page(relative(page, target) + anchor),
            None => Target::Item,
        }
    }

    /// A link in a document that lies in this folder of the repository.
    pub(crate) fn of_document(&self, folder: &str, page: &str, link: &str) -> Target {
        if link.contains("://") || link.starts_with('#') {
            return Target::Page(link.to_owned());
        }
        let (path, anchor) = link.split_at(link.find('#').unwrap_or(link.len()));
        let whole = joined(folder, path);
        Target::Page(match self.repository.get(&whole) {
            Some(target) => relative(page, target) + anchor,
            None => format!("{REPOSITORY}/{whole}{anchor}"),
        })
    }
}

/// A relative path from a folder.
pub(crate) fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// From one page of the book to another.
fn relative(from: &str, to: &str) -> String {
    "../".repeat(from.matches('/').count()) + to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> Map {
        let mut map = Map::default();
        for (folder, page) in [
            ("learn_transformers", "contents.md"),
            ("learn_transformers/glossary", "glossary.md"),
            ("lt_tasks", "tasks.md"),
            ("lt_tasks/tag", "tasks/tag.md"),
            ("lt_core", "core.md"),
            ("zh/lt_core", "zh/core.md"),
            ("zh/lt_layers", "zh/layers.md"),
        ] {
            map.rustdoc(folder, page);
        }
        map.document(Path::new("/r"), &["/r/docs/performance.md".into()], "performance.md");
        map.document(Path::new("/r"), &["/r/crates/lt-exercises/README.md".into()], "exercises.md");
        map
    }

    fn page(path: &str) -> Target {
        Target::Page(path.to_owned())
    }

    #[test]
    fn links_of_rustdoc_lead_to_pages() {
        let map = map();
        let front = |link: &str| map.of_rustdoc("lt_tasks", "tasks.md", link);
        assert_eq!(front("../lt_core/index.html#masks"), page("core.md#masks"));
        assert_eq!(front("tag/index.html"), page("tasks/tag.md"));
        assert_eq!(front("../learn_transformers/index.html"), page("contents.md"));
        assert_eq!(front("../learn_transformers/glossary/index.html#x"), page("glossary.md#x"));
        assert_eq!(front("lt_core::Mask"), Target::Item);
        let part = |link: &str| map.of_rustdoc("lt_tasks/tag", "tasks/tag.md", link);
        assert_eq!(part("../index.html"), page("../tasks.md"));
        assert_eq!(part("../../lt_core/index.html"), page("../core.md"));
        let chinese = |link: &str| map.of_rustdoc("zh/lt_layers", "zh/layers.md", link);
        assert_eq!(chinese("../lt_core/index.html#形状"), page("../zh/core.md#形状"));
        assert_eq!(chinese("../lt_tasks/tag/index.html"), page("../tasks/tag.md"));
        assert_eq!(chinese("crate::Layer"), Target::Item);
        let contents = |link: &str| map.of_rustdoc("learn_transformers", "contents.md", link);
        assert_eq!(contents("core"), page("core.md"));
        assert_eq!(contents("glossary"), page("glossary.md"));
        assert_eq!(contents("../lt_exercises/index.html"), page("exercises.md"));
    }

    #[test]
    fn links_of_documents_lead_to_pages_or_to_files() {
        let map = map();
        let readme = |link: &str| map.of_document("", "index.md", link);
        assert_eq!(readme("crates/lt-core"), page("core.md"));
        assert_eq!(readme("docs/performance.md#a"), page("performance.md#a"));
        assert_eq!(readme("crates/lt-exercises"), page("exercises.md"));
        assert_eq!(readme("crates/learn-transformers/doc/glossary.md"), page("glossary.md"));
        let docs = |link: &str| map.of_document("docs", "performance.md", link);
        assert_eq!(docs("../fuzz/README.md"), page(&format!("{REPOSITORY}/fuzz/README.md")));
    }
}
