//! `lt inspect`.

use std::fs;

use crate::models::{golden, minilm};
use crate::run::{arg, lt};

#[test]
fn the_real_model_is_described_in_full() {
    let found = lt(&["inspect", "--model", minilm(), "--format", "json"]).json().remove(0);
    assert_eq!(found["config"]["family"], "bert");
    assert_eq!(found["config"]["num_hidden_layers"], 6);
    assert_eq!(found["model"]["architecture"], "BertModel");
    assert_eq!(found["model"]["parameters"], 22_713_216);
    assert_eq!(found["model"]["pooler"], true);
    assert_eq!(found["sentence_transformers"]["max_seq_length"], 256);
    assert_eq!(found["tokenizer"]["vocab_size"], 30522);
    assert_eq!(found["problems"], serde_json::json!([]));

    let tensors = found["tensors"].as_array().unwrap();
    assert_eq!(tensors.len(), 104);
    let sum: u64 = tensors.iter().map(|tensor| tensor["bytes"].as_u64().unwrap()).sum();
    assert_eq!(found["stored"]["bytes"], sum);
    let ids = tensors.iter().find(|tensor| tensor["name"] == "embeddings.position_ids").unwrap();
    assert_eq!((&ids["use"], &ids["dtype"]), (&"ignored".into(), &"i64".into()));
}

#[test]
fn every_tiny_checkpoint_is_described_and_the_text_names_every_tensor() {
    for dir in fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()) {
        if !dir.is_dir() {
            continue;
        }
        let found = lt(&["inspect", "--model", arg(&dir), "--format", "json"]).json().remove(0);
        assert!(found["model"].is_object(), "{found}");
        let text = lt(&["inspect", "--model", arg(&dir)]).ok();
        for tensor in found["tensors"].as_array().unwrap() {
            assert!(text.contains(tensor["name"].as_str().unwrap()), "{text}");
        }
        let summary = lt(&["inspect", "--model", arg(&dir), "--summary"]).ok();
        assert!(text.starts_with(&summary) && summary.len() < text.len());
    }
}

#[test]
fn it_says_whether_the_head_is_tied_and_what_does_not_agree() {
    let inspect = |name: &str| {
        lt(&["inspect", "--model", arg(&golden().join(name)), "--format", "json"]).json().remove(0)
    };
    assert_eq!(inspect("mlm-tied")["model"]["tied"], true);
    assert_eq!(inspect("mlm-untied")["model"]["tied"], false);
    let differs = inspect("mlm-copy-differs");
    assert_eq!(differs["model"]["warnings"].as_array().map(Vec::len), Some(1), "{differs}");
    assert_eq!(inspect("heads-3x4-gelu")["model"]["tied"], serde_json::Value::Null);
}

#[test]
fn a_model_that_cannot_be_used_is_described_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = golden().join("mlm-tied");
    fs::copy(tiny.join("model.safetensors"), dir.path().join("model.safetensors")).unwrap();
    for config in [r#"{"model_type": "sphinx"}"#, "not JSON", "{}"] {
        fs::write(dir.path().join("config.json"), config).unwrap();
        let found =
            lt(&["inspect", "--model", arg(dir.path()), "--format", "json"]).json().remove(0);
        assert!(found["model"].is_null() && found["config"].is_null());
        assert!(!found["problems"].as_array().unwrap().is_empty());
        assert!(!found["tensors"].as_array().unwrap().is_empty());
        assert!(lt(&["inspect", "--model", arg(dir.path())]).ok().contains("problem:"));
    }
}

#[test]
fn weights_that_are_not_what_they_say_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let whole = fs::read(golden().join("mlm-tied/model.safetensors")).unwrap();
    fs::copy(golden().join("mlm-tied/config.json"), dir.path().join("config.json")).unwrap();
    let huge_header = [&u64::MAX.to_le_bytes()[..], &whole[8..]].concat();
    for bytes in [&whole[..whole.len() - 1], &whole[..4], &[], &huge_header] {
        fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
        let error = lt(&["inspect", "--model", arg(dir.path())]).error();
        assert!(error.contains("model.safetensors"), "{error}");
    }
}
