//! `[evaluation]` and `[checkpoints]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[evaluation]`: the loss on files that are not trained on. The model that was best is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EvaluationSection {
    /// The files, in the format of `[data]`.
    pub files: Vec<PathBuf>,
    /// After how many steps, each time: ten times in all if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// How many evaluations without a better one end the run early: none do if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
}

/// `[checkpoints]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct CheckpointsSection {
    /// After how many steps, each time: 500. And after the last.
    pub every: u64,
    /// How many of the last ones stay: 2. The best stays too.
    pub keep: usize,
}

impl Default for CheckpointsSection {
    fn default() -> Self {
        Self { every: 500, keep: 2 }
    }
}
