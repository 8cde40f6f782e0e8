//! Reading a small JSON file of unknown origin: everything that can be wrong with it is said.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use crate::{ConfigError, Origin};

/// No configuration is larger: the largest list the names of tens of thousands of labels.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// The value in a JSON file that has to be there.
pub(crate) fn read_json(path: &Path, hint: &'static str) -> Result<Value, ConfigError> {
    read_json_if_there(path)?.ok_or_else(|| ConfigError::Missing { path: path.to_owned(), hint })
}

/// The value in a JSON file; `None` if there is no such file.
pub(crate) fn read_json_if_there(path: &Path) -> Result<Option<Value>, ConfigError> {
    let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match path.read_link() {
                // A link to nothing is not nothing: what it was to say would be lost.
                Ok(target) => Err(ConfigError::DeadLink { path: path.to_owned(), target }),
                Err(_) => Ok(None),
            };
        }
        Err(error) => return Err(unreadable(error)),
    };
    if !metadata.is_file() {
        return Err(ConfigError::WrongKind { path: path.to_owned(), expected: "file" });
    }
    check_size(path, metadata.len())?;

    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    // The file may have grown since it was measured.
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    check_size(path, read as u64)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|source| ConfigError::NotUtf8 { path: path.to_owned(), source })?;
    parse_json(text, &Origin::file(path)).map(Some)
}

/// The value that a text is the JSON of.
pub(crate) fn parse_json(text: &str, origin: &Origin) -> Result<Value, ConfigError> {
    // Some programs put a byte order mark in front; JSON has no place for it.
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|source| ConfigError::Json { origin: origin.clone(), source })
}

fn check_size(path: &Path, bytes: u64) -> Result<(), ConfigError> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(ConfigError::TooLarge { path: path.to_owned(), bytes, limit: MAX_BYTES })
}
