//! Running other programs: cargo, Python and pip.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, stderr};
use std::process::Stdio;

pub(crate) use std::process::Command;

use crate::failure::{Failure, Result};

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Prints the command, runs it with the terminal as it is, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", shown(command));
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(failed(command)) }
}

/// Runs the command and gives back its standard output; its standard error goes to the terminal.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let (succeeded, said) = outcome(command)?;
    if succeeded { Ok(said) } else { Err(failed(command)) }
}

/// Runs the command and gives back whether it succeeded, with its standard output.
pub(crate) fn outcome(command: &mut Command) -> Result<(bool, String)> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Runs the command, passes on to standard error all it says, and gives back whether it succeeded,
/// with what it said on standard error.
pub(crate) fn watch(command: &mut Command) -> Result<(bool, String)> {
    let mut child = command
        .stdout(stderr())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let mut said = String::new();
    for line in child.stderr.take().into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')) {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        said.push_str(&line);
        said.push('\n');
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    Ok((status.success(), said))
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot run `{}`: {error}", shown(command)))
}

fn failed(command: &Command) -> Failure {
    Failure::new(format!("`{}` failed", shown(command)))
}

/// The command as one would type it: the program without its folder, quotes around spaces.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(word);
    words.collect::<Vec<_>>().join(" ")
}

fn word(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.is_empty() || word.contains(char::is_whitespace) {
        format!("\"{word}\"")
    } else {
        word.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["run", "a b", ""]);
        assert_eq!(shown(&command), "cargo run \"a b\" \"\"");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let failure = run(&mut Command::new("nonesuch-program")).expect_err("no such program");
        assert!(failure.to_string().contains("cannot run `nonesuch-program`"), "{failure}");
    }

    #[test]
    fn what_a_watched_program_says_is_kept() {
        let mut command = cargo();
        command.arg("--nonesuch-flag");
        let (succeeded, said) = watch(&mut command).expect("cargo runs");
        assert!(!succeeded);
        assert!(said.contains("nonesuch-flag"), "{said}");
    }

    #[test]
    fn a_program_that_fails_is_a_failure() {
        let mut command = cargo();
        command.arg("--nonesuch-flag").stderr(Stdio::null());
        assert!(run(&mut command).is_err());
    }
}
