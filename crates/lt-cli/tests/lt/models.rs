//! The models that the tests use.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::arg;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The real model: all-MiniLM-L6-v2.
pub(crate) fn minilm() -> &'static str {
    static DIR: LazyLock<PathBuf> = LazyLock::new(|| {
        let dir = std::env::var_os("LT_MINILM")
            .map_or_else(|| workspace().join("target/models/all-MiniLM-L6-v2"), PathBuf::from);
        assert!(
            dir.join("model.safetensors").exists(),
            "{} is not there: run `cargo xtask fetch`, or set LT_MINILM to the directory of \
             all-MiniLM-L6-v2",
            dir.display()
        );
        dir
    });
    arg(&DIR)
}

/// The directory of tiny checkpoints and what PyTorch computes with them.
pub(crate) fn golden() -> PathBuf {
    workspace().join("crates/lt-model/tests/golden")
}

/// One of the tiny checkpoints, with a vocabulary for its 51 tokens: `w5` to `w50` are words.
pub(crate) fn with_vocabulary(name: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for file in ["config.json", "model.safetensors"] {
        fs::copy(golden().join(name).join(file), dir.path().join(file)).expect("copied");
    }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
    let words = (5..51).map(|id| format!("w{id}"));
    let vocabulary: Vec<String> = special.into_iter().chain(words).collect();
    fs::write(dir.path().join("vocab.txt"), vocabulary.join("\n")).expect("written");
    dir
}

/// The same, and `config.json` changed: a key gets another value.
pub(crate) fn with_settings(name: &str, settings: &[(&str, Value)]) -> TempDir {
    let dir = with_vocabulary(name);
    let path = dir.path().join("config.json");
    let text = fs::read_to_string(&path).expect("read");
    let mut config: Value = serde_json::from_str(&text).expect("JSON");
    for (key, value) in settings {
        config[*key] = value.clone();
    }
    fs::write(path, config.to_string()).expect("written");
    dir
}
