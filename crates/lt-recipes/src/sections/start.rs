//! `[model]` and `[tokenizer]`: what a run begins with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Table;

/// `[model]`: either `from = "DIR"`, a checkpoint to go on from, or `type = "bert"` and sizes, as
/// `config.json` spells them, for a new model.
///
/// With `from`, `layers = [0, 2, 5]` keeps these layers alone; any other key changes the
/// checkpoint's `config.json` (`hidden_dropout_prob = 0.0`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelSection(pub Table);

/// `[tokenizer]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TokenizerSection {
    /// The folder with `tokenizer.json` (or `vocab.txt`): that of the model if it is not said.
    ///
    /// With a checkpoint and another tokenizer than its own, the model has the words of the
    /// tokenizer. Each begins with the row that the checkpoint has for it, or with the mean of
    /// those of the pieces that the checkpoint's tokenizer cuts it into
    /// ([Gee et al. 2022](https://arxiv.org/abs/2402.09977)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
}
