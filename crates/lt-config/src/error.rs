//! What can be wrong with a configuration, and how it is said.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a configuration was refused.
///
/// Each message names the file, what was found and what was expected. The error of the system or
/// of the JSON parser behind it, where there is one, is the [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file or a directory that has to be there is not.
    #[error("`{}` does not exist: {hint}", path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
        /// What to do.
        hint: &'static str,
    },
    /// A directory or a device where a file, or a file where a directory, was expected.
    #[error("`{}` is not a {expected}", path.display())]
    WrongKind {
        /// What is there.
        path: PathBuf,
        /// "file" or "directory".
        expected: &'static str,
    },
    /// A link to a file that is not there.
    #[error(
        "`{}` is a link to `{}`, which does not exist: was a cache copied without its `blobs`?",
        path.display(),
        target.display()
    )]
    DeadLink {
        /// The link.
        path: PathBuf,
        /// What it points to.
        target: PathBuf,
    },
    /// The system would not let us read.
    #[error("cannot read `{}`: {}", path.display(), source.kind())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file far larger than any configuration; it was not read.
    #[error("`{}` has {bytes} bytes, expected at most {limit}: is it a configuration?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Bytes that are no text.
    #[error("`{}` is not UTF-8: byte {} begins no character", path.display(), source.valid_up_to())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Where it stops to be UTF-8.
        source: std::str::Utf8Error,
    },
    /// Text that is no JSON, or JSON nested too deeply.
    #[error("{origin} is not JSON: line {}, column {}", source.line(), source.column())]
    Json {
        /// Where the text came from.
        origin: Origin,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A value of the wrong type or out of range.
    #[error("{origin}: {field} is {got}, expected {expected}")]
    Field {
        /// Where it is.
        origin: Origin,
        /// The key, as the file writes it.
        field: String,
        /// The value, as the file writes it.
        got: String,
        /// What it may be.
        expected: String,
    },
    /// A setting that means something, but not to this library.
    #[error("{origin}: {field} is {got}, which is not supported: {why}")]
    Unsupported {
        /// Where it is.
        origin: Origin,
        /// The key, as the file writes it.
        field: String,
        /// The value, as the file writes it.
        got: String,
        /// What is supported instead.
        why: &'static str,
    },
    /// A model of a family that this library does not know.
    #[error(
        "{origin}: model_type is {model_type} ({architectures}), expected one of: {known}{advice}"
    )]
    UnknownFamily {
        /// Where it says so.
        origin: Origin,
        /// What it says it is.
        model_type: String,
        /// The classes it says it was made for.
        architectures: String,
        /// The families there are.
        known: String,
        /// What to do, if anything can be done.
        advice: &'static str,
    },
}

/// Where a configuration came from, as a message names it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// Text or a value in memory.
    Memory,
}

impl Origin {
    pub(crate) fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Memory => f.write_str("the configuration"),
        }
    }
}
