//! From a crate's source to the Markdown of its front page.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A part of a chapter that has a page of its own in rustdoc: a public module with a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) files: Vec<String>,
}

/// What the documentation of a crate is made of, file by file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chapter {
    /// The fragments of the front page, in their order.
    pub(crate) files: Vec<String>,
    /// The modules with a text.
    pub(crate) parts: Vec<Part>,
}

impl Chapter {
    /// Reads which fragments `lib.rs` includes, and where.
    pub(crate) fn of(source: &str) -> Self {
        let mut chapter = Self::default();
        let mut collected = Vec::new();
        let mut front = true; // until the first item
        for line in source.lines().map(str::trim) {
            if let Some((_, file)) = line.split_once("include_str!(\"") {
                let file = file.split('"').next().unwrap_or_default();
                collected.push(file.to_owned());
                continue;
            }
            let attribute = line.starts_with("#") || line == "))]" || line == ")]";
            if front && !attribute {
                chapter.files.append(&mut collected);
                front = line.is_empty() || line.starts_with("//");
            }
            let name = line
                .strip_prefix("pub mod ")
                .map(|rest| rest.trim_end_matches([';', '{', '}', ' ']));
            match name {
                Some(name) if !collected.is_empty() => {
                    let files = std::mem::take(&mut collected);
                    chapter.parts.push(Part { name: name.to_owned(), files });
                }
                _ if !attribute => collected.clear(),
                _ => {}
            }
        }
        chapter
    }
}

/// The fragments, read and put together as `concat!` does; a `.caption.md` takes the place of the caption of the
/// figure before it.
pub(crate) fn text(files: &[PathBuf]) -> Result<String> {
    let (mut whole, mut last) = (String::new(), 0); // where the fragment before begins
    for file in files {
        let read = read(file)?;
        let text = without_origin(&read);
        if file.to_string_lossy().ends_with(".caption.md") {
            let of_none = || format!("{}: there is no figure before it", file.display());
            let figure = with_caption(&whole[last..], text.trim()).with_context(of_none)?;
            whole.replace_range(last.., &figure);
        } else {
            last = whole.len();
            whole += text;
        }
    }
    Ok(whole)
}

/// The text with another caption below its last figure.
fn with_caption(text: &str, caption: &str) -> Option<String> {
    let (before, figure) = text.rsplit_once("<figcaption>")?;
    let (_, behind) = figure.split_once("</figcaption>")?;
    Some(format!("{before}<figcaption>{caption}</figcaption>{behind}"))
}

/// A translation without its first line, which says what it was made from.
fn without_origin(text: &str) -> &str {
    match text.split_once('\n') {
        Some((line, rest)) if line.starts_with("<!-- translated: ") => rest,
        _ => text,
    }
}

/// The text of a file; the error names it.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figure_gets_the_caption() {
        let text = "<figcaption>a</figcaption>\n<figcaption>b</figcaption></figure>\nc";
        let expected = "<figcaption>a</figcaption>\n<figcaption>乙</figcaption></figure>\nc";
        assert_eq!(with_caption(text, "乙").as_deref(), Some(expected));
        assert_eq!(with_caption("no figure", "乙"), None);
    }

    #[test]
    fn what_a_translation_was_made_from_is_not_shown() {
        assert_eq!(without_origin("<!-- translated: a.md 12ab -->\n甲\n"), "甲\n");
        assert_eq!(without_origin("甲\n乙\n"), "甲\n乙\n");
    }

    #[test]
    fn fragments_are_those_of_the_front_page_and_of_modules() {
        let source = r#"#![doc = concat!(
    include_str!("../doc/01-a.md"),
    include_str!("../doc/b.mathml"),
)]

mod hidden;

#[doc = include_str!("../doc/02-c.md")]
#[doc = include_str!("../doc/d.mathml")]
pub mod part;
/// Without a text.
pub mod plain;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
"#;
        let chapter = Chapter::of(source);
        assert_eq!(chapter.files, ["../doc/01-a.md", "../doc/b.mathml"]);
        let files = vec!["../doc/02-c.md".to_owned(), "../doc/d.mathml".to_owned()];
        assert_eq!(chapter.parts, [Part { name: "part".to_owned(), files }]);
    }
}
