//! Models by name: the Hugging Face hub, and its cache on this machine.

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hf_hub::progress::{DownloadEvent, ProgressEvent, ProgressHandler};
use hf_hub::{HFClientSync, HFError, HFRepositorySync, RepoTypeModel};
use indicatif::ProgressBar;

use crate::failure::{Failure, Result};
use crate::model_dir::HubName;
use crate::progress::Progress;

/// What the commands read, in the model's directory and those of its modules.
const WANTED: [&str; 6] =
    ["*.json", "*/*.json", "*.txt", "*/*.txt", "model*.safetensors", "*/model*.safetensors"];

/// The same weights for other programs.
const UNWANTED: [&str; 3] = ["onnx/*", "openvino/*", "coreml/*"];

/// The directory of a model: downloaded if need be, kept in the usual cache (`HF_HUB_CACHE`,
/// `HF_HOME`).
///
/// With `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE` set, and when the hub cannot be reached, the
/// cache alone is looked at.
pub(crate) fn model_dir(name: &HubName<'_>) -> Result<PathBuf> {
    let HubName { organisation, model } = *name;
    let shown = format!("{organisation}/{model}");
    let repository = HFClientSync::new()?.model(organisation, model);
    let variables = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"];
    if let Some(offline) = variables.into_iter().find(|name| is_set(name)) {
        return cached(&repository).map_err(|error| {
            Failure::from(error)
                .at(format!("`{shown}` is not in the cache, and {offline} is set"))
                .hint("unset it and run the command once with a network connection")
        });
    }

    let progress = Progress::new("MB", Some(0));
    let download = repository
        .snapshot_download()
        .allow_patterns(WANTED.map(str::to_owned).to_vec())
        .ignore_patterns(UNWANTED.map(str::to_owned).to_vec())
        .progress(Download { bar: progress.bar(), files: Mutex::default() })
        .send();
    drop(progress);
    match download {
        Err(error @ HFError::Request { .. }) => cached(&repository).map_err(|_| {
            Failure::from(error)
                .at(format!("cannot fetch `{shown}`"))
                .hint("is there a network connection? A directory on this machine needs none")
        }),
        other => other.map_err(|error| Failure::from(error).at(format!("cannot fetch `{shown}`"))),
    }
}

fn cached(repository: &HFRepositorySync<RepoTypeModel>) -> Result<PathBuf, HFError> {
    repository.snapshot_download().local_files_only(true).send()
}

/// As the Python library takes it.
fn is_set(name: &str) -> bool {
    env::var(name)
        .is_ok_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()))
}

/// Adds up what has come of each file.
struct Download {
    bar: ProgressBar,
    files: Mutex<HashMap<String, u64>>,
}

impl ProgressHandler for Download {
    fn on_progress(&self, event: &ProgressEvent) {
        const MB: u64 = 1_000_000;
        let ProgressEvent::Download(event) = event else { return };
        // A count is right even if another thread stopped in the middle of counting.
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            DownloadEvent::Start { total_bytes, .. } => self.bar.set_length(total_bytes / MB),
            DownloadEvent::Progress { files: changed } => {
                for file in changed {
                    files.insert(file.filename.clone(), file.bytes_completed);
                }
            }
            DownloadEvent::AggregateProgress { bytes_completed, .. } => {
                files.insert(String::new(), *bytes_completed);
            }
            DownloadEvent::Complete => {}
        }
        self.bar.set_position(files.values().sum::<u64>() / MB);
    }
}
