//! A Hugging Face directory: a model with its configuration and its tokenizer.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use lt_config::ModelConfig;
use lt_core::Params;
use lt_model::{LoadOptions, Model, ModelError};
use lt_train::checkpoint::ModelFiles;
use lt_weights::{Reading, SaveError};
use serde_json::{Map, Value, json};

use crate::rows::Foreign;
use crate::{RecipeError, Result};

/// The files of tokenizers, in whatever way they were saved.
const TOKENIZER_FILES: [&str; 12] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "chat_template.jinja",
    "generation_config.json",
];

/// What a model is saved with.
#[derive(Debug, Clone)]
pub(crate) struct HfFolder {
    config: Map<String, Value>,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl HfFolder {
    /// This configuration, and the files of the tokenizer in this folder.
    pub(crate) fn new(mut config: Map<String, Value>, tokenizer: &Path) -> Result<Self> {
        // Parameters are trained, and saved, in this type.
        for key in ["dtype", "torch_dtype"] {
            if config.contains_key(key) {
                config.insert(key.to_owned(), json!("float32"));
            }
        }
        let mut files = Vec::new();
        for name in TOKENIZER_FILES {
            let path = tokenizer.join(name);
            match fs::read(&path) {
                Ok(bytes) => files.push((name, bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(RecipeError::Read { path, source }),
            }
        }
        Ok(Self { config, files })
    }

    /// The configuration.
    pub(crate) fn model_config(&self) -> Result<ModelConfig> {
        Ok(ModelConfig::from_json(&Value::Object(self.config.clone()).to_string())?)
    }

    /// Writes all of it into a folder that exists.
    pub(crate) fn write(&self, model: &impl Portable, folder: &Path) -> Result<()> {
        let mut config = self.config.clone();
        config.insert("architectures".to_owned(), json!([model.class()]));
        for (name, bytes) in &self.files {
            write(&folder.join(name), bytes)?;
        }
        write_json(&folder.join("config.json"), &Value::Object(config))?;
        Ok(model.save_as(&folder.join("model.safetensors"))?)
    }
}

/// A model that has a Hugging Face directory.
pub(crate) trait Portable: Params + Clone + Send + Sync + Sized {
    /// Loads it.
    fn load_from(dir: &Path, options: &LoadOptions) -> Result<Self, ModelError>;

    /// Saves its parameters.
    fn save_as(&self, path: &Path) -> Result<(), SaveError>;

    /// The class of transformers that it is.
    fn class(&self) -> String;
}

macro_rules! portable {
    ($($model:ident),*) => {$(
        impl Portable for lt_model::$model {
            fn load_from(dir: &Path, options: &LoadOptions) -> Result<Self, ModelError> {
                Ok(Self::from_dir(dir, options)?.model)
            }

            fn save_as(&self, path: &Path) -> Result<(), SaveError> {
                self.save(path)
            }

            fn class(&self) -> String {
                // Its weights are shared, not copied.
                Model::$model(self.clone()).architecture()
            }
        }
    )*};
}

portable!(MaskedLm, CausalLm, SequenceClassifier, TokenClassifier);

impl<M: Portable> ModelFiles<M> for HfFolder {
    fn save(&self, model: &M, folder: &Path) -> Result<(), Foreign> {
        self.write(model, folder).map_err(|error| match error {
            // As the system said it, so that a hint can be given.
            RecipeError::Write { source, .. } => source.into(),
            RecipeError::Save(error) => error.into(),
            error => error.into(),
        })
    }

    fn load(&self, model: &mut M, folder: &Path) -> Result<(), Foreign> {
        // Copied, not mapped: the folder may be pruned while the run goes on.
        *model = M::load_from(folder, &LoadOptions::default().reading(Reading::Copy))?;
        Ok(())
    }
}

/// Writes a file beside and renames it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.unfinished", std::process::id()));
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    written.map_err(|source| {
        // It may not have come to be; and where it cannot be removed, nothing is left to be done.
        let _ = fs::remove_file(&beside);
        RecipeError::Write { path: path.to_owned(), source }
    })
}

/// Writes JSON as people read it.
pub(crate) fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = format!("{value:#}\n");
    write(path, text.as_bytes())
}
