//! The section *Exercises* of each chapter lists the exercises that are graded, and no others.
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::fs;
use std::path::{Path, PathBuf};

use lt_exercises::chapters;

/// The fragments of a chapter, in their order.
fn fragments(chapter: &str) -> Vec<PathBuf> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = crates.join(format!("lt-{chapter}/doc"));
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

/// The lines of all sections *Exercises*, up to the next heading or rule.
fn sections(chapter: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for file in fragments(chapter) {
        let text = fs::read_to_string(file).unwrap();
        let mut within = false;
        for line in text.lines() {
            if line.starts_with("# ") || line == "---" {
                within = line == "# Exercises";
            } else if within {
                lines.push(line.to_owned());
            }
        }
    }
    lines
}

/// `1. ★ `name`: what it asks` as (★, name).
fn listed(line: &str) -> Option<(String, String)> {
    let (number, rest) = line.split_once(". ")?;
    number.parse::<u32>().ok()?;
    let (stars, rest) = rest.split_once(" `").unwrap_or(("", rest));
    let (name, _) = rest.split_once("`: ").unwrap_or((rest, ""));
    Some((stars.to_owned(), name.to_owned()))
}

#[test]
fn each_chapter_lists_its_exercises() {
    for (chapter, exercises) in chapters() {
        let lines = sections(chapter);
        let listed: Vec<_> = lines.iter().filter_map(|line| listed(line)).collect();
        let graded: Vec<_> =
            exercises.iter().map(|of| (of.stars.to_string(), of.name.to_owned())).collect();
        assert_eq!(listed, graded, "the section Exercises of the chapter `{chapter}`");
        let command = format!("`cargo xtask grade {chapter}`");
        assert!(lines.join(" ").contains(&command), "{chapter}: says how: {command}");
    }
}

#[test]
fn each_chapter_that_is_published_has_exercises() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let contents = crates.join("learn-transformers/doc/01-contents.md");
    let contents = fs::read_to_string(contents).unwrap();
    let of = |line: &str| Some(line.split_once(" | [`")?.1.split_once("`] |")?.0.to_owned());
    let chapters_of_contents: Vec<_> = contents.lines().filter_map(of).collect();
    let graded: Vec<_> = chapters().into_iter().map(|(chapter, _)| chapter.to_owned()).collect();
    assert_eq!(graded, chapters_of_contents);
}
