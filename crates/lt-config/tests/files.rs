//! What can be wrong with a file before anybody looks at what it says.
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;

use lt_config::{ConfigError, ModelConfig, SentenceTransformers};

/// The message about a directory whose `config.json` has this in it.
fn refusal(content: impl AsRef<[u8]>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    fs::write(&path, content).unwrap();
    let message = ModelConfig::from_dir(dir.path()).unwrap_err().to_string();
    assert!(message.contains(&path.display().to_string()), "no path: {message}");
    message
}

#[test]
fn a_configuration_is_read_from_its_directory_and_from_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    fs::write(&path, r#"{"model_type": "bert", "num_hidden_layers": 2}"#).unwrap();
    let ModelConfig::Bert(bert) = ModelConfig::from_dir(dir.path()).unwrap() else { panic!() };
    assert_eq!(bert.num_hidden_layers, 2);
    assert_eq!(ModelConfig::from_file(&path).unwrap(), ModelConfig::Bert(bert));
}

#[test]
fn what_is_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let message = ModelConfig::from_dir(dir.path()).unwrap_err().to_string();
    assert!(message.contains("config.json` does not exist"), "{message}");
    let nowhere = dir.path().join("nowhere");
    let message = ModelConfig::from_dir(&nowhere).unwrap_err().to_string();
    assert!(message.contains("nowhere` does not exist: expected a model directory"), "{message}");
}

#[test]
fn a_directory_is_no_file_and_a_file_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("config.json")).unwrap();
    let message = ModelConfig::from_dir(dir.path()).unwrap_err().to_string();
    assert!(message.ends_with("config.json` is not a file"), "{message}");

    let file = dir.path().join("file");
    fs::write(&file, "{}").unwrap();
    let message = ModelConfig::from_dir(&file).unwrap_err().to_string();
    assert!(message.ends_with("file` is not a directory"), "{message}");
}

#[test]
#[cfg(unix)]
fn a_device_without_end_is_not_read() {
    let message = ModelConfig::from_file("/dev/zero").unwrap_err().to_string();
    assert_eq!(message, "`/dev/zero` is not a file");
}

#[test]
fn a_file_larger_than_any_configuration_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    // A file with a hole: large, and written in no time.
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let message = ModelConfig::from_dir(dir.path()).unwrap_err().to_string();
    assert!(message.contains("has 1099511627776 bytes, expected at most 16777216"), "{message}");

    let padded = |len: usize| {
        let mut text = br#"{"model_type": "bert"}"#.to_vec();
        text.resize(len, b' ');
        fs::write(&path, text).unwrap();
        ModelConfig::from_dir(dir.path())
    };
    assert!(padded(16 << 20).is_ok());
    assert!(matches!(padded((16 << 20) + 1), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn a_file_that_is_no_text_or_no_json_is_refused_with_the_place() {
    assert!(refusal(b"{\"a\": \"\xff\"}").ends_with("is not UTF-8: byte 7 begins no character"));
    assert!(refusal("").ends_with("is not JSON: line 1, column 0"));
    assert!(refusal("{\n  \"a\": 1,\n}").ends_with("is not JSON: line 3, column 1"));
    assert!(refusal("version https://git-lfs.github.com/spec/v1").contains("is not JSON"));
    assert!(refusal("{} {}").contains("is not JSON"));
}

#[test]
fn json_that_is_no_object_is_refused() {
    assert!(refusal("[]").ends_with("the whole is a list, expected an object {…}"));
    assert!(refusal("3").ends_with("the whole is 3, expected an object {…}"));
    assert!(refusal("null").ends_with("the whole is null, expected an object {…}"));
}

#[test]
fn json_nested_without_end_does_not_exhaust_the_stack() {
    for open in ["[", "{\"a\":"] {
        assert!(refusal(open.repeat(1_000_000)).contains("is not JSON"));
    }
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(200), "]".repeat(200));
    assert!(refusal(deep).contains("is not JSON"));
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let whole = r#"{"model_type": "bert", "hidden_act": "gelu", "layer_norm_eps": 1e-12}"#;
    assert!(ModelConfig::from_json(whole).is_ok());
    for end in 0..whole.len() {
        let error = ModelConfig::from_json(&whole[..end]).expect_err("cut off");
        assert!(matches!(error, ConfigError::Json { .. }), "{end}: {error}");
    }
}

#[test]
fn the_reason_behind_an_error_is_its_source() {
    let error = ModelConfig::from_json("{").unwrap_err();
    assert!(error.source().unwrap().to_string().contains("EOF"));
    let name_too_long = Path::new(&"x".repeat(5000)).join("config.json");
    let error = ModelConfig::from_file(name_too_long).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }), "{error}");
    assert!(error.source().is_some());
}

#[test]
fn a_plain_directory_is_no_sentence_transformers_directory() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(SentenceTransformers::from_dir(dir.path()).unwrap(), None);
}

#[test]
fn errors_and_settings_go_between_threads() {
    fn fits<T: Send + Sync + 'static>() {}
    fits::<ConfigError>();
    fits::<ModelConfig>();
    fits::<SentenceTransformers>();
}
