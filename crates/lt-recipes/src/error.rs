//! Why a recipe was not carried out.

use std::io;
use std::path::PathBuf;

use lt_config::ConfigError;
use lt_model::ModelError;
use lt_tasks::TaskError;
use lt_tokenizer::TokenizerError;
use lt_train::TrainError;
use lt_train::checkpoint::CheckpointError;
use lt_train::data::DataError;
use lt_weights::SaveError;

/// The result of everything here.
pub type Result<T, E = RecipeError> = std::result::Result<T, E>;

/// Why a recipe was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// A file that cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder that cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A recipe that cannot be understood, or a file that it is not.
    #[error("{place}: {problem}")]
    File {
        /// Where: the file with line and column, or the setting of the command line.
        place: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A value of the recipe that cannot be.
    #[error("{key} is {got}, expected {expected}")]
    Setting {
        /// The key with its table: `data.files`.
        key: String,
        /// What came.
        got: String,
        /// What can be.
        expected: String,
    },
    /// A folder that holds a run already.
    #[error("`{}` holds a run already", dir.display())]
    RunExists {
        /// The folder.
        dir: PathBuf,
    },
    /// A row of the data that cannot be used.
    #[error("{row}: {problem}")]
    Row {
        /// Which one.
        row: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// Metrics that cannot be drawn.
    #[error("{place}: {problem}")]
    Metrics {
        /// The file, with the line.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The run itself.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A checkpoint of the run.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The model to begin with.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Its configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its tokenizer.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// A model that is only used.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The model could not be saved.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// What a layer refused.
    #[error(transparent)]
    Layer(#[from] lt_core::Error),
}

impl RecipeError {
    /// A value that cannot be.
    pub(crate) fn setting(key: &str, got: impl ToString, expected: impl Into<String>) -> Self {
        Self::Setting { key: key.to_owned(), got: got.to_string(), expected: expected.into() }
    }

    /// What to do, where the error does not say so itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File { hint, .. } => return hint.clone(),
            Self::Setting { key, .. } => {
                return Some(format!("set `{key}` in the recipe, or with --set {key}=…"));
            }
            Self::RunExists { .. } => {
                "--resume goes on with it; another --out begins a new one; a folder that is of no \
                 use can be deleted"
            }
            Self::Write { source, .. } | Self::Save(SaveError::Io { source, .. }) => {
                return written(source);
            }
            Self::Layer(lt_core::Error::Config { field: "model_type", .. }) => {
                "mlm is for families of encoders (bert), clm for those of decoders (gpt2)"
            }
            Self::Data(error) => return data(error),
            Self::Train(error) => return train(error),
            Self::Checkpoint(error) => return checkpoint(error),
            Self::Model(ModelError::Head { .. }) => {
                "another command of `lt train` may suit the checkpoint, or model.type begins anew"
            }
            Self::Config(_) | Self::Model(_) => {
                "model.from is a folder with config.json and model.safetensors; without it, \
                 model.type begins with a new model"
            }
            Self::Tokenizer(_) => {
                "tokenizer.from is a folder with tokenizer.json; `lt train tokenizer` makes one"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// What to do about data.
fn data(error: &DataError) -> Option<String> {
    let hint = match error {
        DataError::Read { .. } => "data.files names the files, from the folder you are in",
        DataError::BadRow { .. } => {
            "data.bad_rows = \"skip\" passes over such rows; data.longest_row is the most bytes \
             of one"
        }
        DataError::Header { .. } => {
            "data.text, data.label and so on name the columns; numbers count them, from 0, where \
             a file has no header"
        }
        DataError::Empty { .. } => "data.files should have a record a line",
        DataError::NoExamples { .. } => "the texts of data.files should have more than one token",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What to do about a run that stopped.
fn train(error: &TrainError) -> Option<String> {
    let hint = match error {
        TrainError::NotFinite { .. } | TrainError::Exploded { .. } => {
            "lower optimizer.rate, lengthen schedule.warmup, or set optimizer.clip = 1.0; then \
             begin in another --out"
        }
        TrainError::Setting { setting, .. } => match *setting {
            "frozen" => "`lt inspect` lists the parameters of a model",
            "targets" | "full" => {
                "patterns of lora.targets and lora.full are of the parameters' names here: \
                 `lt inspect` lists them"
            }
            _ => return None,
        },
        TrainError::Checkpoint(error) => return checkpoint(error),
        TrainError::Metrics { source, .. } => return written(source),
        TrainError::Data { source, .. } => {
            return source.downcast_ref().and_then(data);
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What to do about a checkpoint.
fn checkpoint(error: &CheckpointError) -> Option<String> {
    match error {
        CheckpointError::Io { source, .. } => written(source),
        CheckpointError::Model { source, .. } => {
            let io = source.downcast_ref::<io::Error>();
            let saved = source.downcast_ref::<SaveError>();
            match (io, saved) {
                (Some(io), _) => written(io),
                (_, Some(SaveError::Io { source, .. })) => written(source),
                _ => None,
            }
        }
        CheckpointError::OtherRecipe { .. } | CheckpointError::OtherModel { .. } => Some(
            "to go on, give the recipe and the files that the run began with: its folder has \
             them in config.toml; or begin a new run in another --out"
                .to_owned(),
        ),
        _ => None,
    }
}

/// What to do when the system would not let us write.
fn written(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: make room, and go on with --resume; checkpoints.keep = 1 takes least"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the folder cannot be written to: choose another --out"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_full_disk_and_a_folder_that_is_read_only_are_told_wherever_they_are_met() {
        let io = |kind: io::ErrorKind| io::Error::from(kind);
        let path = || Path::new("run").to_owned();
        let all = |kind| {
            let saved = SaveError::Io { path: path(), source: io(kind) };
            let of_model = |source: Box<dyn std::error::Error + Send + Sync>| {
                let (done, folder) = ("saved", path());
                TrainError::from(CheckpointError::Model { done, folder, source })
            };
            let of_run = CheckpointError::Io { action: "write", path: path(), source: io(kind) };
            [
                RecipeError::Write { path: path(), source: io(kind) },
                SaveError::Io { path: path(), source: io(kind) }.into(),
                TrainError::from(of_run).into(),
                of_model(io(kind).into()).into(),
                of_model(saved.into()).into(),
                TrainError::Metrics { step: 3, source: io(kind) }.into(),
            ]
        };
        for error in all(io::ErrorKind::StorageFull) {
            assert!(error.hint().is_some_and(|hint| hint.contains("make room")), "{error}");
        }
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            for error in all(kind) {
                assert!(error.hint().is_some_and(|hint| hint.contains("--out")), "{error}");
            }
        }
        assert!(all(io::ErrorKind::Other).iter().all(|error| error.hint().is_none()));
    }
}
