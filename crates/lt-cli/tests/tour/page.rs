//! The page of the tour, in the crate that has all chapters under its roof.

use std::process::Command;

/// What a page of Markdown quotes as text, and the headings.
fn quoted(page: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let lines = page.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        if is_fence {
            is_quoted = *line == "```text";
        }
        !is_fence && (is_quoted || line.starts_with("# "))
    });
    lines.collect()
}

#[test]
fn the_page_of_the_tour_is_what_it_prints() {
    let page = include_str!("../../../learn-transformers/doc/tour.md");
    let mut lt = Command::new(env!("CARGO_BIN_EXE_lt"));
    // Portable instructions give the same digits on every machine.
    lt.args(["tour", "The bank of the river is steep."]).env("LT_INSTRUCTIONS", "portable");
    lt.env_remove("LT_MODEL").env_remove("CLICOLOR_FORCE");
    let printed = String::from_utf8(lt.output().unwrap().stdout).unwrap();
    let (_, stages) = printed.split_once('─').expect("a line above each stage");
    let lines = stages.lines().filter(|line| !line.contains("────"));
    // On the page a title is a heading, and there is no empty line before the next.
    let lines: Vec<String> = lines
        .filter(|line| !line.is_empty())
        .map(|line| match line.split_once("  ") {
            Some((number, title)) if number.parse::<u8>().is_ok() => format!("# {number}. {title}"),
            _ => line.to_owned(),
        })
        .collect();
    let quoted: Vec<&str> = quoted(page).into_iter().filter(|line| !line.is_empty()).collect();
    for (written, printed) in quoted.iter().zip(&lines) {
        assert_eq!(
            written, printed,
            "crates/learn-transformers/doc/tour.md is not what is printed"
        );
    }
    assert_eq!(quoted.len(), lines.len());
}
