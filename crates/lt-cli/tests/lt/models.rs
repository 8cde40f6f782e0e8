//! The models that the tests use.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};
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

/// One of the tiny decoders, with a tokenizer of bytes for 41 of its tokens: letters, a space, the
/// end of a line, `银行` in six bytes, marks of a conversation. The last rows of the model are
/// tokens that there are not.
pub(crate) fn with_letters(name: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for file in ["config.json", "model.safetensors"] {
        let path = golden().join("../golden-decoders").join(name).join(file);
        fs::copy(path, dir.path().join(file)).expect("copied");
    }
    let marks = ["<end>", "<system>", "<user>", "<assistant>"];
    let letters = ('a'..='z').map(String::from);
    // A space and the end of a line; then 银 and 行, as a tokenizer of bytes writes them.
    let others = ["Ġ", "Ċ", ".", "!", "?", "é", "ĵ", "¶", "è", "¡", "Į"].map(str::to_owned);
    let tokens = marks.map(str::to_owned).into_iter().chain(letters).chain(others);
    let vocab: BTreeMap<String, usize> = tokens.zip(0..).collect();
    let added = marks.iter().zip(0..).map(|(content, id)| {
        json!({"id": id, "content": content, "special": true, "single_word": false,
               "lstrip": false, "rstrip": false, "normalized": false})
    });
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": false});
    let tokenizer = json!({"version": "1.0", "truncation": null, "padding": null,
        "added_tokens": added.collect::<Vec<_>>(), "normalizer": null, "pre_tokenizer": bytes,
        "post_processor": null, "decoder": bytes,
        "model": {"type": "BPE", "vocab": vocab, "merges": []}});
    fs::write(dir.path().join("tokenizer.json"), tokenizer.to_string()).expect("written");
    dir
}
