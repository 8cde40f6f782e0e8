//! Pages in Chinese: whether the English that they were made from has changed since.
//!
//! A translation begins with what it was made from, a file or the `.md` files of a folder, and with the first
//! digits of the SHA-256 that this had then:
//!
//! ```text
//! <!-- translated: README.md 0123456789abcdef -->
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::failure::{Failure, Result};
use crate::workspace::{Workspace, files_below};

/// What a translation says of itself to its readers if it is known to be out of date.
const BEHIND: &str = "本文落后于英文原文";

/// Fails if a translation is behind its original, and does not say so.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in files_below(&workspace.root.join("docs"), "md")? {
        let name =
            path.strip_prefix(&workspace.root).unwrap_or(&path).to_string_lossy().into_owned();
        if !is_chinese(&name) {
            continue;
        }
        count += 1;
        let text = read(&path)?;
        let Some((original, digits)) = original(&text) else {
            wrong.push(format!("{name}: its first line does not say what it is translated from"));
            continue;
        };
        let now = fingerprint(&workspace.root.join(original))?;
        if now != digits && !text.contains(BEHIND) {
            wrong.push(format!(
                "{name}: {original} has changed. Translate what is new, and write {now} in the first line; or tell its readers: {BEHIND}"
            ));
        }
    }
    if count == 0 {
        wrong.push("docs: there is no translation".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// `docs/README.zh-CN.md`, and what lies in `docs/zh`.
fn is_chinese(name: &str) -> bool {
    let name = name.replace('\\', "/");
    name.ends_with(".zh-CN.md") || name.starts_with("docs/zh/")
}

/// The original and its digits, as the first line has them.
fn original(text: &str) -> Option<(&str, &str)> {
    let line = text.lines().next()?;
    line.strip_prefix("<!-- translated: ")?.strip_suffix(" -->")?.split_once(' ')
}

/// The first digits of the SHA-256 of a file, or of the `.md` files of a folder in their order.
fn fingerprint(path: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> =
        if path.is_dir() { files_below(path, "md")? } else { vec![path.to_owned()] };
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        hash.update(read(file)?);
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_names_its_original() {
        assert_eq!(original("<!-- translated: a/b.md 12ab -->\n# 甲\n"), Some(("a/b.md", "12ab")));
        assert_eq!(original("# 甲\n"), None);
        assert!(is_chinese("docs/README.zh-CN.md") && is_chinese("docs/zh/core.md"));
        assert!(!is_chinese("docs/performance.md"));
    }
}
