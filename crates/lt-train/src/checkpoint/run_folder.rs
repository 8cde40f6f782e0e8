//! The folder of a run, with its checkpoints.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use lt_core::Params;

use super::manifest::{Manifest, Mark};
use super::{CheckpointError, ModelFiles, Progress, Storage};
use crate::Recipe;

const STATE: &str = "state.json";
const OPTIMIZER: &str = "optimizer.safetensors";
const LATEST: &str = "latest";
const BEST: &str = "best";

/// The folder of a run.
///
/// ```text
/// run/latest                           "step-000120": where to go on
/// run/best                             "step-000080": the best evaluation
/// run/step-000120/model.safetensors    the model's own files
/// run/step-000120/optimizer.safetensors
/// run/step-000120/state.json           recipe, progress, and a fingerprint of each file
/// ```
///
/// A checkpoint is written under another name, brought to the disk, and renamed; then `latest` is
/// replaced likewise. So whenever the program is killed, `latest` names a checkpoint that is whole,
/// or does not exist yet.
pub struct RunFolder<'a> {
    path: PathBuf,
    storage: &'a dyn Storage,
}

impl std::fmt::Debug for RunFolder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunFolder").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A checkpoint that was read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Restored {
    /// How far the run had come.
    pub progress: Progress,
    /// The optimiser's state, as it was saved.
    pub optimizer: Vec<u8>,
}

impl<'a> RunFolder<'a> {
    /// The folder at this path, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, storage: &'a dyn Storage) -> Self {
        Self { path: path.into(), storage }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Saves a checkpoint, makes it the latest, and removes old ones: of the last, `keep` stay
    /// (at least one), and the best stays too.
    ///
    /// # Errors
    /// If anything could not be written. The latest checkpoint is then the one before.
    pub fn save<M: Params>(
        &self,
        model: &M,
        files: &dyn ModelFiles<M>,
        optimizer: &[u8],
        recipe: &Recipe,
        progress: Progress,
        keep: usize,
    ) -> Result<(), CheckpointError> {
        let storage = self.storage;
        let name = folder_name(progress.step);
        let (unfinished, finished) =
            (self.path.join(format!(".{name}.unfinished")), self.path.join(&name));
        if self.pointer(LATEST)?.as_deref() == Some(&name) {
            return Ok(()); // A run that ends where it was taken up has nothing new to save.
        }
        tried("create", &self.path, storage.create_folder(&self.path))?;
        self.remove_if_there(&unfinished)?;
        tried("create", &unfinished, storage.create_folder(&unfinished))?;

        let mut refused = None;
        let written = storage.let_write(&unfinished, &mut |folder| {
            files.save(model, folder).map_err(|source| {
                let text = source.to_string();
                refused = Some(source);
                io::Error::other(text)
            })
        });
        if let Some(source) = refused {
            return Err(CheckpointError::Model { done: "saved", folder: finished, source });
        }
        tried("write", &unfinished, written)?;
        let path = unfinished.join(OPTIMIZER);
        tried("write", &path, storage.write(&path, optimizer))?;

        let mut marks = BTreeMap::new();
        for name in tried("list", &unfinished, storage.list(&unfinished))? {
            let path = unfinished.join(&name);
            marks.insert(name, Mark::of(&tried("read", &path, storage.read(&path))?));
            tried("sync", &path, storage.sync(&path))?;
        }
        let path = unfinished.join(STATE);
        let state = Manifest::new(recipe, model, progress, marks)
            .and_then(|manifest| serde_json::to_vec_pretty(&manifest));
        let state = tried("write", &path, state.map_err(io::Error::from))?;
        tried("write", &path, storage.write(&path, &state))?;
        tried("sync", &path, storage.sync(&path))?;
        tried("sync", &unfinished, storage.sync(&unfinished))?;

        // One that was saved, but never became the latest.
        self.discard(&name)?;
        tried("rename", &unfinished, storage.rename(&unfinished, &finished))?;
        tried("sync", &self.path, storage.sync(&self.path))?;
        self.point(LATEST, &name)?;
        self.tidy(progress, keep)
    }

    /// Finishes what saving this progress may have left undone: points to the best checkpoint, and
    /// removes old ones and what killed processes have left.
    ///
    /// # Errors
    /// If anything could not be written or removed. What is there is still whole.
    pub fn tidy(&self, progress: Progress, keep: usize) -> Result<(), CheckpointError> {
        let best = progress.best.map(|best| folder_name(best.step));
        if let Some(best) = &best
            && self.pointer(BEST)?.as_ref() != Some(best)
        {
            self.point(BEST, best)?;
        }
        self.prune(keep.max(1), best.as_deref())
    }

    /// Takes up the latest checkpoint: checks it, loads the model from it, and gives the rest.
    /// `None` if there is none: then the run begins.
    ///
    /// # Errors
    /// If the checkpoint is damaged, or of another recipe or model. The model is as it was then,
    /// unless its own files cannot be loaded.
    pub fn resume<M: Params>(
        &self,
        model: &mut M,
        files: &dyn ModelFiles<M>,
        recipe: &Recipe,
    ) -> Result<Option<Restored>, CheckpointError> {
        let Some(name) = self.pointer(LATEST)? else { return Ok(None) };
        let folder = self.path.join(&name);
        let path = folder.join(STATE);
        let content = tried("read", &path, self.storage.read(&path))?;
        let manifest = Manifest::parse(&path, &content)?;
        manifest.check(&folder, recipe, model)?;
        let mut optimizer = Vec::new();
        for (name, mark) in &manifest.files {
            let path = folder.join(name);
            let content = tried("read", &path, self.storage.read(&path))?;
            if let Some(problem) = mark.problem(&content) {
                return Err(CheckpointError::Damaged { path, problem });
            }
            if name == OPTIMIZER {
                optimizer = content;
            }
        }
        files.load(model, &folder).map_err(|source| CheckpointError::Model {
            done: "loaded",
            folder,
            source,
        })?;
        Ok(Some(Restored { progress: manifest.progress, optimizer }))
    }

    /// What a file of one name says, if it is there.
    fn pointer(&self, name: &str) -> Result<Option<String>, CheckpointError> {
        let path = self.path.join(name);
        match self.storage.read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            content => {
                let content = tried("read", &path, content)?;
                Ok(Some(String::from_utf8_lossy(&content).trim().to_owned()))
            }
        }
    }

    /// Replaces a file of one name.
    fn point(&self, pointer: &str, name: &str) -> Result<(), CheckpointError> {
        let unfinished = self.path.join(format!(".{pointer}.unfinished"));
        let content = format!("{name}\n");
        tried("write", &unfinished, self.storage.write(&unfinished, content.as_bytes()))?;
        tried("sync", &unfinished, self.storage.sync(&unfinished))?;
        let path = self.path.join(pointer);
        tried("rename", &unfinished, self.storage.rename(&unfinished, &path))?;
        tried("sync", &self.path, self.storage.sync(&self.path))
    }

    /// Removes all checkpoints but the last and the best, and what killed processes have left.
    fn prune(&self, keep: usize, best: Option<&str>) -> Result<(), CheckpointError> {
        let names = tried("list", &self.path, self.storage.list(&self.path))?;
        let (left, checkpoints): (Vec<_>, Vec<_>) = names
            .into_iter()
            .filter(|name| name.trim_start_matches('.').starts_with("step-"))
            .partition(|name| name.starts_with('.'));
        for name in left {
            self.remove_if_there(&self.path.join(name))?;
        }
        let mut checkpoints: Vec<(u64, String)> = checkpoints
            .into_iter()
            .filter_map(|name| Some((name.strip_prefix("step-")?.parse().ok()?, name)))
            .collect();
        checkpoints.sort();
        let old = checkpoints.len().saturating_sub(keep);
        for (_, name) in checkpoints.iter().take(old).filter(|(_, name)| Some(&name[..]) != best) {
            self.discard(name)?;
        }
        Ok(())
    }

    /// Removes a checkpoint, if it is there. Under its own name it is whole until the end.
    fn discard(&self, name: &str) -> Result<(), CheckpointError> {
        let (path, removed) = (self.path.join(name), self.path.join(format!(".{name}.removed")));
        self.remove_if_there(&removed)?;
        match self.storage.rename(&path, &removed) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => {
                tried("rename", &path, renamed)?;
                self.remove_if_there(&removed)
            }
        }
    }

    fn remove_if_there(&self, folder: &Path) -> Result<(), CheckpointError> {
        match self.storage.remove_folder(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => tried("remove", folder, removed),
        }
    }
}

/// The name of the checkpoint after so many steps.
fn folder_name(step: u64) -> String {
    format!("step-{step:06}")
}

fn tried<T>(
    action: &'static str,
    path: &Path,
    result: io::Result<T>,
) -> Result<T, CheckpointError> {
    result.map_err(|source| CheckpointError::Io { action, path: path.to_owned(), source })
}
