//! `cargo xtask grade`: puts the reader's functions to the test, and says how it went.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use lt_exercises::{Exercise, Outcome, chapters};

/// Grade the exercises of a chapter
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask grade")]
struct Arguments {
    /// The chapter; without one, how far you are in each
    chapter: Option<String>,
    /// One exercise of it
    exercise: Option<String>,
    /// How many hints to show for what does not hold yet
    #[arg(long, value_name = "N", default_value_t = 0)]
    hint: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| ())); // what a panic says is part of what is printed
    let report = match report(&arguments) {
        Ok(report) => report,
        Err(unknown) => {
            eprintln!("error: {unknown}");
            return ExitCode::from(2);
        }
    };
    // A reader who has read enough, such as `head`, is no failure.
    let _ = std::io::stdout().write_all(report.text.as_bytes());
    report.code
}

struct Report {
    text: String,
    code: ExitCode,
}

fn report(arguments: &Arguments) -> Result<Report, String> {
    let all = chapters();
    let Some(chapter) = &arguments.chapter else { return Ok(overview(&all)) };
    let names = all.iter().map(|(name, _)| *name);
    let known = known("chapter", chapter, names)?;
    let exercises = all.iter().find(|(name, _)| *name == known).map_or(&[][..], |(_, of)| *of);
    let Some(exercise) = &arguments.exercise else {
        return Ok(graded(exercises, arguments.hint));
    };
    let known = self::known("exercise", exercise, exercises.iter().map(|exercise| exercise.name))?;
    let one: Vec<_> = exercises.iter().filter(|exercise| exercise.name == known).copied().collect();
    Ok(graded(&one, arguments.hint))
}

/// The name, if it is one of these; else the nearest, and all of them.
fn known<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<&'a str, String> {
    let names: Vec<_> = names.collect();
    if let Some(known) = names.iter().find(|known| **known == name) {
        return Ok(known);
    }
    let nearest = names.iter().min_by_key(|known| strsim::levenshtein(known, name));
    let nearest =
        nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
    Err(format!("no {what} is called `{name}`{nearest}\n{what}s: {}", names.join(", ")))
}

fn overview(all: &[(&'static str, &'static [Exercise])]) -> Report {
    let mut text = String::new();
    for (chapter, exercises) in all {
        let done = exercises.iter().filter(|of| of.grade() == Outcome::Done).count();
        let _ = writeln!(text, "{chapter:<12} {done} of {}", exercises.len());
    }
    text.push_str("\none of them: cargo xtask grade CHAPTER\n");
    Report { text, code: ExitCode::SUCCESS }
}

fn graded(exercises: &[Exercise], hints: usize) -> Report {
    let width = exercises.iter().map(|exercise| exercise.name.len()).max().unwrap_or(0);
    let (mut table, mut wrong) = (String::new(), String::new());
    let mut code = ExitCode::SUCCESS;
    for exercise in exercises {
        let outcome = exercise.grade();
        let result = match &outcome {
            Outcome::Done => "done",
            Outcome::NotBegun => "not begun",
            Outcome::Wrong(_) => "does not hold",
        };
        let Exercise { stars, name, .. } = exercise;
        let _ = writeln!(table, "{stars:<3}  {name:<width$}  {result}");
        if outcome == Outcome::Done {
            continue;
        }
        code = ExitCode::FAILURE;
        if let Outcome::Wrong(said) = outcome {
            let _ = writeln!(wrong, "\n── {name} ──\n{said}\n{}", hint(exercise, hints));
        } else if exercises.len() == 1 {
            let chapter = exercise.chapter;
            let _ = writeln!(
                wrong,
                "\nwrite it in crates/lt-exercises/src/{chapter}.rs\n{}",
                hint(exercise, hints)
            );
        }
    }
    Report { text: table + &wrong, code }
}

/// The first hints, and how to see one more.
fn hint(exercise: &Exercise, count: usize) -> String {
    let Exercise { chapter, name, hints, .. } = exercise;
    let mut text = String::new();
    for (number, hint) in hints.iter().take(count).enumerate() {
        let _ = writeln!(text, "hint {} of {}: {hint}", number + 1, hints.len());
    }
    if count < hints.len() {
        let (next, which) = (count + 1, if count == 0 { "a hint" } else { "one more" });
        let _ = writeln!(text, "{which}: cargo xtask grade {chapter} {name} --hint {next}");
    }
    text
}
