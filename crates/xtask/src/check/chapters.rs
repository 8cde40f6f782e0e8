//! The chapters, in the order in which they are read: that each says what comes before and after it, how long it
//! takes, and has the parts that every chapter has.

use super::page;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

const CONTENTS: &str = "crates/learn-transformers/doc/01-contents.md";

/// A line of the table of contents.
#[derive(Debug, PartialEq, Eq)]
struct Listed {
    name: String,
    minutes: String,
}

/// What every chapter has. Some have several formulas, with a name each; that chapters have laws and
/// shapes differs with what they are about.
const HEADINGS: [&str; 5] = ["The problem", "The idea", "The formula", "Traps", "Exercises"];

/// Fails if a chapter leads elsewhere than the contents do, or lacks a part.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let contents = workspace.read(CONTENTS)?;
    let chapters = listed(&contents);
    let mut wrong = Vec::new();
    if chapters.is_empty() {
        wrong.push("the contents list no chapter".to_owned());
    }
    for (number, chapter) in chapters.iter().enumerate() {
        let fragments = page::fragments(workspace, &chapter.name)?;
        let text: String = fragments.iter().map(|fragment| fragment.text.as_str()).collect();
        let name = &chapter.name;
        let before = number.checked_sub(1).and_then(|before| chapters.get(before));
        let after = chapters.get(number + 1);
        let footer = footer(before, after);
        if !text.lines().any(|line| line == footer) {
            wrong.push(format!("lt-{name}: expected the line\n    {footer}"));
        }
        for heading in HEADINGS {
            let (whole, named) = (format!("# {heading}"), format!("# {heading}:"));
            if !text.lines().any(|line| line == whole || line.starts_with(&named)) {
                wrong.push(format!("lt-{name}: has no heading `# {heading}`"));
            }
        }
        let minutes = read_before(&text);
        if minutes != Some(chapter.minutes.as_str()) {
            let said = minutes.unwrap_or("nothing");
            let listed = &chapter.minutes;
            wrong.push(format!("lt-{name}: says {said} minutes, the contents say {listed}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// The names of the chapters, in the order of the contents.
pub(super) fn names(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(listed(&workspace.read(CONTENTS)?).into_iter().map(|chapter| chapter.name).collect())
}

/// The chapters of the table, in their order.
fn listed(contents: &str) -> Vec<Listed> {
    let of = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [_, chapter, _, minutes] = cells[..] else { return None };
        let name = chapter.strip_prefix("[`")?.strip_suffix("`]")?;
        Some(Listed { name: name.to_owned(), minutes: minutes.to_owned() })
    };
    contents.lines().filter_map(of).collect()
}

/// The last line of a chapter.
fn footer(before: Option<&Listed>, after: Option<&Listed>) -> String {
    let tour = "[the tour](../learn_transformers/tour/index.html)".to_owned();
    let link = |chapter: &Listed| format!("[{0}](../lt_{0}/index.html)", chapter.name);
    let before = before.map_or(tour, link);
    let errata = "[errata](../learn_transformers/errata/index.html)".to_owned();
    let after = after.map_or(errata, link);
    let contents = "[Contents](../learn_transformers/index.html)";
    format!("Previous: {before} · {contents} · Next: {after}")
}

/// The minutes that a chapter says it takes, in the line that says what to have read.
fn read_before(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("*Read before: "))?;
    let (words, _) = line.split_once(" minutes")?;
    words.rsplit(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_are_those_of_the_table() {
        let table = "| 0 | the tour | shows it | 10 |\n| 1 | [`core`] | the contract | 20 |\n";
        let chapters = listed(table);
        assert_eq!(chapters, [Listed { name: "core".into(), minutes: "20".into() }]);
        assert_eq!(
            footer(None, chapters.first()),
            "Previous: [the tour](../learn_transformers/tour/index.html) · [Contents](../learn_transformers/index.html) · \
             Next: [core](../lt_core/index.html)"
        );
    }

    #[test]
    fn the_minutes_stand_behind_what_to_have_read() {
        let text = "A.\n\n*Read before: [`lt-core`](../lt_core/index.html). 25 minutes, 5 here.*\n";
        assert_eq!(read_before(text), Some("25"));
        assert_eq!(read_before("nothing"), None);
    }
}
