//! The sentence in numbers: a section of each chapter, which says what becomes of it there.
//!
//! The prose is written here, in the order in which it is read; what it claims of the numbers is
//! held against them, and where that fails nothing is written.

mod attention;
mod config;
mod core;
mod decoder;
mod embedding;
mod encoder;
mod generate;
mod kernels;
mod laws;
mod layers;
mod model;
mod numbers;
mod page;
mod recipes;
mod tasks;
mod tokenizer;
mod train;
mod weights;

use anyhow::Result;
use page::Page;

/// A section: the file it is written to, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    pub(crate) file: &'static str,
    write: fn(&mut Page) -> Result<()>,
}

/// In the order of the chapters.
pub(crate) const SECTIONS: [Section; 16] = [
    Section { file: "crates/lt-tokenizer/doc/01a-sentence.md", write: tokenizer::write },
    Section { file: "crates/lt-embedding/doc/01a-sentence.md", write: embedding::write },
    Section { file: "crates/lt-attention/doc/03c-sentence.md", write: attention::write },
    Section { file: "crates/lt-layers/doc/05c-sentence.md", write: layers::write },
    Section { file: "crates/lt-encoder/doc/03a-sentence.md", write: encoder::write },
    Section { file: "crates/lt-model/doc/02c-sentence.md", write: model::write },
    Section { file: "crates/lt-decoder/doc/03a-sentence.md", write: decoder::write },
    Section { file: "crates/lt-generate/doc/01c-sentence.md", write: generate::write },
    Section { file: "crates/lt-tasks/doc/03c-sentence.md", write: tasks::write },
    Section { file: "crates/lt-train/doc/03d-sentence.md", write: train::write },
    Section { file: "crates/lt-recipes/doc/01b-sentence.md", write: recipes::write },
    Section { file: "crates/lt-kernels/doc/04b-sentence.md", write: kernels::write },
    Section { file: "crates/lt-weights/doc/03b-sentence.md", write: weights::write },
    Section { file: "crates/lt-config/doc/01c-sentence.md", write: config::write },
    Section { file: "crates/lt-core/doc/01c-sentence.md", write: core::write },
    Section { file: "crates/lt-laws/doc/01b-sentence.md", write: laws::write },
];

impl Section {
    /// The text of the file.
    pub(crate) fn text(&self) -> Result<String> {
        let mut page = Page::new();
        (self.write)(&mut page)?;
        let at = SECTIONS.iter().position(|section| section.file == self.file).unwrap_or(0);
        let before = at.checked_sub(1).map(|before| SECTIONS[before].chapter());
        Ok(page.close(before, SECTIONS.get(at + 1).map(Self::chapter)))
    }

    /// The chapter's name.
    fn chapter(&self) -> &'static str {
        let name = self.file.strip_prefix("crates/lt-").unwrap_or(self.file);
        name.split('/').next().unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::page::HEADING;
    use super::*;

    fn repository() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders up")
    }

    /// What a chapter and its readers need of each section.
    #[test]
    fn every_section_is_fit_for_a_chapter() {
        for section in SECTIONS {
            let file = section.file;
            let text = section.text().unwrap_or_else(|error| panic!("{file}: {error:#}"));
            // Figures stand between blank lines, and so does what follows or precedes one.
            assert!(
                text.starts_with(&format!("\n{HEADING}\n\n")) && text.ends_with("\n\n"),
                "{file}"
            );
            for line in text.lines().filter(|line| !line.starts_with('|')) {
                assert!(line.chars().count() <= 150, "{file}: too long: {line}");
            }
            let mut fences = text.lines().filter(|line| line.starts_with("```"));
            while let Some(begin) = fences.next() {
                // Without a language it would be a doctest.
                assert_eq!(begin, "```text", "{file}");
                assert_eq!(fences.next(), Some("```"), "{file}");
            }
            assert!(!outside_of_code(&text).contains("[CLS]"), "{file}: a link to nothing");
        }
    }

    fn outside_of_code(text: &str) -> String {
        let (mut rest, mut block) = (String::new(), false);
        for line in text.lines() {
            if line.starts_with("```") {
                block = !block;
            } else if !block {
                rest.extend(line.split('`').step_by(2));
            }
        }
        rest
    }

    #[test]
    fn every_section_stands_in_its_chapter_among_fragments_in_order() {
        for section in SECTIONS {
            let path = repository().join(section.file);
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let crate_folder = path.ancestors().nth(2).expect("a crate");
            let page = fs::read_to_string(crate_folder.join("src/lib.rs")).expect("a crate");
            let front = page.split("\nmod ").next().expect("a front page");
            let fragments: Vec<&str> = front
                .lines()
                .filter_map(|line| line.split_once("include_str!(\"../doc/")?.1.split('"').next())
                .filter(|fragment| fragment.ends_with(".md"))
                .collect();
            let times = fragments.iter().filter(|fragment| **fragment == name).count();
            assert_eq!(times, 1, "{}: on the front page", section.file);
            let at = fragments.iter().position(|fragment| *fragment == name).expect("counted");
            let around = &fragments[at.saturating_sub(1)..fragments.len().min(at + 2)];
            assert!(around.is_sorted(), "{}: {around:?}", section.file);
        }
    }

    #[test]
    fn the_sections_follow_the_contents() {
        let contents = repository().join("crates/learn-transformers/doc/01-contents.md");
        let contents = fs::read_to_string(contents).expect("the contents");
        let of = |line: &str| Some(line.split_once(" | [`")?.1.split_once("`] |")?.0.to_owned());
        let listed: Vec<String> = contents.lines().filter_map(of).collect();
        let ours: Vec<&str> = SECTIONS.iter().map(Section::chapter).collect();
        assert_eq!(ours, listed);
    }
}
