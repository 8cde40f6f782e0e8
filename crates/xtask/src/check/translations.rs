//! Pages in Chinese: whether the English that they were made from has changed since.
//!
//! A translation begins with the file that it was made from, and with the first digits of the SHA-256 that this
//! had then:
//!
//! ```text
//! <!-- translated: README.md 0123456789abcdef -->
//! ```
//!
//! A chapter is translated fragment by fragment, `crates/lt-core/doc/01-core.md` as `docs/zh/lt-core/01-core.md`:
//! whole, and with the same blocks of code, for those are tested in the original only. The caption of the figure
//! `crates/lt-encoder/doc/norms.svg` is in `docs/zh/lt-encoder/norms.caption.md`.

use std::collections::BTreeSet;
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
        let name = workspace.name(&path);
        if !is_chinese(&name) {
            continue;
        }
        count += 1;
        let text = workspace.read(&path)?;
        let Some((original, digits)) = original(&text) else {
            wrong.push(format!("{name}: its first line does not say what it is translated from"));
            continue;
        };
        if !workspace.root.join(original).is_file() {
            wrong.push(format!("{name}: there is no {original} any more"));
            continue;
        }
        let source = workspace.read(original)?;
        let now = fingerprint(&source);
        if name.starts_with("docs/zh/") {
            wrong.extend(other_code(&source, &text).map(|problem| format!("{name}: {problem}")));
        }
        if now != digits && !text.contains(BEHIND) {
            wrong.push(format!(
                "{name}: {original} has changed. Translate what is new, and write {now} in the first line; or tell its readers: {BEHIND}"
            ));
        }
    }
    if count == 0 {
        wrong.push("docs: there is no translation".to_owned());
    }
    wrong.extend(missing(workspace)?);
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// `docs/README.zh-CN.md`, and what lies in `docs/zh`.
pub(super) fn is_chinese(name: &str) -> bool {
    name.ends_with(".zh-CN.md") || name.starts_with("docs/zh/")
}

/// The original and its digits, as the first line has them.
fn original(text: &str) -> Option<(&str, &str)> {
    let line = text.lines().next()?;
    line.strip_prefix("<!-- translated: ")?.strip_suffix(" -->")?.split_once(' ')
}

/// The fragments and captions that a chapter in Chinese lacks.
fn missing(workspace: &Workspace) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    let chapters: BTreeSet<PathBuf> = files_below(&workspace.root.join("docs/zh"), "md")?
        .iter()
        .filter_map(|file| file.parent().map(Path::to_owned))
        .collect();
    for chapter in chapters {
        let Some(name) = chapter.file_name() else { continue };
        let doc = workspace.root.join("crates").join(name).join("doc");
        let texts = files_below(&doc, "md")?.into_iter();
        let mut figures = files_below(&doc, "svg")?;
        figures.retain(|figure| {
            workspace.read(figure).is_ok_and(|text| text.contains("<figcaption>"))
        });
        let captions = figures.iter().map(|figure| figure.with_extension("caption.md"));
        for original in texts.chain(captions) {
            let fragment = original.file_name().map(|file| chapter.join(file)).unwrap_or_default();
            if !fragment.is_file() {
                missing.push(format!("{}: not translated yet", workspace.name(&fragment)));
            }
        }
    }
    Ok(missing)
}

/// The first block of code in which a translation differs from its original.
fn other_code(original: &str, translation: &str) -> Option<String> {
    let (original, translation) = (blocks(original), blocks(translation));
    for (number, block) in original.iter().enumerate() {
        if translation.get(number) != Some(block) {
            let line = block.lines().nth(1).unwrap_or_default();
            return Some(format!("its block of code {} is not the original's: {line}", number + 1));
        }
    }
    (translation.len() > original.len())
        .then(|| "it has a block of code that the original lacks".to_owned())
}

/// The fenced blocks of a text, fences included.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        match &mut block {
            Some(open) => {
                *open += line;
                open.push('\n');
                if fence {
                    blocks.extend(block.take());
                }
            }
            None if fence => block = Some(format!("{line}\n")),
            None => {}
        }
    }
    blocks.extend(block);
    blocks
}

/// The first digits of the SHA-256 of a text.
fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
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

    #[test]
    fn code_is_not_translated() {
        let original = "An example:\n\n```\nlet x = 1;\n```\n\n```text\n1\n```\n";
        assert_eq!(other_code(original, &original.replace("An example", "例子")), None);
        let other = other_code(original, &original.replace("x = 1", "x = 2"));
        assert_eq!(other.as_deref(), Some("its block of code 1 is not the original's: let x = 1;"));
        let fewer = other_code(original, "例子\n\n```\nlet x = 1;\n```\n");
        assert_eq!(fewer.as_deref(), Some("its block of code 2 is not the original's: 1"));
        let more = other_code("", "```\nlet y = 3;\n```\n");
        assert_eq!(more.as_deref(), Some("it has a block of code that the original lacks"));
    }
}
