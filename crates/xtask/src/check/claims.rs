//! The claims of the chapters: that each trap, formula, law and number has something that holds it.
//!
//! That is code that runs as a test in the same section, or a test that the section names. For a number that was measured
//! it is the command that measured it, in the same part of the section. What an exercise asks is held by its grader, and
//! what `docs/figures` writes by that program.

mod literals;
mod names;
mod numbers;
mod sources;

use self::sources::Sources;
use super::chapters;
use super::page::{self, Block, Fragment, Kind, Section};
use crate::failure::{Failure, Result};
use crate::workspace::{Workspace, files_below};

/// What a line begins with that measures something.
const COMMANDS: [&str; 4] = ["cargo bench ", "cargo run ", "lt ", "python3 "];

/// Fails if a chapter claims something that nothing in it holds, or names a test that is not there.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let sources = Sources::read(workspace)?;
    let (mut wrong, mut numbers) = (Vec::new(), 0);
    for chapter in chapters::names(workspace)? {
        let sections = page::sections(&page::fragments(workspace, &chapter)?);
        for (number, section) in sections.iter().enumerate() {
            let next = sections.get(number + 1);
            let found = Claims { section, next, chapter: &chapter, sources: &sources };
            wrong.extend(found.wrong());
            numbers += found.numbers().count();
        }
    }
    // The errata and the glossary are no chapters, but name tests too.
    for path in files_below(&workspace.root.join("crates/learn-transformers/doc"), "md")? {
        let (file, text) = (workspace.name(&path), workspace.read(&path)?);
        for section in page::sections(&[Fragment { file, text, begins: true }]) {
            let chapter = "learn-transformers";
            let found = Claims { section: &section, next: None, chapter, sources: &sources };
            wrong.extend(found.misnamed());
        }
    }
    println!("{numbers} numbers");
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(wrong.join("\n"))) }
}

/// What a section claims.
struct Claims<'a> {
    section: &'a Section,
    /// The one behind it.
    next: Option<&'a Section>,
    chapter: &'a str,
    sources: &'a Sources,
}

impl Claims<'_> {
    fn wrong(&self) -> Vec<String> {
        let mut wrong = self.misnamed();
        match self.section.heading.as_str() {
            "Traps" => wrong.extend(self.traps()),
            "Laws" => wrong.extend(self.laws()),
            heading if heading.starts_with("The formula") => wrong.extend(self.formula()),
            _ => {}
        }
        let held = self.held();
        let mut loose: Vec<(String, Vec<String>)> = Vec::new();
        for (block, number) in self.numbers().filter(|(_, number)| !number.is_among(&held)) {
            let place = format!("{}:{}", block.file, block.line + number.line);
            match loose.last_mut().filter(|(last, _)| *last == place) {
                Some((_, numbers)) => numbers.push(number.written),
                None => loose.push((place, vec![number.written])),
            }
        }
        let say = "in no code of this section that runs, and in no test that it names: assert it, or name its test";
        wrong.extend(loose.into_iter().map(|(place, numbers)| {
            let numbers = numbers.join(", ");
            format!("{place}: {numbers}: {say}")
        }));
        wrong
    }

    /// Tests that are not there, or not where the text says.
    fn misnamed(&self) -> Vec<String> {
        if self.section.heading == "Exercises" {
            return Vec::new();
        }
        let own = match self.chapter {
            "learn-transformers" => self.chapter.to_owned(),
            chapter => format!("lt-{chapter}"),
        };
        let in_block = |block: &Block| {
            let found = names::wrong(&block.text, &own, self.sources).into_iter();
            found
                .map(|(line, what)| format!("{}:{}: {what}", block.file, block.line + line))
                .collect()
        };
        let prose = self.section.blocks.iter().filter(|block| block.is(Kind::Prose));
        prose.flat_map::<Vec<String>, _>(in_block).collect()
    }

    /// A trap begins with a paragraph that begins in bold.
    fn traps(&self) -> Vec<String> {
        let mut traps: Vec<(&Block, bool)> = Vec::new();
        for block in &self.section.blocks {
            if block.is(Kind::Prose) && block.text.starts_with("**") {
                traps.push((block, false));
            }
            if let Some((_, held)) = traps.last_mut() {
                *held |= self.holds(block);
            }
        }
        let loose = traps.into_iter().filter(|(_, held)| !held);
        let say = "the trap has no code that runs, and names no test: show it, or name the test that holds what is right";
        loose.map(|(block, _)| format!("{}:{}: {say}", block.file, block.line)).collect()
    }

    fn laws(&self) -> Vec<String> {
        let blocks = self.section.blocks.iter();
        let items = blocks.filter(|block| block.is(Kind::Prose) && block.text.starts_with("- "));
        let loose = items.filter(|block| !self.holds(block) && !block.text.contains("`tests/"));
        let say = "the law names no test: write `test` in `tests/file.rs`";
        loose.map(|block| format!("{}:{}: {say}", block.file, block.line)).collect()
    }

    /// A formula may be shown in the section behind its own, if that is its code.
    fn formula(&self) -> Option<String> {
        let Section { heading, file, line, blocks } = self.section;
        let say =
            "has no code that runs, and names no test: compute it, or name the test that holds it";
        let code = self.next.filter(|next| next.heading.starts_with("The code"));
        let code = code.into_iter().flat_map(|next| &next.blocks);
        let held = blocks.iter().chain(code).any(|block| self.holds(block));
        (!held).then(|| format!("{file}:{line}: \"{heading}\" {say}"))
    }

    /// Whether a block is a test, or names one.
    fn holds(&self, block: &Block) -> bool {
        match block.kind {
            Kind::Run => true,
            Kind::Prose => {
                names::in_prose(&block.text).iter().any(|(name, _)| self.sources.is_test(name))
            }
            Kind::Heading | Kind::Quoted => false,
        }
    }

    /// The numbers that the section claims.
    fn numbers(&self) -> impl Iterator<Item = (&Block, numbers::Number)> {
        let exempt = self.section.heading == "Exercises" || self.sources.draws(&self.section.file);
        let prose = self
            .section
            .blocks
            .iter()
            .filter(move |block| block.is(Kind::Prose) && !block.is_signpost() && !exempt);
        prose.flat_map(|block| {
            numbers::in_prose(&block.text).into_iter().map(move |number| (block, number))
        })
    }

    /// The numbers that are held: those of the code that runs, of the tests that are named, and of what was measured.
    fn held(&self) -> Vec<f64> {
        let mut held = Vec::new();
        for block in &self.section.blocks {
            match block.kind {
                Kind::Run => held.extend(literals::in_code(&block.text)),
                Kind::Prose => {
                    let named = names::in_prose(&block.text).into_iter().map(|(name, _)| name);
                    let tests = named.filter(|name| self.sources.is_test(name));
                    let all = tests.chain(names::linked(&block.text));
                    held.extend(all.flat_map(|name| self.sources.numbers(name)));
                }
                Kind::Heading | Kind::Quoted => {}
            }
        }
        for part in self.section.blocks.split(|block| block.is(Kind::Heading)) {
            if part.iter().any(measures) {
                let is_table = |block: &Block| block.is(Kind::Prose) && block.text.starts_with('|');
                let measured = part
                    .iter()
                    .filter(|block| measures(block) || is_table(block) || block.is(Kind::Quoted));
                held.extend(measured.flat_map(|block| {
                    let numbers = numbers::in_prose(&block.text).into_iter();
                    numbers.flat_map(|number| number.may_be().collect::<Vec<_>>())
                }));
            }
        }
        held
    }
}

/// Whether a block has a command that measures something.
fn measures(block: &Block) -> bool {
    let is_command = |text: &str| COMMANDS.iter().any(|command| text.starts_with(command));
    match block.kind {
        Kind::Prose => block.text.split('`').skip(1).step_by(2).any(is_command),
        Kind::Quoted => block.text.lines().any(is_command),
        Kind::Heading | Kind::Run => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong_in(text: &str) -> Vec<String> {
        let test = "#[test]\nfn a_test_of_it() {\n    assert_eq!(1, 77);\n}\n";
        let file = "crates/lt-a/tests/laws.rs".to_owned();
        let sources = Sources::new(vec![(file, test.to_owned())]);
        let (file, text) = ("a.md".to_owned(), text.to_owned());
        let sections = page::sections(&[Fragment { file, text, begins: true }]);
        let claims = |number: usize| Claims {
            section: &sections[number],
            next: sections.get(number + 1),
            chapter: "a",
            sources: &sources,
        };
        (0..sections.len()).flat_map(|number| claims(number).wrong()).collect()
    }

    #[test]
    fn what_is_held_is_not_reported() {
        for text in [
            "# Traps\n\n**A.** Wrong:\n\n```\nlet a = 1;\n```\n\n**B.** `a_test_of_it` in `tests/laws.rs`.\n",
            "# Laws\n\n- A: `a_test_of_it`.\n- B: `tests/bad_input.rs`.\n",
            "# The formula: it\n\nText.\n\n```\nassert!(true);\n```\n",
            "# The formula\n\nText.\n\n# The code\n\n```\nassert!(true);\n```\n",
            "# A\n\n12 and 77, see `a_test_of_it`.\n\n```\nassert_eq!(12, a);\n```\n",
            "# A\n\nMeasured: 33 ms.\n\n| 33 | 4.5 |\n\n```text\nlt eval --it\n```\n",
            "# Exercises\n\n1. Try 23.\n",
        ] {
            assert_eq!(wrong_in(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_nothing_holds_is_reported_with_its_place() {
        for (text, place, say) in [
            (
                "# Traps\n\n**A.** `a_test_of_it`\n\n**B.** Wrong.\n",
                "a.md:5",
                "the trap has no code",
            ),
            ("# Traps\n\n**A.** Wrong.\n\n```text\na\n```\n", "a.md:3", "the trap has no code"),
            ("# Laws\n\n- A: `a_test_of_it`.\n- B.\n", "a.md:4", "the law names no test"),
            ("A\n\n# The formula: it\n\nText.\n", "a.md:3", "\"The formula: it\" has no code"),
            ("# A\n\nFirst\n12\n\n# B\n\n```\nassert_eq!(12, a);\n```\n", "a.md:4", "12: in no"),
            ("# A\n\n## Measured\n\n`lt eval`: 33\n\n## B\n\n| 4.5 |\n", "a.md:9", "4.5: in no"),
            ("# A\n\n`a_test_of_it` in `src/a.rs`\n", "a.md:3", "there is no file `src/a.rs`"),
        ] {
            let wrong = wrong_in(text);
            let expected = format!("{place}: {say}");
            assert!(wrong.len() == 1 && wrong[0].starts_with(&expected), "{text}: {wrong:?}");
        }
    }
}
