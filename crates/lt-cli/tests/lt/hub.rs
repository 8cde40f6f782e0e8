//! `--model organisation/name`, from the cache alone: these tests need no network.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::models::with_vocabulary;
use crate::run::{command, outcome};

const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

/// A cache with one model in it, as the Python library lays it out.
fn fill(cache: &Path) {
    let model = cache.join("models--org--tiny");
    let snapshot = model.join("snapshots").join(REVISION);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(model.join("refs")).unwrap();
    fs::write(model.join("refs/main"), REVISION).unwrap();
    let checkpoint = with_vocabulary("mlm-tied");
    for entry in fs::read_dir(checkpoint.path()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, snapshot.join(path.file_name().unwrap())).unwrap();
    }
}

fn encode(offline: &str) -> Command {
    let mut command = command(&["encode", "--model", "org/tiny", "--format", "json", "w7 w8"]);
    for name in ["HF_HOME", "HF_HUB_CACHE", "TRANSFORMERS_OFFLINE"] {
        command.env_remove(name);
    }
    command.env(offline, "1");
    command
}

#[test]
fn offline_a_model_comes_from_the_cache_that_the_variables_name() {
    let dir = tempfile::tempdir().unwrap();
    fill(&dir.path().join("hub"));
    for (variable, value) in
        [("HF_HUB_CACHE", dir.path().join("hub")), ("HF_HOME", dir.path().to_owned())]
    {
        for offline in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
            let mut command = encode(offline);
            command.env(variable, &value);
            assert_eq!(outcome(command).json()[0]["text"], "w7 w8", "{variable}, {offline}");
        }
    }
}

#[test]
fn offline_a_model_that_is_not_in_the_cache_is_an_error_with_a_hint() {
    let empty = tempfile::tempdir().unwrap();
    for offline in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
        let mut command = encode(offline);
        command.env("HF_HUB_CACHE", empty.path());
        let error = outcome(command).error();
        assert!(error.contains("`org/tiny` is not in the cache"), "{error}");
        assert!(error.contains(&format!("{offline} is set")), "{error}");
        assert!(error.contains("hint: "), "{error}");
    }
}
