//! The page of the tour, in the crate that has all chapters under its roof. `cargo xtask figures` writes it.

use std::process::Command;

#[test]
fn the_page_of_the_tour_is_what_it_prints() {
    let page = include_str!("../../../learn-transformers/doc/tour.md");
    let mut lt = Command::new(env!("CARGO_BIN_EXE_lt"));
    // Portable instructions give the same digits on every machine.
    lt.args(["tour", "The bank of the river is steep."]).env("LT_INSTRUCTIONS", "portable");
    lt.env_remove("LT_MODEL").env_remove("CLICOLOR_FORCE");
    let printed = String::from_utf8(lt.output().unwrap().stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    let stages: Vec<&[&str]> = lines.split(|line| line.starts_with("───")).skip(1).collect();
    for stage in &stages {
        let (number, title) = stage[0].split_once("  ").unwrap();
        let text = stage[1..].join("\n");
        let section = format!("\n# {number}. {title}\n\n```text\n{}\n```\n", text.trim_end());
        assert!(page.contains(&section), "not in crates/learn-transformers/doc/tour.md:{section}");
    }
    assert_eq!(page.matches("\n# ").count(), stages.len());
    assert_eq!(page.matches("\n```text\n").count(), stages.len());
}
