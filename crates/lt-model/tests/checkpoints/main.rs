//! Checkpoints in all the ways they come, saved and loaded again, and damaged.

#![allow(clippy::unwrap_used)] // what fails here is the test

mod heads;

use std::fs;
use std::path::{Path, PathBuf};

use lt_core::{Module, Ragged, weights};
use lt_encoder::NormPlacement;
use lt_model::lt_config;
use lt_model::{Decoder, LoadOptions, MaskedLm, Model, ModelError, TextEncoder, TokenIds};
use lt_weights::Checkpoint;
use proptest::prelude::*;
use serde_json::{Value, json};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn load(dir: &Path) -> Result<Model, ModelError> {
    Ok(Model::from_dir(dir, &LoadOptions::default())?.model)
}

fn refusal(dir: &Path) -> String {
    load(dir).expect_err("this checkpoint is damaged").to_string()
}

/// A copy of a golden checkpoint, to be damaged.
fn copy(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// A copy with some settings replaced; `null` takes one out.
fn with_settings(name: &str, settings: &Value) -> tempfile::TempDir {
    let dir = copy(name);
    let path = dir.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (key, value) in settings.as_object().unwrap() {
        config[key] = value.clone();
    }
    fs::write(path, config.to_string()).unwrap();
    dir
}

#[test]
fn a_configuration_that_does_not_say_its_family_is_taken_at_the_callers_word() {
    let nothing = json!({ "model_type": null, "architectures": null });
    let dir = with_settings("heads-3x4-gelu", &nothing);
    assert!(TextEncoder::from_dir(dir.path(), &LoadOptions::default()).is_ok());
    assert!(refusal(dir.path()).contains("add its \"model_type\" to the file"));
    let other = json!({ "model_type": "t5", "architectures": null });
    let dir = with_settings("heads-3x4-gelu", &other);
    assert!(TextEncoder::from_dir(dir.path(), &LoadOptions::default()).is_err());
}

/// Tensors may come from anywhere, not from a directory alone.
#[test]
fn a_model_is_loaded_from_any_source_of_tensors() {
    let dir = golden("mlm-untied");
    let source = Checkpoint::open(&dir, lt_model::Reading::Copy).unwrap();
    let config = lt_config::ModelConfig::from_dir(&dir).unwrap();
    let model = MaskedLm::from_source(config.clone(), &source).unwrap().model;
    assert_eq!(Model::MaskedLm(model), load(&dir).unwrap());
    assert_eq!(
        &TextEncoder::from_source(config, &source).unwrap().model,
        load(&dir).unwrap().encoder()
    );
}

#[test]
fn the_decoder_is_tied_unless_the_checkpoint_has_another() {
    for (name, expected, warning) in [
        ("mlm-tied", Decoder::Tied, ""),
        ("mlm-tied-copies", Decoder::Tied, ""),
        ("mlm-decoder-bias-only", Decoder::Tied, ""),
        // It stores a bias besides that no tensor of transformers' model is loaded from.
        ("mlm-untied", Decoder::Own, "`cls.predictions.bias` differs"),
        ("mlm-copy-differs", Decoder::Own, "each is used as it is stored"),
        ("mlm-bias-differs", Decoder::Tied, "`cls.predictions.decoder.bias` was used"),
        ("mlm-f16-copies", Decoder::Tied, ""),
        ("mlm-bf16-shards", Decoder::Tied, ""),
    ] {
        let loaded = MaskedLm::from_dir(golden(name), &LoadOptions::default()).unwrap();
        assert_eq!(loaded.model.decoder(), expected, "{name}");
        let warnings: Vec<String> =
            loaded.report.warnings.iter().map(ToString::to_string).collect();
        match warnings.as_slice() {
            [] => assert_eq!(warning, "", "{name}"),
            [got] => assert!(!warning.is_empty() && got.contains(warning), "{name}: {got}"),
            more => panic!("{name}: {more:?}"),
        }
    }
}

/// D4: the course's embeddings dropped a half, whatever the configuration said.
#[test]
fn what_training_drops_is_what_the_configuration_says() {
    let dir = with_settings(
        "heads-3x4-gelu",
        &json!({ "hidden_dropout_prob": 0.125, "attention_probs_dropout_prob": 0.25 }),
    );
    let model = load(dir.path()).unwrap();
    assert_eq!(model.encoder().embeddings().dropout().rate(), 0.125);
    for layer in model.encoder().layers().encoder().unwrap().layers() {
        assert_eq!(layer.attention().config().dropout.rate(), 0.25);
        assert_eq!(layer.dropout().attention.rate(), 0.125);
        assert_eq!(layer.dropout().feed_forward.rate(), 0.125);
    }
}

#[test]
fn mapped_and_read_files_give_the_same_model() {
    let read = LoadOptions::default().reading(lt_model::Reading::Copy);
    for name in [
        "heads-3x4-gelu",
        "shards",
        "f16",
        "bf16-prefixed",
        "gamma-beta-bare",
        "mlm-f16-copies",
        "mlm-bf16-shards",
    ] {
        let copied = Model::from_dir(golden(name), &read).unwrap().model;
        assert_eq!(load(&golden(name)).unwrap(), copied, "{name}");
    }
}

/// D5: the course's encoder claimed BERT's configuration, but had no segments and its norms first.
#[test]
fn segments_and_norms_stand_where_bert_has_them() {
    let loaded = Model::from_dir(golden("heads-3x4-gelu"), &LoadOptions::default()).unwrap();
    let stored: Vec<&str> = loaded.report.loaded.iter().map(|one| one.stored.as_str()).collect();
    assert!(stored.contains(&"embeddings.token_type_embeddings.weight"), "{stored:?}");
    let bert = loaded.model.encoder();
    for layer in bert.layers().encoder().unwrap().layers() {
        assert_eq!(layer.placement(), NormPlacement::Post);
    }
    let (ids, batch) = Ragged::concatenate(&[[1_u32, 2, 3]]);
    let hidden = |segments: &[u32]| {
        let input = TokenIds::new(&ids, &batch).segments(segments);
        bert.forward(input).unwrap().last_hidden_state
    };
    assert_ne!(hidden(&[0, 0, 0]), hidden(&[0, 1, 1]));
    assert_eq!(
        hidden(&[0, 0, 0]),
        bert.forward(TokenIds::new(&ids, &batch)).unwrap().last_hidden_state
    );
}

#[test]
fn numbers_stay_in_the_type_they_were_stored_in() {
    let model = load(&golden("f16")).unwrap();
    let list = weights(model.encoder());
    assert!(
        list.iter().all(|(name, weight)| weight.dtype() == lt_core::Dtype::F16 || panic!("{name}"))
    );
}

#[test]
fn settings_that_cannot_be_built_are_refused_by_name() {
    for (settings, expected) in [
        (json!({ "hidden_act": "gleu" }), "\"gleu\""),
        (json!({ "num_attention_heads": 5 }), "num_attention_heads"),
        (json!({ "position_embedding_type": "relative_key" }), "position_embedding_type"),
        (json!({ "is_decoder": true }), "is_decoder"),
        (json!({ "model_type": "mamba" }), "mamba"),
        (json!({ "hidden_size": 15 }), "[15]"),
        (json!({ "num_hidden_layers": 9 }), "encoder.layer.8"),
    ] {
        let dir = with_settings("heads-3x4-gelu", &settings);
        let message = refusal(dir.path());
        assert!(message.contains(expected), "{settings}: {message}");
    }
}

/// Were anything allocated before the shapes are compared, this test would not end well.
#[test]
fn a_configuration_that_asks_for_terabytes_is_refused_before_memory_is_taken() {
    for (settings, expected) in [
        // More than any model has: refused by its numbers.
        (
            json!({
                "vocab_size": 16_000_000, "hidden_size": 12_000_000, "num_hidden_layers": 1000,
                "intermediate_size": 16_000_000, "num_attention_heads": 3,
            }),
            "expected at most",
        ),
        // 360 GB, as a large model might have: refused by the shapes in the file.
        (json!({ "vocab_size": 3_000_000, "hidden_size": 30_000 }), "[3000000, 30000]"),
    ] {
        for name in ["heads-3x4-gelu", "mlm-tied"] {
            let message = refusal(with_settings(name, &settings).path());
            assert!(message.contains(expected), "{message}");
        }
    }
}

/// A file may be as large as it says and still be no copy of what it should be: nothing is
/// compared before the shapes are.
#[cfg(unix)]
#[test]
fn a_decoder_of_another_shape_is_not_compared() {
    let dir = with_settings("mlm-f16-copies", &json!({}));
    let path = dir.path().join("model.safetensors");
    let bytes = (1_u64 << 20) * (1 << 18) * 2;
    let entry = |name: &str, start: u64| {
        format!(
            r#""{name}":{{"dtype":"F16","shape":[1048576,262144],"data_offsets":[{start},{}]}}"#,
            start + bytes
        )
    };
    let header = format!(
        "{{{},{}}}",
        entry("bert.embeddings.word_embeddings.weight", 0),
        entry("cls.predictions.decoder.weight", bytes)
    );
    let mut start = (header.len() as u64).to_le_bytes().to_vec();
    start.extend(header.bytes());
    fs::write(&path, &start).unwrap();
    // All holes: it takes no room. A file system that has none of those cannot run this test.
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    if file.set_len(start.len() as u64 + 2 * bytes).is_err() {
        return;
    }
    let message = refusal(dir.path());
    assert!(message.contains("expected [51, 12], got [1048576, 262144]"), "{message}");
}

#[test]
fn a_directory_without_a_model_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert!(refusal(empty.path()).contains("config.json"));
    assert!(refusal(&empty.path().join("nothing")).contains("nothing"));
    let without_weights = copy("heads-3x4-gelu");
    fs::remove_file(without_weights.path().join("model.safetensors")).unwrap();
    assert!(refusal(without_weights.path()).contains("model.safetensors"));
    fs::write(without_weights.path().join("pytorch_model.bin"), "x").unwrap();
    assert!(refusal(without_weights.path()).contains("safetensors.torch.save_file"));
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let dir = copy("heads-3x4-gelu");
    let path = dir.path().join("model.safetensors");
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 97 + 1) {
        fs::write(&path, &whole[..length]).unwrap();
        refusal(dir.path());
    }
}

#[test]
fn input_that_does_not_fit_the_model_is_refused() {
    let model = load(&golden("heads-3x4-gelu")).unwrap();
    let bert = model.encoder();
    let (words, longest) = (bert.embeddings().token().entries(), bert.longest());
    let run = |ids: &[u32]| bert.forward(TokenIds::new(ids, &Ragged::single(ids.len())));
    assert!(run(&vec![1; longest]).is_ok());
    assert!(run(&vec![1; longest + 1]).unwrap_err().to_string().contains("truncate"));
    assert!(run(&[words as u32]).unwrap_err().to_string().contains("tokenizer"));
    assert!(run(&[]).unwrap_err().to_string().contains("empty"));
    let none = Ragged::from_lengths([]);
    assert_eq!(bert.forward(TokenIds::new(&[], &none)).unwrap().last_hidden_state.nrows(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a setting is replaced by, loading gives a model or says why not.
    #[test]
    fn no_configuration_makes_loading_panic(
        key in prop::sample::select(vec![
            "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "hidden_act",
            "intermediate_size", "max_position_embeddings", "type_vocab_size", "layer_norm_eps",
            "hidden_dropout_prob", "pad_token_id", "architectures", "model_type",
            "tie_word_embeddings",
        ]),
        value in prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u8>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            Just(Value::Null),
            Just(json!([])),
            Just(json!({ "a": [1] })),
        ],
    ) {
        let dir = with_settings("mlm-tied", &json!({ key: value }));
        let _ = load(dir.path());
        let _ = MaskedLm::from_dir(dir.path(), &LoadOptions::default());
    }
}
