//! Tiny checkpoints with a vocabulary and settings of our own.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lt-model/tests/golden/");

/// One of lt-model's checkpoints with this vocabulary, its configuration changed by these keys.
pub(crate) fn checkpoint<'a>(
    name: &str,
    pieces: impl IntoIterator<Item = &'a str>,
    changes: &Value,
) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let from = Path::new(TINY).join(name);
    for entry in fs::read_dir(&from).unwrap() {
        let entry = entry.unwrap();
        let file = entry.file_name().into_string().unwrap();
        if file.starts_with("model") {
            fs::copy(entry.path(), dir.path().join(file)).unwrap();
        }
    }
    let text = fs::read_to_string(from.join("config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    for (key, value) in changes.as_object().unwrap() {
        config[key] = value.clone();
    }
    fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
    let pieces: Vec<&str> = pieces.into_iter().collect();
    fs::write(dir.path().join("vocab.txt"), pieces.join("\n")).unwrap();
    dir
}

/// The vocabulary of so many pieces: special tokens, `w5`, `w6`, …
pub(crate) fn numbered(count: usize) -> Vec<String> {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
    special.into_iter().chain((5..count).map(|id| format!("w{id}"))).collect()
}

/// A model with three labels, 49 tokens and 16 positions.
pub(crate) fn three_labels() -> TempDir {
    checkpoint("sequences-3-labels", numbered(49).iter().map(String::as_str), &json!({}))
}

/// The same, trained, as its labels say, on natural language inference.
pub(crate) fn inference() -> TempDir {
    let labels = json!({"0": "contradiction", "1": "neutral", "2": "entailment"});
    let pieces = numbered(49);
    checkpoint(
        "sequences-3-labels",
        pieces.iter().map(String::as_str),
        &json!({"id2label": labels}),
    )
}

/// A model with one score.
pub(crate) fn one_score() -> TempDir {
    checkpoint("sequences-regression", numbered(49).iter().map(String::as_str), &json!({}))
}

/// A masked LM with 51 tokens.
pub(crate) fn masked_lm() -> TempDir {
    checkpoint("mlm-tied", numbered(51).iter().map(String::as_str), &json!({}))
}
