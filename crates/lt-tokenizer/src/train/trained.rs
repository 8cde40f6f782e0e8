//! A tokenizer that was trained, and the files that it is kept in.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::skeleton::parse;
use crate::{Result, Tokenizer, TokenizerError};

/// A tokenizer that was trained: what is written, and what can be used at once.
#[derive(Debug, Clone)]
pub struct TrainedTokenizer {
    json: String,
    config: String,
    tokenizer: Tokenizer,
}

impl TrainedTokenizer {
    pub(crate) fn new(json: Value, config: &Value) -> Result<Self> {
        let training = |source| TokenizerError::Training { source };
        // The library writes pieces in the order of their ids.
        let json = parse(json)?.to_string(true).map_err(training)?;
        let config =
            serde_json::to_string_pretty(config).map_err(|source| training(source.into()))?;
        let tokenizer = Tokenizer::from_texts(&json, &config)?;
        Ok(Self { json, config, tokenizer })
    }

    /// The tokenizer, as [`Tokenizer::from_dir`] would load it from what [`save`](Self::save) writes.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The text of the `tokenizer.json`.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The text of the `tokenizer_config.json`: what the special tokens are for.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// Writes `tokenizer.json` and `tokenizer_config.json` into a directory, which is made if
    /// there is none. Each file is written beside and renamed.
    ///
    /// # Errors
    /// [`TokenizerError::Write`] if that fails.
    pub fn save(&self, dir: impl AsRef<Path>) -> Result<()> {
        let dir = dir.as_ref();
        fs::create_dir_all(dir)
            .map_err(|source| TokenizerError::Write { path: dir.to_owned(), source })?;
        for (name, text) in
            [("tokenizer_config.json", &self.config), ("tokenizer.json", &self.json)]
        {
            let path = dir.join(name);
            write(&path, text).map_err(|source| TokenizerError::Write { path, source })?;
        }
        Ok(())
    }
}

/// Whoever reads meanwhile sees the old file or the new one.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension(format!("json.{}.unfinished", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not have come to be; and where it cannot be removed, nothing is left to be done.
        let _ = fs::remove_file(&beside);
    }
    written
}
