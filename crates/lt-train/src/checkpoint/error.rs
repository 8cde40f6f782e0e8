//! Why a checkpoint was not written, or not taken.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a checkpoint was not written, or not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The system would not let us read or write.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: "write", "rename".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The model's own files could not be written or read.
    #[error("the model in `{}` could not be {done}", folder.display())]
    Model {
        /// "saved" or "loaded".
        done: &'static str,
        /// The folder of the checkpoint.
        folder: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file that is not what was written.
    #[error(
        "`{}` is damaged: {problem}; write the name of an older folder into `latest`, or delete \
         `latest` to begin anew", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A checkpoint of a later version of this library.
    #[error("`{}` has format {got}, expected {expected}: use the version that wrote it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        got: u64,
        /// Ours.
        expected: u64,
    },
    /// A checkpoint of another recipe.
    #[error(
        "`{}` is of another run: its {field} is {stored}, the recipe's is {ours}; use the recipe \
         it was made with, or another folder", folder.display()
    )]
    OtherRecipe {
        /// The folder of the checkpoint.
        folder: PathBuf,
        /// The part of the recipe that differs.
        field: String,
        /// What the checkpoint has.
        stored: String,
        /// What the recipe has.
        ours: String,
    },
    /// A checkpoint of another model.
    #[error(
        "`{}` is of another model: its parameter `{name}` is {stored}, the model's is {ours}; use \
         the model it was made with, or another folder", folder.display()
    )]
    OtherModel {
        /// The folder of the checkpoint.
        folder: PathBuf,
        /// The first parameter that differs.
        name: String,
        /// Its shape in the checkpoint, or "absent".
        stored: String,
        /// Its shape in the model, or "absent".
        ours: String,
    },
}
