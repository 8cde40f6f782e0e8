//! Why a model could not be loaded.

use lt_config::ConfigError;
use lt_weights::{LoadError, ReadError};

/// Why a model could not be loaded from its directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Its configuration cannot be read, or says something that cannot be built.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its files cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The tensors in its files are not those of the model.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A layer refused its settings.
    #[error(transparent)]
    Layer(#[from] lt_core::Error),
    /// It has another head than the one asked for.
    #[error("expected a checkpoint with {expected}, but this one has {found}")]
    Head {
        /// The head that was asked for.
        expected: &'static str,
        /// What the names of transformers' classes with that head end with: `ForMaskedLM`.
        class: &'static str,
        /// What the checkpoint has.
        found: String,
    },
    /// Its head is one that is not known here.
    #[error(
        "the checkpoint is a {found:?}, expected one of {}: the encoder in it can still be used \
         by itself, for sentence vectors",
        known.join(", ")
    )]
    Architecture {
        /// What its configuration says it is.
        found: String,
        /// What can be loaded whole.
        known: Vec<String>,
    },
}
