//! What a `generation_config.json` may say.
//!
//! `golden/generation.json` is what transformers wrote; `golden/make_generation.py` made it.
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::fs;

use lt_config::{ConfigError, EarlyStopping, GenerationConfig};
use serde_json::{Value, json};

fn saying(fields: &str) -> Result<GenerationConfig, ConfigError> {
    GenerationConfig::from_json(&format!("{{{fields}}}"))
}

/// In transformers' spelling, as far as it is read; all fields are named.
fn spelled(config: &GenerationConfig) -> Value {
    let list = |ids: &[usize]| if ids.is_empty() { Value::Null } else { json!(ids) };
    json!({
        "max_length": config.max_length,
        "max_new_tokens": config.max_new_tokens,
        "min_length": config.min_length,
        "min_new_tokens": config.min_new_tokens,
        "do_sample": config.do_sample,
        "num_beams": config.num_beams,
        "num_return_sequences": config.num_return_sequences,
        "early_stopping": config.early_stopping.map(stopping),
        "length_penalty": config.length_penalty,
        "temperature": config.temperature,
        "top_k": config.top_k,
        "top_p": config.top_p,
        "min_p": config.min_p,
        "repetition_penalty": config.repetition_penalty,
        "no_repeat_ngram_size": config.no_repeat_ngram_size,
        "bad_words_ids": match config.bad_words_ids.as_slice() {
            [] => Value::Null,
            words => json!(words),
        },
        "suppress_tokens": list(&config.suppress_tokens),
        "begin_suppress_tokens": list(&config.begin_suppress_tokens),
        "forced_bos_token_id": config.forced_bos_token_id,
        "forced_eos_token_id": list(&config.forced_eos_token_id),
        "bos_token_id": config.bos_token_id,
        "eos_token_id": list(&config.eos_token_id),
        "pad_token_id": config.pad_token_id,
        "decoder_start_token_id": config.decoder_start_token_id,
    })
}

fn stopping(early: EarlyStopping) -> Value {
    match early {
        EarlyStopping::Yes => json!(true),
        EarlyStopping::No => json!(false),
        EarlyStopping::Never => json!("never"),
    }
}

fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().unwrap() as f32 == b.as_f64().unwrap() as f32
        }
        // A single id is a list of one.
        (Value::Array(a), Value::Number(_)) => a.len() == 1 && same(&a[0], theirs),
        _ => ours == theirs,
    }
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/generation.json")).unwrap()
}

#[test]
fn a_directory_says_what_transformers_generates_with() {
    for case in golden()["cases"].as_array().unwrap() {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in case["files"].as_object().unwrap() {
            fs::write(dir.path().join(name), content.to_string()).unwrap();
        }
        let ours = spelled(&GenerationConfig::from_dir(dir.path()).unwrap());
        for (field, ours) in ours.as_object().unwrap() {
            let theirs = &case["read"][field];
            assert!(same(ours, theirs), "{field}: {ours}, but {theirs} for {}", case["files"]);
        }
    }
}

#[test]
fn what_is_done_where_nothing_is_said_is_as_in_transformers() {
    let nothing = GenerationConfig::default();
    let ours = json!({
        "max_length": nothing.max_length(),
        "min_length": nothing.min_length(),
        "do_sample": nothing.do_sample(),
        "num_beams": nothing.num_beams(),
        "num_return_sequences": nothing.num_return_sequences(),
        "early_stopping": stopping(nothing.early_stopping()),
        "length_penalty": nothing.length_penalty(),
        "temperature": nothing.temperature(),
        "top_k": nothing.top_k(),
        "top_p": nothing.top_p(),
        "repetition_penalty": nothing.repetition_penalty(),
        "no_repeat_ngram_size": nothing.no_repeat_ngram_size(),
    });
    let read = spelled(&nothing);
    for (field, theirs) in golden()["defaults"].as_object().unwrap() {
        // Ours, or not read.
        if let Some(ours) = ours.get(field) {
            assert!(same(ours, theirs), "{field}: {ours}, but {theirs}");
        } else if read.get(field).is_some() {
            assert!(theirs.is_null(), "{field}");
        }
    }
}

#[test]
fn without_a_file_nothing_is_said() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(GenerationConfig::from_dir(dir.path()).unwrap(), GenerationConfig::default());
    fs::write(dir.path().join("generation_config.json"), "[]").unwrap();
    let message = GenerationConfig::from_dir(dir.path()).unwrap_err().to_string();
    assert!(message.contains("generation_config.json`: the whole is a list, expected an object"));
}

#[test]
fn what_nothing_can_be_written_with_is_refused() {
    for (fields, expected) in [
        (r#""early_stopping": "always""#, r#"is "always", expected true, false or "never""#),
        (r#""num_beams": 0"#, "num_beams is 0, expected at least 1"),
        (r#""num_return_sequences": 0"#, "num_return_sequences is 0, expected at least 1"),
        (r#""temperature": -0.5"#, "temperature is -0.5, expected a number above 0"),
        (r#""temperature": 1e39"#, "temperature is inf, expected a number above 0"),
        (r#""repetition_penalty": 0"#, "repetition_penalty is 0, expected a number above 0"),
        (r#""length_penalty": 1e39"#, "length_penalty is inf, expected a number"),
        (r#""top_p": 1.5"#, "top_p is 1.5, expected 0 to 1"),
        (r#""min_p": -0.1"#, "min_p is -0.1, expected 0 to 1"),
        (r#""top_k": -1"#, "top_k is -1, expected a whole number"),
        (r#""do_sample": 1"#, "do_sample is 1, expected true or false"),
        (r#""bad_words_ids": [[]]"#, "expected a list of lists of ids, none of them empty"),
        (r#""bad_words_ids": [3]"#, "expected a list of lists of ids, none of them empty"),
        (r#""suppress_tokens": "a""#, "expected the id of a token, a list of ids, or null"),
    ] {
        let message = saying(fields).expect_err(fields).to_string();
        assert!(message.ends_with(expected), "{message}");
    }
    let by_hand = saying(r#""top_p": 0.5"#).unwrap();
    assert!(by_hand.validate().is_ok());
    let mut wrong = by_hand;
    wrong.top_p = Some(f32::NAN);
    assert!(wrong.validate().is_err());
}
