//! Draws the figures of the chapters, and writes their sections on the running example:
//! `LT_INSTRUCTIONS=portable cargo run -p figures`.
//!
//! Each figure is computed from the models that are built in, or from the run that made one, and
//! written into the `doc` folder of the crate whose chapter shows it. With `--check` nothing is
//! written, and every file that would change is named.

mod added;
mod drawing;
mod example;
mod head;
mod loss;
mod masks;
mod norms;
mod pieces;
mod positions;
mod sentence;
mod strategies;
mod stream;
mod where_spent;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use lt_kernels::Instructions;

/// A figure: the file it is written to, and how it is drawn.
struct Figure {
    file: &'static str,
    draw: fn() -> Result<String>,
}

const FIGURES: [Figure; 10] = [
    Figure { file: "crates/lt-tokenizer/doc/pieces.svg", draw: pieces::draw },
    Figure { file: "crates/lt-embedding/doc/added.svg", draw: added::draw },
    Figure { file: "crates/lt-embedding/doc/positions.svg", draw: positions::draw },
    Figure { file: "crates/lt-attention/doc/head.svg", draw: head::draw },
    Figure { file: "crates/lt-attention/doc/masks.svg", draw: || Ok(masks::draw()) },
    Figure { file: "crates/lt-encoder/doc/norms.svg", draw: || Ok(norms::draw()) },
    Figure { file: "crates/lt-encoder/doc/stream.svg", draw: stream::draw },
    Figure { file: "crates/lt-config/doc/where.svg", draw: where_spent::draw },
    Figure { file: "crates/lt-train/doc/loss.svg", draw: loss::draw },
    Figure { file: "crates/lt-generate/doc/strategies.svg", draw: strategies::draw },
];

/// For the page that a visitor sees first, where a picture is a file of its own.
const PICTURE: Figure = Figure {
    file: "docs/attention.svg",
    draw: || head::draw().map(|figure| drawing::by_itself(&figure)),
};

/// Whether the files are written or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Write,
    Check,
}

fn main() -> ExitCode {
    match begin() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn begin() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mode = match arguments[..] {
        [] => Mode::Write,
        ["--check"] => Mode::Check,
        _ => bail!("expected nothing or --check, got {}", arguments.join(" ")),
    };
    // Other instructions round otherwise, and a file would change with the machine.
    if Instructions::best() != Instructions::portable() {
        bail!(
            "the figures are computed with portable instructions, so that they are the same \
             everywhere; these are {}: run with LT_INSTRUCTIONS=portable",
            Instructions::best().name()
        );
    }
    run(root()?, mode)
}

/// The folder of the repository.
fn root() -> Result<&'static Path> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).context("the repository is two folders up")
}

/// A file, and what its text should be.
type Made = (&'static str, Result<String>);

fn made() -> impl Iterator<Item = Made> {
    let figures = FIGURES.into_iter().chain([PICTURE]);
    let figures = figures.map(|Figure { file, draw }| (file, draw()));
    figures.chain(sentence::SECTIONS.into_iter().map(|section| (section.file, section.text())))
}

fn run(root: &Path, mode: Mode) -> Result<()> {
    let (mut stale, mut count) = (Vec::new(), 0);
    for (file, text) in made() {
        count += 1;
        let text = text.with_context(|| format!("cannot make {file}"))?;
        let path = root.join(file);
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        if mode == Mode::Write {
            fs::write(&path, text).with_context(|| format!("cannot write {file}"))?;
            println!("written: {file}");
        }
        stale.push(file);
    }
    if mode == Mode::Check && !stale.is_empty() {
        bail!(
            "absent or out of date: {}; run `LT_INSTRUCTIONS=portable cargo run -p figures`",
            stale.join(", ")
        );
    }
    println!("{count} figures and sections, {} of them changed", stale.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What rustdoc and a reader on any ground need of each figure.
    #[test]
    fn every_figure_is_fit_for_a_chapter() {
        for Figure { file, draw } in FIGURES {
            let text = draw().unwrap_or_else(|error| panic!("{file}: {error:#}"));
            assert!(text.starts_with("<figure>\n") && text.ends_with("</figure>\n"), "{file}");
            // A blank line would end the block of HTML, and the rest would be a Rust doctest.
            assert!(text.lines().all(|line| !line.trim().is_empty()), "{file}");
            assert!(!text.contains("<style") && !text.contains(" id="), "{file}");
            let document =
                roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            let svg = document.root_element().first_element_child().expect("a drawing");
            assert_eq!(svg.tag_name().name(), "svg", "{file}");
            assert_eq!(svg.attribute("role"), Some("img"), "{file}");
            assert!(svg.attribute("aria-label").is_some_and(|label| label.len() > 20), "{file}");
            let caption = svg.next_sibling_element().expect("a caption");
            assert_eq!(caption.tag_name().name(), "figcaption", "{file}");
            assert!(text.len() < 80_000, "{file}: {} bytes are a burden", text.len());
        }
    }

    /// A block of HTML begins and ends with a blank line.
    #[test]
    fn every_figure_stands_in_its_chapter_between_blank_lines() {
        for Figure { file, .. } in FIGURES {
            let path = root().expect("the repository").join(file);
            let (doc, name) = (path.parent().expect("doc"), path.file_name().expect("a name"));
            let page = fs::read_to_string(doc.join("../src/lib.rs")).expect("a crate");
            let fragments: Vec<&str> = page
                .lines()
                .filter_map(|line| line.split_once("include_str!(\"../doc/")?.1.split('"').next())
                .collect();
            let at = fragments.iter().position(|fragment| *fragment == name).unwrap_or_else(|| {
                panic!("{file} is shown by no front page");
            });
            let read = |at: usize| fs::read_to_string(doc.join(fragments[at])).expect("a fragment");
            assert!(read(at - 1).ends_with("\n\n"), "{file}: before it");
            assert!(read(at + 1).starts_with('\n'), "{file}: behind it");
        }
    }

    #[test]
    fn the_picture_stands_by_itself() {
        let text = (PICTURE.draw)().expect("a picture");
        let document = roxmltree::Document::parse(&text).expect("XML");
        let svg = document.root_element();
        assert_eq!(svg.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
        assert!(svg.attribute("style").is_some_and(|style| style.contains("background")));
    }

    #[test]
    fn no_colour_is_of_one_ground_alone() {
        use drawing::{COOL, HUES, INK, WARM};
        for Figure { file, draw } in FIGURES {
            let text = draw().unwrap_or_else(|error| panic!("{file}: {error:#}"));
            let document = roxmltree::Document::parse(&text).expect("XML");
            for node in document.descendants() {
                for colour in ["fill", "stroke"].iter().filter_map(|name| node.attribute(*name)) {
                    let known = [INK, WARM, COOL, "none"].contains(&colour);
                    assert!(known || HUES.contains(&colour), "{file}: {colour}");
                }
            }
        }
    }

    #[test]
    fn no_text_is_too_small() {
        for Figure { file, draw } in FIGURES {
            let text = draw().unwrap_or_else(|error| panic!("{file}: {error:#}"));
            let document = roxmltree::Document::parse(&text).expect("XML");
            for node in document.descendants() {
                if let Some(size) = node.attribute("font-size") {
                    assert!(size.parse::<f64>().is_ok_and(|size| size >= 11.0), "{file}: {size}");
                }
                if let Some(view) = node.attribute("viewBox") {
                    let width = view.split(' ').nth(2).and_then(|width| width.parse().ok());
                    assert!(width.is_some_and(|width: f64| width <= 720.0), "{file}: {view}");
                }
            }
        }
    }
}
