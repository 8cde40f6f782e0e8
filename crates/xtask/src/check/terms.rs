//! The terms of the field: that each is spelt in one way, and that the Chinese ones are those of the glossary.

use super::page::{self, Fragment, Kind};
use super::{chapters, translations};
use crate::failure::{Failure, Result};
use crate::workspace::{Workspace, files_below};

/// The right forms and the wrong ones.
const LIST: &str = "docs/terms.txt";
const GLOSSARY: &str = "crates/learn-transformers/doc/glossary.md";

/// Fails if a document, a chapter or a doc comment has a term in a form that the list calls wrong, or a chapter a Chinese
/// term that is not in the glossary.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let list = workspace.read(LIST)?;
    let terms: Vec<Term> = list.lines().filter_map(Term::parse).flatten().collect();
    let mut wrong = Vec::new();
    let mut files = vec![workspace.root.join("README.md")];
    files.extend(files_below(&workspace.root.join("docs"), "md")?);
    files.extend(files_below(&workspace.root.join("crates"), "md")?);
    files.extend(files_below(&workspace.root.join("crates"), "rs")?);
    for path in files {
        let file = workspace.name(&path);
        if translations::is_chinese(&file) {
            continue;
        }
        let text = workspace.read(&file)?;
        let text = if file.ends_with(".rs") { comments(&text) } else { text };
        wrong.extend(misspelt(&terms, Fragment { file, text, begins: true }));
    }
    let glossary = workspace.read(GLOSSARY)?;
    for chapter in chapters::names(workspace)? {
        for fragment in page::fragments(workspace, &chapter)? {
            wrong.extend(unknown(&glossary, fragment));
        }
    }
    println!("{} wrong forms, in no text", terms.len());
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// A wrong form, and the right one.
#[derive(Debug, PartialEq, Eq)]
struct Term {
    right: String,
    wrong: String,
    /// Whether other letters may follow.
    open: bool,
}

impl Term {
    /// The forms of a line `right: wrong, wrong*`.
    fn parse(line: &str) -> Option<Vec<Self>> {
        let (right, wrong) = line.split_once(": ").filter(|_| !line.starts_with('#'))?;
        let term = |wrong: &str| Self {
            right: right.to_owned(),
            wrong: wrong.trim_end_matches('*').to_owned(),
            open: wrong.ends_with('*'),
        };
        Some(wrong.split(", ").map(term).collect())
    }

    /// Where a text has the wrong form.
    fn places(&self, text: &str) -> Vec<usize> {
        let mut places: Vec<usize> = text.match_indices(&self.wrong).map(|(at, _)| at).collect();
        let mut letters = self.wrong.chars();
        if let Some(first) = letters.next().filter(|first| first.is_lowercase()) {
            let capital: String = first.to_uppercase().chain(letters).collect();
            if capital != self.right {
                places.extend(text.match_indices(&capital).map(|(at, _)| at));
            }
        }
        places.retain(|&at| {
            let (before, rest) = (&text[..at], &text[at + self.wrong.len()..]);
            let rest =
                if self.open { rest.trim_start_matches(char::is_alphanumeric) } else { rest };
            // Parts of names, as `llama-cpp-python` or `optimizer.rate`, are no words.
            let joins = |letter: char| letter.is_alphanumeric() || "_-/#@".contains(letter);
            let point = rest.strip_prefix('.');
            let is_name = point.is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
            !before.ends_with(joins) && !rest.starts_with(joins) && !is_name
        });
        places.sort_unstable();
        places
    }
}

/// The doc comments of a Rust source, on their lines.
fn comments(source: &str) -> String {
    let of = |line: &str| {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).unwrap_or("");
        text.strip_prefix(' ').unwrap_or(text).to_owned() + "\n"
    };
    source.lines().map(of).collect()
}

/// The wrong forms in the prose of a text.
fn misspelt(terms: &[Term], fragment: Fragment) -> Vec<String> {
    let mut found = Vec::new();
    for (file, line, text) in prose(fragment) {
        // A term may go over the end of a line.
        let joined = text.replace('\n', " ");
        for term in terms {
            for at in term.places(&joined) {
                let line = line + text[..at].matches('\n').count();
                let Term { right, wrong, .. } = term;
                found.push(format!("{file}:{line}: \"{wrong}\": write \"{right}\" ({LIST})"));
            }
        }
    }
    found
}

/// The Chinese terms in brackets that the glossary does not have.
fn unknown(glossary: &str, fragment: Fragment) -> Vec<String> {
    let mut found = Vec::new();
    for (file, line, text) in prose(fragment) {
        for (before, bracket) in brackets(&text) {
            let line = line + before.matches('\n').count();
            let loose = chinese(bracket).filter(|term| !is_known(glossary, term));
            found.extend(loose.map(|term| {
                format!("{file}:{line}: {term} is not in {GLOSSARY}: add it there, or write the term that is")
            }));
        }
    }
    found
}

/// A term, or two of them joined.
fn is_known(glossary: &str, term: &str) -> bool {
    glossary.contains(term)
        || term.split(['与', '和']).all(|part| !part.is_empty() && glossary.contains(part))
}

/// What stands between round brackets, each with all that is before it.
fn brackets(text: &str) -> Vec<(&str, &str)> {
    let inner = |(at, _): (usize, &str)| {
        let rest = &text[at + 1..];
        let end = rest.find(')')?;
        Some((&text[..at], &rest[..end]))
    };
    text.match_indices('(').filter_map(inner).collect()
}

/// The Chinese terms between two brackets, as in `(SIMD, [单指令多数据])`.
fn chinese(bracket: &str) -> impl Iterator<Item = &str> {
    let terms = bracket.split([',', ';', ':', '、', '\n']);
    let terms = terms.map(|term| term.trim_matches(|c: char| !c.is_alphanumeric()));
    terms.filter(|term| term.contains(|letter| matches!(letter, '\u{4e00}'..='\u{9fff}')))
}

/// The headings and paragraphs of a text with their places, without inline code, addresses and tags.
fn prose(fragment: Fragment) -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    for section in page::sections(&[fragment]) {
        found.push((section.file, section.line, section.heading));
        let blocks = section.blocks.into_iter();
        let blocks = blocks.filter(|block| block.is(Kind::Prose) || block.is(Kind::Heading));
        found.extend(blocks.map(|block| (block.file, block.line, block.text)));
    }
    for (_, _, text) in &mut found {
        let letters: Vec<char> = text.chars().collect();
        *text = page::prose(&letters).into_iter().collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(text: &str) -> Fragment {
        Fragment { file: "a.md".to_owned(), text: text.to_owned(), begins: true }
    }

    fn found(text: &str) -> Vec<String> {
        let list = "# a: comment\nself-attention: self attention\nPyTorch: pytorch\nRoPE: Rope\ntokenizer: tokenis*\n";
        let terms: Vec<Term> = list.lines().filter_map(Term::parse).flatten().collect();
        misspelt(&terms, fragment(text))
    }

    #[test]
    fn a_wrong_form_is_reported_with_its_place() {
        let expected = "a.md:4: \"self attention\": write \"self-attention\" (docs/terms.txt)";
        assert_eq!(found("A\n\nwith\nself\nattention\n"), [expected]);
        assert_eq!(found("# Self attention\n").len(), 1);
        assert_eq!(found("Tokenisers and tokenised").len(), 2);
        assert_eq!(found("Pytorch, pytorch").len(), 2);
        assert_eq!(comments("code\n    /// self attention\n//! b\n"), "\nself attention\nb\n");
    }

    #[test]
    fn what_is_right_or_no_prose_is_not_reported() {
        for text in [
            "Self-attention in PyTorch, a rope",
            "`self attention` and [it](pytorch/a.md)",
            "```\nself attention\n```",
            "pytorch-crf, huggingface/pytorch, pytorch.org, unpytorch, tokeniser.rate",
            "[a]: b#pytorch",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn chinese_terms_are_those_of_the_glossary() {
        let glossary = "## Softmax (归一化)\n\n在线 softmax\n\n查询与键\n\n对话";
        let of = |text: &str| unknown(glossary, fragment(text));
        assert_eq!(
            of("It ([归一化]) is (*online*, 在线 softmax; 对话与归一化), as `(别的)`."),
            [""; 0]
        );
        let say = "a.md:2: 标准化 is not in crates/learn-transformers/doc/glossary.md: add it there, or write the term that is";
        assert_eq!(of("It\n(a, 标准化: b)"), [say]);
    }
}
