//! The documents outside the crates' front pages: that their links lead somewhere.
//!
//! The front pages' links are checked by rustdoc.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::workspace::{Workspace, files_below};

/// Fails if a relative link in `README.md`, `docs/` or a crate's `README.md` leads nowhere.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut documents = files_below(&workspace.root.join("docs"), "md")?;
    // It names pages of the book, which do not exist before that is made: another check.
    documents.retain(|path| path.file_name().is_none_or(|name| name != "SUMMARY.md"));
    // A chapter in Chinese has the links of the original, which lead to pages: the book holds them.
    let chapters = workspace.root.join("docs/zh");
    documents.retain(|path| !path.starts_with(&chapters));
    documents.push(workspace.root.join("README.md"));
    documents.extend(workspace.published().map(|package| package.folder.join("README.md")));
    let (mut dead, mut count) = (Vec::new(), 0);
    for document in &documents {
        let text = workspace.read(document)?;
        for target in relative_links(&text) {
            count += 1;
            if !resolved(document, target).exists() {
                dead.push(format!("{}: {target}", workspace.name(document)));
            }
        }
    }
    println!("{count} links in {} documents", documents.len());
    if dead.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("links that lead nowhere:\n{}", dead.join("\n"))))
}

fn resolved(document: &Path, target: &str) -> PathBuf {
    document.parent().unwrap_or(Path::new("")).join(target)
}

/// Where the links of a Markdown text lead that are neither addresses nor places on the page.
fn relative_links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|target| !target.is_empty() && !target.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_files_are_looked_at() {
        let text = "See [a](b.md), [c](https://example.org/d.md), [e](#f) and [g](h/i.md#j).";
        assert_eq!(relative_links(text).collect::<Vec<_>>(), ["b.md", "h/i.md"]);
        assert_eq!(resolved(Path::new("docs/a.md"), "../b"), Path::new("docs/../b"));
    }
}
