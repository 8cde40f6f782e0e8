//! The model's own files in a checkpoint.

use std::error::Error;
use std::path::Path;

use lt_core::Params;
use lt_weights::{Layout, Reading, SafetensorsFile, load, save};

/// How a model is saved and loaded: its own files, with which others can use it too.
pub trait ModelFiles<M>: Sync {
    /// Writes the model into a folder that exists, as files and not as folders.
    ///
    /// # Errors
    /// Whatever stands in the way.
    fn save(&self, model: &M, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Replaces the parameters of the model by those in the folder.
    ///
    /// # Errors
    /// Whatever stands in the way.
    fn load(&self, model: &mut M, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// `model.safetensors`, with the names that a layout gives: Hugging Face's.
///
/// A whole directory has `config.json` and a tokenizer besides; they do not change in training,
/// and whoever has them writes them with a [`ModelFiles`] of their own.
#[derive(Debug, Clone, Copy)]
pub struct WithLayout(pub Layout);

const MODEL: &str = "model.safetensors";

impl<M: Params> ModelFiles<M> for WithLayout {
    fn save(&self, model: &M, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(save(model, &self.0, folder.join(MODEL))?)
    }

    fn load(&self, model: &mut M, folder: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        // Copied, not mapped: the folder may be pruned while the run goes on.
        let file = SafetensorsFile::open(folder.join(MODEL), Reading::Copy)?;
        load(model, &file, &self.0)?;
        Ok(())
    }
}
