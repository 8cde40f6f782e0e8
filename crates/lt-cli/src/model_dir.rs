//! Which model to use, how to read it, and with how many threads.

use std::env;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use lt_core::Scratch;
use lt_model::LoadOptions;
use lt_weights::Reading;

use crate::args::Common;
use crate::built_in::BuiltIn;
use crate::failure::{Failure, Result};

const HOW_TO_GET_ONE: &str = "give the directory of a Hugging Face model with --model DIR or \
     LT_MODEL=DIR; in a checkout of this project, `cargo xtask fetch` gets one and prints where \
     it is";

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this directory.
    Dir(PathBuf),
    /// In the program itself.
    BuiltIn(BuiltIn),
}

impl Common {
    /// Where the model is: this one is built in for what is to be done, if none is given.
    pub(crate) fn place(&self, default: BuiltIn) -> Result<Place> {
        Ok(self.given()?.unwrap_or(Place::BuiltIn(default)))
    }

    /// The model's directory.
    pub(crate) fn model_dir(&self) -> Result<PathBuf> {
        match self.given()? {
            Some(Place::Dir(dir)) => Ok(dir),
            Some(Place::BuiltIn(model)) => Err(model.has_no_files()),
            None => Err(Failure::new("no model is given").hint(HOW_TO_GET_ONE)),
        }
    }

    /// Where the model is that was asked for.
    fn given(&self) -> Result<Option<Place>> {
        let from_environment = || env::var_os("LT_MODEL").filter(|dir| !dir.is_empty());
        let Some(dir) = self.model.clone().or_else(|| from_environment().map(PathBuf::from)) else {
            return Ok(None);
        };
        if dir.is_dir() {
            return Ok(Some(Place::Dir(dir)));
        }
        let shown = dir.display();
        if dir.exists() {
            let message = format!("the model `{shown}` is a file, expected a directory");
            return Err(Failure::new(message).hint("give the directory that the file is in"));
        }
        if let Some(model) = BuiltIn::named(&dir) {
            return Ok(Some(Place::BuiltIn(model)));
        }
        match HubName::of(&dir) {
            Some(name) => Ok(Some(Place::Dir(from_hub(&name)?))),
            None => {
                Err(Failure::new(format!("there is no directory `{shown}`")).hint(HOW_TO_GET_ONE))
            }
        }
    }

    /// How its files are read.
    pub(crate) fn load_options(&self) -> LoadOptions {
        let reading = if self.no_mmap { Reading::Copy } else { Reading::Map };
        LoadOptions::default().reading(reading)
    }

    /// Buffers to compute with, and the threads that were asked for.
    pub(crate) fn scratch(&self) -> Result<Scratch> {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let count = self.threads.map_or_else(cores, NonZeroUsize::get);
        Ok(Scratch::with_threads(lt_kernels::pool(count)?))
    }
}

/// A model as the Hugging Face hub names it: `sentence-transformers/all-MiniLM-L6-v2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HubName<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) model: &'a str,
}

impl<'a> HubName<'a> {
    /// A path that could be such a name.
    fn of(path: &'a Path) -> Option<Self> {
        let (organisation, model) = path.to_str()?.split_once('/')?;
        let is_name = |part: &str| {
            let starts_well = part.starts_with(|c: char| c.is_ascii_alphanumeric());
            starts_well && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        (is_name(organisation) && is_name(model)).then_some(Self { organisation, model })
    }
}

#[cfg(feature = "hub")]
fn from_hub(name: &HubName<'_>) -> Result<PathBuf> {
    crate::hub::model_dir(name)
}

#[cfg(not(feature = "hub"))]
fn from_hub(name: &HubName<'_>) -> Result<PathBuf> {
    let HubName { organisation, model } = name;
    Err(Failure::new(format!("there is no directory `{organisation}/{model}`")).hint(
        "if it is the name of a model on the Hugging Face hub, build `lt` with the feature `hub` \
         (cargo install lt-cli --features hub), or download it and give its directory",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_two_parts_and_no_place_to_go_up_to() {
        let name = |path| HubName::of(Path::new(path)).map(|name| (name.organisation, name.model));
        assert_eq!(name("org/all-MiniLM-L6_v2.1"), Some(("org", "all-MiniLM-L6_v2.1")));
        for other in ["org", "/org/name", "../name", "org/..", "org/name/more", "org/", "a b/c"] {
            assert_eq!(name(other), None, "{other}");
        }
    }
}
