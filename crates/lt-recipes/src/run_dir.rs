//! The folder of a run: its recipe, its metrics, its checkpoints, and in the end the model.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use lt_train::checkpoint::ModelFiles;
use serde::Serialize;
use serde_json::Value;

use crate::hf_folder::{HfFolder, Portable, write};
use crate::tasks::sentence_model::SentenceSettings;
use crate::{RecipeError, Result};

/// Whether a run that is there is gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resume {
    /// It is refused: a run that took days is not overwritten by a slip.
    #[default]
    Refuse,
    /// It is gone on with; where there is none, one begins.
    GoOn,
}

/// The folder of a run.
///
/// ```text
/// out/config.toml     the recipe as it was carried out
/// out/metrics.jsonl   a line a step, a line an evaluation
/// out/step-000500/    checkpoints, each a Hugging Face directory
/// out/model/          the model in the end
/// ```
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
}

const RECIPE: &str = "config.toml";
const METRICS: &str = "metrics.jsonl";

impl RunDir {
    /// The folder at this path, made if there is none.
    pub(crate) fn open(path: &Path, recipe: &impl Serialize, resume: Resume) -> Result<Self> {
        let is_saved = path.join("latest").exists();
        // Before its first step a run is none yet: a recipe that was refused can be mended.
        let has_steps = fs::metadata(path.join(METRICS)).is_ok_and(|metrics| metrics.len() > 0);
        if (is_saved || has_steps) && resume == Resume::Refuse {
            return Err(RecipeError::RunExists { dir: path.to_owned() });
        }
        fs::create_dir_all(path)
            .map_err(|source| RecipeError::Write { path: path.to_owned(), source })?;
        let text = toml::to_string_pretty(recipe).map_err(|error| RecipeError::File {
            place: "the recipe".to_owned(),
            problem: error.to_string(),
            hint: None,
        })?;
        // The recipe of a run that is gone on with stays: another one is refused.
        let recipe = path.join(RECIPE);
        if !is_saved || !recipe.exists() {
            write(&recipe, text.as_bytes())?;
        }
        Ok(Self { path: path.to_owned() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many steps the latest checkpoint has.
    pub(crate) fn saved_steps(&self) -> u64 {
        let latest = fs::read_to_string(self.path.join("latest")).unwrap_or_default();
        latest.trim().strip_prefix("step-").and_then(|step| step.parse().ok()).unwrap_or(0)
    }

    /// The file of the metrics, to be added to. Steps behind the latest checkpoint will be taken
    /// again: their lines go.
    pub(crate) fn metrics(&self) -> Result<File> {
        let path = self.path.join(METRICS);
        let saved = self.saved_steps();
        let stays = |line: &&str| {
            let metrics: Value = serde_json::from_str(line).unwrap_or_default();
            let step = metrics.get("step").and_then(Value::as_u64);
            let before = if metrics.get("evaluation").is_some() { saved + 1 } else { saved };
            step.is_some_and(|step| step < before)
        };
        let unwritable = |source| RecipeError::Write { path: path.clone(), source };
        match fs::read_to_string(&path) {
            Ok(text) => {
                let kept: String =
                    text.lines().filter(stays).flat_map(|line| [line, "\n"]).collect();
                if kept != text {
                    write(&path, kept.as_bytes())?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(RecipeError::Read { path, source }),
        }
        OpenOptions::new().append(true).create(true).open(&path).map_err(unwritable)
    }

    /// Loads the checkpoint that was best, unless it is the latest.
    pub(crate) fn load_best<M>(&self, model: &mut M, files: &dyn ModelFiles<M>) -> Result<()> {
        let name = |pointer: &str| fs::read_to_string(self.path.join(pointer)).ok();
        match name("best") {
            Some(best) if Some(&best) != name("latest").as_ref() => {
                let folder = self.path.join(best.trim());
                files.load(model, &folder).map_err(|source| {
                    let done = "loaded";
                    lt_train::checkpoint::CheckpointError::Model { done, folder, source }.into()
                })
            }
            _ => Ok(()),
        }
    }

    /// Writes the model in the end, all of it or nothing.
    pub(crate) fn write_model(
        &self,
        model: &impl Portable,
        folder: &HfFolder,
        sentences: Option<SentenceSettings>,
    ) -> Result<PathBuf> {
        let (path, beside) = (self.path.join("model"), self.path.join(".model.unfinished"));
        let unwritable = |source| RecipeError::Write { path: path.clone(), source };
        remove(&beside).map_err(unwritable)?;
        fs::create_dir_all(&beside).map_err(unwritable)?;
        folder.write(model, &beside)?;
        if let Some(settings) = sentences {
            settings.write(&beside)?;
        }
        remove(&path).map_err(unwritable)?;
        fs::rename(&beside, &path).map_err(unwritable)?;
        Ok(path)
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
