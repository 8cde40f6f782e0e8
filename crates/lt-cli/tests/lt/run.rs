//! Runs `lt` and keeps what it said.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run came to.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// The output of a run that must succeed and have nothing to complain about.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// The lines of JSON of a run that must succeed.
    #[track_caller]
    pub(crate) fn json(self) -> Vec<Value> {
        let lines = self.ok();
        lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// The complaint of a run that must fail with exit code 1.
    #[track_caller]
    pub(crate) fn error(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
        self.err
    }
}

/// `lt` with nothing in its environment that changes what it does.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lt"));
    command.args(args);
    for name in ["LT_MODEL", "CLICOLOR_FORCE", "NO_COLOR", "HF_HUB_OFFLINE", "LT_INSTRUCTIONS"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn lt(args: &[&str]) -> Outcome {
    outcome(command(args))
}

pub(crate) fn outcome(mut command: Command) -> Outcome {
    let output = command.output().expect("lt runs");
    Outcome {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A command with a model, and the standard input.
pub(crate) fn lt_reading(input: &[u8], args: &[&str]) -> Outcome {
    let mut child = command(args).stdin(Stdio::piped()).spawn().expect("lt runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    // In a thread, so that neither side waits for the other with its pipe full.
    let writer = std::thread::spawn(move || {
        // lt may have had enough.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("lt ends");
    writer.join().expect("the input was written");
    Outcome {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
