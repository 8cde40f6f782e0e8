//! How a command fails: what is printed, and when nothing is.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::columns::printable_lines;

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command stopped.
///
/// Any error becomes one with `?`. It is no [`Error`] itself, or that conversion could not be.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads what is printed (`lt … | head -1`): no reason to complain.
    ClosedOutput,
    /// Something went wrong.
    Failed {
        /// What.
        error: Box<dyn Error + Send + Sync>,
        /// What to do about it, where the error does not say so itself.
        hint: Option<String>,
    },
}

impl Failure {
    /// A failure with a message of its own.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Failed { error: message.into().into(), hint: None }
    }

    /// With advice.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::ClosedOutput => Self::ClosedOutput,
            Self::Failed { error, .. } => Self::Failed { error, hint: Some(hint.into()) },
        }
    }

    /// Says where it went wrong: which text, which file.
    pub(crate) fn at(self, place: impl Into<String>) -> Self {
        match self {
            Self::ClosedOutput => Self::ClosedOutput,
            Self::Failed { error, hint } => {
                let place = place.into();
                Self::Failed { error: Box::new(Placed { place, source: error }), hint }
            }
        }
    }

    /// Writes `error:` and `hint:` to the standard error stream.
    pub(crate) fn print(&self) {
        let Self::Failed { hint, .. } = self else { return };
        let bold = |color: AnsiColor| Style::new().bold().fg_color(Some(color.into()));
        let (red, cyan) = (bold(AnsiColor::Red), bold(AnsiColor::Cyan));
        complain(format_args!("{red}error:{red:#} {}", printable_lines(&self.to_string())));
        if let Some(hint) = hint {
            complain(format_args!("{cyan}hint:{cyan:#} {hint}"));
        }
    }
}

/// Writes a line to the standard error stream. If that cannot be written, there is nobody to tell.
pub(crate) fn complain(line: impl fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// The message with everything that led to it.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedOutput => ClosedOutput.fmt(f),
            Self::Failed { error, .. } => Chain(error.as_ref()).fmt(f),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let error: Box<dyn Error + Send + Sync> = Box::new(error);
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match inner {
            Some(inner) if inner.is::<ClosedOutput>() => Self::ClosedOutput,
            _ => Self::Failed { error, hint: None },
        }
    }
}

/// An error and where it happened.
#[derive(Debug, thiserror::Error)]
#[error("{place}")]
struct Placed {
    place: String,
    source: Box<dyn Error + Send + Sync>,
}

/// An error with everything that led to it.
struct Chain<'a>(&'a (dyn Error + Send + Sync + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            let message = error.to_string();
            // Some errors repeat their source, or are it (`#[error(transparent)]`).
            if !said.contains(&message) {
                write!(f, ": {message}")?;
            }
            said = message;
            source = error.source();
        }
        Ok(())
    }
}

/// What [`Output`](crate::output::Output) says when nobody reads it any more.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output")]
pub(crate) struct ClosedOutput;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn sources_are_printed_behind_the_error_and_not_twice() {
        let error = Outer(io::Error::other("inner"));
        assert_eq!(Chain(&error).to_string(), "outer: inner");
        let transparent = io::Error::other(Outer(io::Error::other("inner")));
        assert_eq!(Chain(&transparent).to_string(), "outer: inner");
    }

    #[test]
    fn only_a_closed_output_is_passed_over_in_silence() {
        let closed = Failure::from(io::Error::new(io::ErrorKind::BrokenPipe, ClosedOutput));
        assert!(matches!(closed, Failure::ClosedOutput));
        let elsewhere = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(elsewhere, Failure::Failed { .. }));
    }
}
