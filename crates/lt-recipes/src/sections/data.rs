//! `[data]`: files, their format, and how much of them a step has.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DataSection {
    /// The files, in this order.
    pub files: Vec<PathBuf>,
    /// Their format; what their names end with says it if this does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatName>,
    /// The field or column of the text: `"text"` if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<ColumnName>,
    /// That of the second text, where there are pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<ColumnName>,
    /// That of the label: `"label"` if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<ColumnName>,
    /// That of the score of a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<ColumnName>,
    /// What is done with rows that cannot be used.
    #[serde(default)]
    pub bad_rows: BadRowsName,
    /// The most bytes of a row: a million if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_row: Option<usize>,
    /// The most tokens of a text, special ones included: as many as the model takes, but at most
    /// 512, if it is not said. Language models cut longer texts into several, others cut them off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// The most tokens of a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_step: Option<usize>,
    /// The most examples of a step: 32 if neither is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub examples_per_step: Option<usize>,
    /// Into how many parts a step is cut, each of which one thread computes: 4 if it is not said,
    /// but 1 for contrastive sentence vectors, where a text is told apart from the others of its
    /// part. It changes the bits, and is the same on every machine; the number of threads is not
    /// and does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<usize>,
    /// Whether the order is another one in each epoch.
    #[serde(default = "yes")]
    pub shuffle: bool,
}

impl DataSection {
    /// These files, and nothing else said.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            files: files.into_iter().map(Into::into).collect(),
            format: None,
            text: None,
            second: None,
            label: None,
            score: None,
            bad_rows: BadRowsName::default(),
            longest_row: None,
            max_length: None,
            tokens_per_step: None,
            examples_per_step: None,
            shards: None,
            shuffle: true,
        }
    }
}

fn yes() -> bool {
    true
}

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FormatName {
    /// A text a line.
    Text,
    /// An object a line.
    Jsonl,
    /// A table with commas.
    Csv,
    /// A table with tabs.
    Tsv,
    /// A word a line with its tag, and an empty line behind a sentence.
    Conll,
}

/// A field of an object, or a column of a table: by its name, or by its place from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a name, or the number of a column")]
pub enum ColumnName {
    /// By its name.
    Named(String),
    /// By its place: the files have no header.
    At(usize),
}

/// A number is a place.
///
/// ```
/// use lt_recipes::ColumnName;
/// assert_eq!(ColumnName::from("2"), ColumnName::At(2));
/// assert_eq!(ColumnName::from("label"), ColumnName::Named("label".to_owned()));
/// ```
impl From<&str> for ColumnName {
    fn from(name: &str) -> Self {
        name.parse().map_or_else(|_| Self::Named(name.to_owned()), Self::At)
    }
}

/// What is done with rows that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BadRowsName {
    /// The run does not begin.
    #[default]
    Stop,
    /// They are passed over, and counted.
    Skip,
}
