//! The law book: what the tests wrote down about each law, as tables.

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::table::{Row, Table, cut};

/// All laws that were tried, each once per crate, and all wrong implementations.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    laws: Vec<Entry>,
    /// Implementations kept wrong on purpose, which a law must catch.
    mutants: Vec<Entry>,
}

/// A law in a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    law: String,
    package: String,
    test: String,
    cases: u64,
    outcome: Outcome,
    why: Option<String>,
    counter_example: Option<String>,
}

/// What came of trying a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// No case breaks the law.
    Holds,
    /// A case breaks it.
    Broken,
    /// It found an implementation wrong that is.
    Caught,
    /// It found nothing wrong with an implementation that is wrong.
    Survived,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Holds, Self::Broken, Self::Caught, Self::Survived];

    fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Caught => "caught",
            Self::Survived => "survived",
        }
    }

    fn is_bad(self) -> bool {
        matches!(self, Self::Broken | Self::Survived)
    }

    /// As shown: what is bad catches the eye.
    fn shown(self) -> String {
        if self.is_bad() { self.name().to_uppercase() } else { self.name().to_owned() }
    }
}

impl Book {
    /// Reads the report that the tests wrote: a JSON object a line.
    pub(crate) fn parse(report: &str) -> Result<Self> {
        let mut book = Self::default();
        for (i, line) in report.lines().enumerate() {
            book.add(Entry::parse(line).map_err(|problem| {
                Failure::new(format!("line {} of the laws' report: {problem}", i + 1))
            })?);
        }
        let key = |entry: &Entry| (entry.package.clone(), entry.law.clone(), entry.test.clone());
        book.laws.sort_by_key(key);
        book.mutants.sort_by_key(key);
        Ok(book)
    }

    /// A law that holds several times in one crate, for several implementations, is one entry.
    fn add(&mut self, entry: Entry) {
        if matches!(entry.outcome, Outcome::Caught | Outcome::Survived) {
            self.mutants.push(entry);
            return;
        }
        let same = |other: &&mut Entry| {
            (other.law == entry.law && other.package == entry.package)
                && (other.outcome == Outcome::Holds && entry.outcome == Outcome::Holds)
        };
        match self.laws.iter_mut().find(same) {
            Some(other) => other.cases += entry.cases,
            None => self.laws.push(entry),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.laws.is_empty() && self.mutants.is_empty()
    }

    /// The laws that are tried in this package and in no other.
    pub(crate) fn held_by_none_but(&self, package: &str) -> Vec<&str> {
        let held = |law: &str| self.laws.iter().any(|e| e.law == law && e.package != package);
        let own = self.laws.iter().filter(|entry| entry.package == package);
        let mut unheld: Vec<&str> =
            own.map(|entry| entry.law.as_str()).filter(|law| !held(law)).collect();
        unheld.dedup();
        unheld
    }

    /// How many laws a case breaks, or do not catch what they must.
    pub(crate) fn broken(&self) -> usize {
        self.laws.iter().chain(&self.mutants).filter(|entry| entry.outcome.is_bad()).count()
    }

    /// The tables and what they come to.
    pub(crate) fn lay_out(&self, width: usize) -> String {
        let mut text = String::new();
        if !self.laws.is_empty() {
            text.push_str(&table(&self.laws, width, str::to_owned));
            text.push('\n');
        }
        if !self.mutants.is_empty() {
            text.push_str(
                "Implementations kept wrong on purpose, what a law finds wrong with them,\n",
            );
            text.push_str("and the smallest case found with which it does:\n\n");
            let short = |note: &str| {
                let lines: Vec<String> = note.lines().map(|line| cut(line, width - 4)).collect();
                lines.join("\n")
            };
            text.push_str(&table(&self.mutants, width, short));
            text.push('\n');
        }
        let cases: u64 = self.laws.iter().map(|entry| entry.cases).sum();
        let laws = counted(self.laws.len(), "law", "laws");
        let cases = counted(cases, "case", "cases");
        let mutants = counted(self.mutants.len(), "wrong implementation", "wrong implementations");
        text.push_str(&format!("{laws} tried on {cases}, and on {mutants}: "));
        match self.broken() {
            0 => text.push_str("all hold\n"),
            broken => text.push_str(&format!("{broken} broken\n")),
        }
        text
    }
}

/// One table, its counter-examples shown as `show` says.
fn table(entries: &[Entry], width: usize, show: impl Fn(&str) -> String) -> String {
    let row = |entry: &Entry| Row {
        cells: [
            entry.law.clone(),
            entry.package.clone(),
            entry.cases.to_string(),
            entry.outcome.shown(),
        ],
        note: entry.note().map(|note| show(&note)),
    };
    let rows = entries.iter().map(row).collect();
    Table { header: ["law", "crate", "cases", "result"], rows }.lay_out(width)
}

impl Entry {
    fn parse(line: &str) -> std::result::Result<Self, String> {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |key: &str| {
            value[key].as_str().map(str::to_owned).ok_or_else(|| format!("no text `{key}`"))
        };
        let result = text("result")?;
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.name() == result);
        Ok(Self {
            law: text("law")?,
            package: text("crate")?,
            test: text("test")?,
            cases: value["cases"].as_u64().ok_or("no number `cases`")?,
            outcome: outcome.ok_or_else(|| format!("an unknown result `{result}`"))?,
            why: value["why"].as_str().map(str::to_owned),
            counter_example: value["counter_example"].as_str().map(compact),
        })
    }

    /// What stands below the row: the case, and for a broken law the test that found it.
    fn note(&self) -> Option<String> {
        let example = self.counter_example.as_deref();
        match self.outcome {
            Outcome::Broken => {
                let example = example.unwrap_or("without a counter-example");
                let why = self.why.as_deref().unwrap_or("it is broken");
                Some(format!("in the test {}:\n{why}\nfor {example}", self.test))
            }
            Outcome::Survived => Some(format!("in the test {}", self.test)),
            Outcome::Caught => {
                let lines: Vec<&str> = self.why.as_deref().into_iter().chain(example).collect();
                (!lines.is_empty()).then(|| lines.join("\n"))
            }
            Outcome::Holds => None,
        }
    }
}

/// What `{:#?}` spreads over many lines, on one. Spaces within a line are the value's own.
fn compact(debug: &str) -> String {
    let mut text = String::new();
    for line in debug.lines().map(str::trim_start) {
        if line.starts_with([']', ')', '}']) {
            text.truncate(text.trim_end_matches(',').len());
        }
        let opened = text.ends_with(['[', '(']) || text.is_empty();
        if !opened && !line.starts_with([']', ')']) {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(law: &str, test: &str, result: &str, example: Option<&str>) -> String {
        let value = serde_json::json!({
            "law": law, "crate": "lt-kernels", "test": test, "cases": 64,
            "result": result, "why": example.map(|_| "it is wrong"), "counter_example": example,
        });
        format!("{value}\n")
    }

    #[test]
    fn a_law_that_holds_for_two_implementations_is_one_row() {
        let report = line("rows sum to one", "reference", "holds", None)
            + &line("rows sum to one", "fast", "holds", None);
        let book = Book::parse(&report).expect("two records");
        assert_eq!(book.broken(), 0);
        assert_eq!(
            book.lay_out(80),
            "law              crate       cases  result\n\
             ──────────────────────────────────────────\n\
             rows sum to one  lt-kernels    128  holds\n\
             \n\
             1 law tried on 128 cases, and on 0 wrong implementations: all hold\n"
        );
    }

    #[test]
    fn a_broken_law_shows_its_test_and_its_case() {
        let report = line("rows sum to one", "fast", "holds", None)
            + &line("rows sum to one", "fast", "broken", Some("Rows {\n    d: 2,\n}"));
        let book = Book::parse(&report).expect("two records");
        assert_eq!(book.broken(), 1);
        let text = book.lay_out(80);
        assert!(
            text.contains(
                "BROKEN\n    in the test fast:\n    it is wrong\n    for Rows { d: 2 }\n"
            ),
            "{text}"
        );
        assert!(text.ends_with("1 broken\n"), "{text}");
    }

    #[test]
    fn a_law_that_nothing_of_ours_is_held_by_is_found() {
        let own = |law: &str, package: &str| {
            line(law, "toy", "holds", None).replace("lt-kernels", package)
        };
        let report = own("a", "lt-laws") + &own("a", "lt-kernels") + &own("b", "lt-laws");
        let book = Book::parse(&report).expect("three records");
        assert_eq!(book.held_by_none_but("lt-laws"), ["b"]);
    }

    #[test]
    fn a_caught_mutant_is_good_and_a_surviving_one_is_not() {
        let report = line("rows sum to one", "a", "caught", Some("[1.0]"))
            + &line("rows sum to one", "b", "survived", None);
        let book = Book::parse(&report).expect("two records");
        assert_eq!(book.broken(), 1);
        let text = book.lay_out(80);
        assert!(text.contains("caught\n    it is wrong\n    [1.0]\n"), "{text}");
        assert!(text.contains("SURVIVED\n    in the test b\n"), "{text}");
    }

    #[test]
    fn a_line_that_is_no_record_is_named_by_its_number() {
        let report = line("rows sum to one", "a", "holds", None) + "{}\n";
        let failure = Book::parse(&report).expect_err("an empty object");
        assert!(failure.to_string().contains("line 2"), "{failure}");
        assert!(Book::parse(&line("x", "y", "maybe", None)).is_err());
    }

    #[test]
    fn debug_output_becomes_one_line_and_strings_keep_their_spaces() {
        let debug = "(\n    [\n        1.0,\n        2.0,\n    ],\n    \"a  b\",\n)";
        assert_eq!(compact(debug), "([1.0, 2.0], \"a  b\")");
        assert_eq!(compact("Rows {\n    d: 2,\n    of: [],\n}"), "Rows { d: 2, of: [] }");
    }
}
