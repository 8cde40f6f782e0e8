//! Golden decoders, which have no tokenizer, with a vocabulary of bytes beside them; and what
//! `lt forward` computes with them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use safetensors::SafeTensors;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// 你 is two of them, 好 is one.
const TOKENS: [&str; 31] = [
    "Ġ", "a", "c", "e", "h", "m", "n", "o", "s", "t", ".", ",", "ä", "½", "ł", "å", "¥", "ä½",
    "å¥", "å¥½", "Ġt", "he", "Ġthe", "the", "ca", "cat", "Ġca", "Ġcat", "Ġs", "at", "Ġsat",
];

const MERGES: &str = "#version: 0.2\nä ½\nå ¥\nå¥ ½\nĠ t\nh e\nĠt he\nt he\nc a\nca t\nĠ ca\n\
                      Ġca t\nĠ s\na t\nĠs at\n";

pub(crate) fn golden(name: &str) -> PathBuf {
    let decoders = concat!(env!("CARGO_MANIFEST_DIR"), "/../lt-model/tests/golden-decoders");
    Path::new(decoders).join(name)
}

/// A checkpoint that can read.
pub(crate) fn decoder(name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(golden(name).join(file), dir.path().join(file)).unwrap();
    }
    let ids = TOKENS.iter().enumerate().map(|(id, &token)| (token.to_owned(), id.into()));
    let vocabulary = Value::Object(ids.collect::<Map<_, _>>());
    fs::write(dir.path().join("vocab.json"), vocabulary.to_string()).unwrap();
    fs::write(dir.path().join("merges.txt"), MERGES).unwrap();
    dir
}

/// What `config.json` says.
pub(crate) fn setting(model: &Path, name: &str) -> usize {
    let text = fs::read_to_string(model.join("config.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    config[name].as_u64().unwrap() as usize
}

/// What another command prints in JSON.
pub(crate) fn ask(model: &Path, arguments: &[&str]) -> Value {
    let mut lt = Command::new(env!("CARGO_BIN_EXE_lt"));
    lt.args(arguments).args(["--format", "json", "--model"]).arg(model).env_remove("LT_MODEL");
    let output = lt.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The ids of a tour's pieces, as a file beside the model.
pub(crate) fn ids_file(model: &Path, tour: &Value) -> PathBuf {
    let pieces = tour["pieces"].as_array().unwrap().iter();
    let ids: Vec<&Value> = pieces.map(|piece| &piece["id"]).collect();
    let path = model.join("ids.json");
    fs::write(&path, json!({ "input_ids": [ids] }).to_string()).unwrap();
    path
}

/// The numbers of each tensor that `lt forward --all` writes for the ids of a tour.
pub(crate) fn forward(model: &Path, tour: &Value) -> BTreeMap<String, Vec<f32>> {
    let (ids, out) = (ids_file(model, tour), model.join("out.safetensors"));
    let (ids, path) = (ids.to_str().unwrap(), out.to_str().unwrap());
    ask(model, &["forward", "--ids", ids, "--out", path, "--all"]);
    let bytes = fs::read(&out).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let number = |four: &[u8]| f32::from_le_bytes(four.try_into().unwrap());
    let numbers = |bytes: &[u8]| bytes.chunks_exact(4).map(number).collect();
    file.tensors().into_iter().map(|(name, it)| (name, numbers(it.data()))).collect()
}
