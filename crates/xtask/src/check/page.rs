//! The text of a chapter, cut into the pieces that the checks look at.

use crate::failure::Result;
use crate::rust_source::{Shown, shown};
use crate::workspace::Workspace;

/// A file of a chapter's text.
#[derive(Debug)]
pub(super) struct Fragment {
    /// Its name, from the root of the repository.
    pub(super) file: String,
    pub(super) text: String,
    /// Whether it is the first of a page, and not the continuation of the one before.
    pub(super) begins: bool,
}

/// What stands between two headings of the first level.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) heading: String,
    /// Where the heading stands.
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading of a lower level.
    Heading,
    /// A paragraph, an item of a list or a row of a table.
    Prose,
    /// Code that runs as a test.
    Run,
    /// Code or text that does not.
    Quoted,
}

/// A piece of a section, and where it begins.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) text: String,
}

impl Block {
    pub(super) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    /// A line that says where to go or what to have read, not what is the case.
    pub(super) fn is_signpost(&self) -> bool {
        self.text.starts_with("*Read before: ")
            || self.text.starts_with("Previous: ")
            || self.text.starts_with("<!--")
    }
}

/// The fragments of a chapter, in the order in which its `src/lib.rs` has them.
pub(super) fn fragments(workspace: &Workspace, chapter: &str) -> Result<Vec<Fragment>> {
    let folder = format!("crates/lt-{chapter}");
    let source = workspace.read(format!("{folder}/src/lib.rs"))?;
    let texts = shown(&source).into_iter().filter(|shown| shown.file.ends_with(".md"));
    let fragment = |shown: Shown<'_>| {
        let file = format!("{folder}/doc/{}", shown.file);
        Ok(Fragment { text: workspace.read(&file)?, file, begins: shown.begins })
    };
    texts.map(fragment).collect()
}

/// Cuts a chapter into its sections.
pub(super) fn sections(fragments: &[Fragment]) -> Vec<Section> {
    let mut cutter = Cutter::default();
    for fragment in fragments {
        let file = &fragment.file;
        if fragment.begins {
            cutter.section(file, 1, "the beginning");
        }
        for (number, line) in (1..).zip(fragment.text.lines()) {
            cutter.line(file, number, line);
        }
        cutter.open = false;
    }
    cutter.sections
}

#[derive(Debug, Default)]
struct Cutter {
    sections: Vec<Section>,
    /// Whether the next line may belong to the last block.
    open: bool,
    /// Whether that block stands between fences.
    fenced: bool,
}

impl Cutter {
    fn line(&mut self, file: &str, number: usize, line: &str) {
        if let Some(tags) = line.strip_prefix("```") {
            self.fenced = !self.fenced;
            if self.fenced {
                self.block(kind(tags), file, number, "");
            }
            self.open = self.fenced;
        } else if self.fenced {
            self.go_on(line);
        } else if let Some(heading) = line.strip_prefix("# ") {
            self.section(file, number, heading);
        } else if line.starts_with("##") {
            self.block(Kind::Heading, file, number, line);
            self.open = false;
        } else if line.trim().is_empty() || is_definition(line) {
            self.open = false;
        } else if self.open && !is_item(line) {
            self.go_on(line);
        } else {
            self.block(Kind::Prose, file, number, line);
        }
    }

    fn section(&mut self, file: &str, line: usize, heading: &str) {
        let (heading, file) = (heading.to_owned(), file.to_owned());
        self.sections.push(Section { heading, file, line, blocks: Vec::new() });
        self.open = false;
    }

    fn block(&mut self, kind: Kind, file: &str, line: usize, text: &str) {
        if self.sections.is_empty() {
            self.section(file, line, "the beginning");
        }
        if let Some(section) = self.sections.last_mut() {
            let (file, text) = (file.to_owned(), text.to_owned());
            section.blocks.push(Block { kind, file, line, text });
        }
        self.open = true;
    }

    fn go_on(&mut self, line: &str) {
        if let Some(block) = self.sections.last_mut().and_then(|section| section.blocks.last_mut())
        {
            block.text.push('\n');
            block.text.push_str(line);
        }
    }
}

/// As rustdoc decides it: a block without a word, or with these words only, is run.
fn kind(tags: &str) -> Kind {
    let code = |tag: &str| tag.starts_with('E') && tag[1..].bytes().all(|b| b.is_ascii_digit());
    let runs = |tag: &str| matches!(tag, "" | "rust" | "should_panic" | "compile_fail");
    let all = tags.split(',').map(str::trim).all(|tag| runs(tag) || code(tag));
    if all { Kind::Run } else { Kind::Quoted }
}

/// An item of a list or a row of a table.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("- ")
        || line.starts_with('|')
        || digits.len() < line.len() && digits.starts_with(". ")
}

/// `[word]: address`.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.split_once("]: ").is_some_and(|(word, _)| !word.contains("]("))
}

/// The same text with spaces in place of inline code, addresses of links and tags.
pub(super) fn prose(letters: &[char]) -> Vec<char> {
    let mut visible = letters.to_vec();
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        let end = match letters[at] {
            '`' => Some('`'),
            ']' if next == '(' => Some(')'),
            '<' if next.is_ascii_alphabetic() || matches!(next, '/' | '!') => Some('>'),
            _ => None,
        };
        let length = end.and_then(|end| letters[at + 1..].iter().position(|&letter| letter == end));
        let Some(length) = length else {
            at += 1;
            continue;
        };
        for letter in &mut visible[at..=at + 1 + length] {
            if *letter != '\n' {
                *letter = ' ';
            }
        }
        at += length + 2;
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_is_cut_at_headings_blank_lines_items_and_fences() {
        let text = "One\ntwo\n\n# Traps\n\n- a\n- b\n  c\n\n| x |\n| y |\n\n```\n# hidden\nlet a = 1;\n```\n\n```text\nd\n```\n\n## Below\nend\n\n[a]: b\n";
        let fragment = |file: &str, text: &str, begins| Fragment {
            file: file.into(),
            text: text.into(),
            begins,
        };
        let cut = sections(&[fragment("1.md", text, true), fragment("2.md", "more\n", false)]);
        let headings: Vec<&str> = cut.iter().map(|section| section.heading.as_str()).collect();
        assert_eq!(headings, ["the beginning", "Traps"]);
        let of = |block: &Block| (block.kind, block.line, block.text.clone());
        let block = |kind, line, text: &str| (kind, line, text.to_owned());
        assert_eq!(
            cut[0].blocks.iter().map(of).collect::<Vec<_>>(),
            [block(Kind::Prose, 1, "One\ntwo")]
        );
        assert_eq!(
            cut[1].blocks.iter().map(of).collect::<Vec<_>>(),
            [
                block(Kind::Prose, 6, "- a"),
                block(Kind::Prose, 7, "- b\n  c"),
                block(Kind::Prose, 10, "| x |"),
                block(Kind::Prose, 11, "| y |"),
                block(Kind::Run, 13, "\n# hidden\nlet a = 1;"),
                block(Kind::Quoted, 18, "\nd"),
                block(Kind::Heading, 22, "## Below"),
                block(Kind::Prose, 23, "end"),
                block(Kind::Prose, 1, "more"),
            ]
        );
    }
}
