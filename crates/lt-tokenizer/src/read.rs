//! Files, read with their size known beforehand.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use crate::{Result, TokenizerError};

/// The largest real ones have 35 MB.
pub(crate) const JSON_LIMIT: u64 = 128 << 20;
/// The largest real ones have 5 MB.
pub(crate) const VOCAB_LIMIT: u64 = 16 << 20;
/// The largest real ones, with hundreds of added tokens, have 1 MB.
pub(crate) const CONFIG_LIMIT: u64 = 16 << 20;

/// The text of a file without its byte order mark.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<String> {
    let read_error = |source| TokenizerError::Read { path: path.to_owned(), source };
    let too_large = |bytes| TokenizerError::TooLarge { path: path.to_owned(), bytes, limit };
    let metadata = fs::metadata(path).map_err(read_error)?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { "a directory" } else { "a device or a pipe" };
        return Err(read_error(io::Error::other(format!("expected a file, got {kind}"))));
    }
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::new();
    // A file can grow, and some file systems say 0.
    let file = File::open(path).map_err(read_error)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| TokenizerError::NotUtf8 {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The JSON of a file; nested no deeper than 128 levels, the limit of `serde_json`.
pub(crate) fn read_json(path: &Path, limit: u64) -> Result<Value> {
    serde_json::from_str(&read_text(path, limit)?)
        .map_err(|source| TokenizerError::NotJson { origin: path.display().to_string(), source })
}
