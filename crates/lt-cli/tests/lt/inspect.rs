//! `lt inspect`.

use std::fs;

use serde_json::Value;

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
    assert_eq!(inspect("heads-3x4-gelu")["model"]["tied"], Value::Null);
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
fn it_says_what_a_head_tells_apart_and_how_often_a_layer_runs() {
    let text =
        |name: &str| lt(&["inspect", "--model", arg(&golden().join(name)), "--summary"]).ok();
    let texts = text("sequences-3-labels");
    assert!(texts.contains("bad, so-so, good (single_label_classification)"), "{texts}");
    assert!(text("sequences-regression").contains("LABEL_0 (regression)"));
    assert!(text("electra-tokens-f16").contains("LABEL_0, LABEL_1, LABEL_2, LABEL_3\n"));
    assert!(text("albert").contains("; one layer runs 4 times"));
    assert!(text("albert-groups").contains("; 4 layers run 10 times in all"));
    assert!(!text("modernbert").contains("times"));
    assert!(text("modernbert").contains("55 tokens, no positions: attention turns by them"));
    assert!(text("mpnet").contains("48 tokens, 20 positions, no segments"));
}

/// A training run that went wrong leaves NaN behind; here it is written into the last tensor.
#[test]
fn numbers_that_are_none_are_warned_of_with_their_tensor() {
    let dir = tempfile::tempdir().unwrap();
    let tiny = golden().join("sequences-3-labels");
    fs::copy(tiny.join("config.json"), dir.path().join("config.json")).unwrap();
    let mut file = fs::read(tiny.join("model.safetensors")).unwrap();
    let end = file.len();
    file[end - 8..end - 4].copy_from_slice(&f32::NAN.to_le_bytes());
    file[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    fs::write(dir.path().join("model.safetensors"), file).unwrap();
    let found = lt(&["inspect", "--model", arg(dir.path()), "--format", "json"]).json().remove(0);
    let problems = found["problems"].as_array().unwrap().iter().filter_map(Value::as_str);
    let expected = "holds numbers that are none: 1 NaN and 1 infinite of ";
    assert_eq!(problems.filter(|problem| problem.contains(expected)).count(), 1, "{found}");
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

#[test]
fn it_says_how_wide_heads_are_and_how_many_have_keys_of_their_own() {
    for (name, heads, keys, width, line) in [
        ("gpt2-as-published", 2, 2, 6, "2 heads of width 6, feed-forward"),
        ("llama-kv-2-of-6-tied", 6, 2, 4, "6 heads of width 4, 2 of keys and values, feed-forward"),
        // Wider than a third of the 15 and of the 10 that they share.
        ("llama-wide-heads-biases", 3, 3, 8, "3 heads of width 8, feed-forward"),
        ("qwen3", 3, 1, 6, "3 heads of width 6, 1 of keys and values, feed-forward"),
    ] {
        let dir = golden().join("../golden-decoders").join(name);
        let found = lt(&["inspect", "--model", arg(&dir), "--format", "json"]).json().remove(0);
        let config = &found["config"];
        assert_eq!(config["num_attention_heads"], heads, "{name}");
        assert_eq!(config["num_key_value_heads"], keys, "{name}");
        assert_eq!(config["head_dim"], width, "{name}");
        let text = lt(&["inspect", "--model", arg(&dir), "--summary"]).ok();
        assert!(text.contains(line), "{text}");
    }
}
