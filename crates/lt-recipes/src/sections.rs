//! The tables of a recipe.

mod data;
mod evaluation;
mod objective;
mod optimizer;
mod start;

pub use data::{BadRowsName, ColumnName, DataSection, FormatName};
pub use evaluation::{CheckpointsSection, EvaluationSection};
pub use objective::{Classify, Clm, Distill, Embed, EmbedLoss, Mlm, PoolingName, Tag};
pub use optimizer::{LoraSection, OptimizerName, OptimizerSection, ScheduleName, ScheduleSection};
pub use start::{ModelSection, TokenizerSection};

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{RecipeError, Result, Setting, toml_file};

/// A recipe: all that decides what is trained, as a TOML file says it. `T` is its table
/// `[objective]`, which differs from task to task.
///
/// Paths are from the folder that the program runs in, as on a command line.
///
/// ```
/// use lt_recipes::{Mlm, Training};
/// let recipe: Training<Mlm> = Training::parse(r#"
///     out = "run"
///     epochs = 3
///     [model]
///     type = "bert"
///     hidden_size = 64
///     [tokenizer]
///     from = "my-tokenizer"
///     [data]
///     files = ["corpus.txt"]
/// "#, &[])?;
/// assert_eq!(recipe.objective.rate, 0.15); // what is not said is as it was published
/// # Ok::<(), lt_recipes::RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Training<T> {
    /// The folder of the run.
    pub out: PathBuf,
    /// Where all randomness comes from: 0 if it is not said.
    #[serde(default)]
    pub seed: u64,
    /// How many steps there are; or else `epochs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// How many times all data is gone through: 1 if neither is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// What the model begins with.
    pub model: ModelSection,
    /// The tokenizer.
    #[serde(default)]
    pub tokenizer: TokenizerSection,
    /// What it is trained on.
    pub data: DataSection,
    /// What it is trained for.
    #[serde(default = "T::default", bound(deserialize = "T: Default + Deserialize<'de>"))]
    pub objective: T,
    /// How parameters follow their gradients.
    #[serde(default)]
    pub optimizer: OptimizerSection,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: ScheduleSection,
    /// Low-rank adapters, if the model itself is not to be trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraSection>,
    /// What the model is measured on while it is trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationSection>,
    /// How often the run is saved.
    #[serde(default)]
    pub checkpoints: CheckpointsSection,
}

impl<T: Default + DeserializeOwned> Training<T> {
    /// Reads a file, with settings laid over it.
    ///
    /// # Errors
    /// [`RecipeError::File`] with the place and the nearest name of what is misspelt.
    pub fn read(path: impl AsRef<Path>, over: &[Setting]) -> Result<Self> {
        toml_file::read(path.as_ref(), over)
    }

    /// Reads the text of a recipe.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn parse(text: &str, over: &[Setting]) -> Result<Self> {
        toml_file::parse(text, "the recipe", over)
    }
}

impl<T> Training<T> {
    /// How many steps there are, where an epoch has so many steps as `of_epochs` says.
    pub(crate) fn count_steps(&self, of_epochs: impl Fn(u64) -> u64) -> Result<u64> {
        match (self.steps, self.epochs) {
            (Some(0), _) | (None, Some(0)) => {
                let key = if self.steps.is_some() { "steps" } else { "epochs" };
                Err(RecipeError::setting(key, 0, "at least 1"))
            }
            (Some(_), Some(epochs)) => Err(RecipeError::setting(
                "epochs",
                epochs,
                "nothing, because `steps` is said: one of them",
            )),
            (Some(steps), None) => Ok(steps),
            (None, epochs) => Ok(of_epochs(epochs.unwrap_or(1))),
        }
    }
}
