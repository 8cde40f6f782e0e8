//! What can be wrong with data.

use std::path::PathBuf;

/// An error of the caller's tokenizer or collation.
pub(crate) type Foreign = Box<dyn std::error::Error + Send + Sync>;

/// Why data could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file that cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A row that cannot be used.
    #[error("`{}`, line {line}: {reason}; or let bad rows be skipped", path.display())]
    BadRow {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it, and what was expected.
        reason: String,
    },
    /// A file whose header does not fit.
    #[error("`{}`: {reason}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what was expected.
        reason: String,
    },
    /// Files without a record.
    #[error(
        "no record in {files}{}: expected at least one",
        if *skipped == 0 { String::new() } else { format!(", all {skipped} rows are bad") }
    )]
    Empty {
        /// The files.
        files: String,
        /// How many rows were skipped because they are bad.
        skipped: u64,
    },
    /// A file that is not what it was when its records were counted.
    #[error(
        "`{}` has changed since its records were counted, near line {line}: leave it alone while \
         a run goes on, or begin the run anew",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Where the part begins that is not what it was.
        line: u64,
    },
    /// Records of which no example was made.
    #[error("no example in {records} records: are all texts empty?")]
    NoExamples {
        /// How many records there are.
        records: usize,
    },
    /// A setting that cannot be.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What came.
        got: String,
        /// What can be.
        expected: &'static str,
    },
    /// Records that could not be made examples, or examples that could not be made a shard.
    #[error("the examples of {what} could not be made")]
    Encode {
        /// Of which records, or of which step.
        what: String,
        /// Why.
        source: Foreign,
    },
}
