//! The page of the tour in the umbrella crate: under each of its headings stands what `lt tour` prints of that stage.

use std::fs;

use crate::command;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

const PAGE: &str = "crates/learn-transformers/doc/tour.md";
/// The sentence that goes through all chapters.
const SENTENCE: &str = "The bank of the river is steep.";

/// Runs the tour and writes its stages into the page.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    let mut tour = workspace.cargo();
    tour.args(["run", "--quiet", "--package", "lt-cli", "--", "tour", SENTENCE]);
    tour.env("LT_INSTRUCTIONS", "portable").env_remove("LT_MODEL").env_remove("CLICOLOR_FORCE");
    let printed = command::capture(&mut tour)?;
    let page = workspace.read(PAGE)?;
    let updated =
        with_stages(&page, &printed).map_err(|why| Failure::new(format!("{PAGE}: {why}")))?;
    if updated == page {
        return Ok(());
    }
    fs::write(workspace.root.join(PAGE), updated)
        .map_err(|error| Failure::new(format!("cannot write {PAGE}: {error}")))?;
    println!("written: {PAGE}");
    Ok(())
}

/// The page with the title and the text of each stage under its headings; what stands between stays.
fn with_stages(page: &str, printed: &str) -> std::result::Result<String, String> {
    let lines: Vec<&str> = printed.lines().collect();
    // A line of its own stands above each stage.
    let is_rule = |line: &&str| !line.is_empty() && line.chars().all(|letter| letter == '─');
    let stages: Vec<&[&str]> = lines.split(is_rule).skip(1).collect();
    let mut sections = page.split("\n# ");
    let mut updated = sections.next().unwrap_or_default().to_owned();
    let sections: Vec<&str> = sections.collect();
    if sections.len() != stages.len() {
        return Err(format!("{} headings, expected {}, one a stage", sections.len(), stages.len()));
    }
    for (section, stage) in sections.into_iter().zip(stages) {
        let (title, text) = stage.split_first().ok_or("a stage without a title")?;
        let (number, title) = title.split_once("  ").ok_or("a title without a number")?;
        let after =
            section.split_once("\n```text\n").and_then(|(_, block)| block.split_once("\n```\n"));
        let (_, after) = after.ok_or_else(|| format!("no block of text in section {number}"))?;
        let text = text.join("\n");
        updated += &format!("\n# {number}. {title}\n\n```text\n{}\n```\n{after}", text.trim_end());
    }
    Ok(updated)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "Head\n\n────\n1  First\nnew a\n\n b\n\n────\n2  Second\nnew c\n";

    #[test]
    fn stages_are_replaced_and_what_stands_between_stays() {
        let page = "Intro.\n\n# 1. Old\n\n```text\nold\n```\n\nLink.\n\n# 2. Second\n\n```text\nnew c\n```\n\nEnd.\n";
        let expected = "Intro.\n\n# 1. First\n\n```text\nnew a\n\n b\n```\n\nLink.\n\n# 2. Second\n\n\
                        ```text\nnew c\n```\n\nEnd.\n";
        assert_eq!(with_stages(page, PRINTED).as_deref(), Ok(expected));
        assert_eq!(with_stages(expected, PRINTED).as_deref(), Ok(expected));
    }

    #[test]
    fn a_page_with_other_sections_is_refused() {
        let said = with_stages("Intro.\n\n# 1. First\n", PRINTED);
        assert_eq!(said, Err("1 headings, expected 2, one a stage".to_owned()));
        let said = with_stages("Intro.\n\n# 1. First\n\n# 2. Second\n", PRINTED);
        assert_eq!(said, Err("no block of text in section 1".to_owned()));
    }
}
