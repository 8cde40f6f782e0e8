//! Files of some kilobytes that ask for gigabytes or minutes.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod fixture;

use fixture::refused;
use lt_tokenizer::Tokenizer;
use serde_json::{Value, json};

/// Ten thousand links that each add a little are gone through for minutes.
#[test]
fn a_chain_of_very_many_links_is_refused() {
    for (part, chain, link) in [
        ("/normalizer", "normalizers", json!({"type": "NFC"})),
        ("/pre_tokenizer", "pretokenizers", json!({"type": "Whitespace"})),
        ("/decoder", "decoders", json!({"type": "Fuse"})),
    ] {
        let of = |count: usize| json!({"type": "Sequence", chain: vec![link.clone(); count]});
        let error = refused(part, of(101)).to_string();
        assert!(error.contains("at most 100") && error.contains("101"), "{error}");
        let mut json = fixture::lowercase_only();
        *json.pointer_mut(part).unwrap() = of(100);
        assert!(Tokenizer::from_json(&json.to_string()).is_ok());
    }
}

/// Forty lines that double a text would ask for a terabyte to read one letter.
#[test]
fn what_makes_texts_too_long_is_refused() {
    let replace = |pattern: Value, content: &str| json!({"type": "Replace", "pattern": pattern, "content": content});
    let doubles = replace(json!({"String": "a"}), "aa");
    let sequence =
        |count: usize| json!({"type": "Sequence", "normalizers": vec![doubles.clone(); count]});
    let nested = json!({"type": "Sequence", "normalizers": [sequence(20), sequence(20)]});
    for normalizer in [
        sequence(40),
        nested,
        replace(json!({"String": "a"}), &"a".repeat(2000)),
        replace(json!({"Regex": ""}), &"a".repeat(2000)),
        json!({"type": "Prepend", "prepend": "a".repeat(2000)}),
    ] {
        let error = refused("/normalizer", normalizer).to_string();
        assert!(error.contains("times as long"), "{error}");
    }
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false,
        "trim_offsets": true});
    for (part, chain, links) in [
        ("/normalizer", "normalizers", byte_level.clone()),
        ("/pre_tokenizer", "pretokenizers", byte_level),
        ("/decoder", "decoders", doubles.clone()),
    ] {
        let error = refused(part, json!({"type": "Sequence", chain: vec![links; 40]})).to_string();
        assert!(error.contains("times as long"), "{part}: {error}");
    }
    let mut json = fixture::lowercase_only();
    json["normalizer"] = sequence(6);
    assert!(Tokenizer::from_json(&json.to_string()).is_ok());
}

/// A map of which the first number says that it has 4 GB, and that the library would believe.
#[test]
fn a_character_map_that_says_it_is_larger_than_it_is_is_refused() {
    let map = json!({"type": "Precompiled", "precompiled_charsmap": "/////w=="});
    let nested = json!({"type": "Sequence", "normalizers": [{"type": "NFC"}, map]});
    let deceptive =
        format!(r#"{{"normalizer": null, "normaliz\u0065r": {map}, "normalizer": null}}"#);
    for error in [
        refused("/normalizer", map),
        refused("/normalizer", nested),
        Tokenizer::from_json(&deceptive).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("precompiled_charsmap") && error.contains("4294967295"), "{error}");
    }
}

/// A text without spaces would be looked up part by part, for hours.
#[test]
fn a_wordpiece_that_takes_words_of_any_length_is_refused() {
    let error = refused("/model/max_input_chars_per_word", json!(u64::MAX)).to_string();
    assert!(error.contains("max_input_chars_per_word") && error.contains("1000"), "{error}");
}

/// The map of real tokenizers replaces one character by 18 at most.
#[test]
fn a_character_map_that_makes_texts_too_long_is_refused() {
    // No tree, and one replacement of 2003 bytes.
    let map = format!("AAAAAGFh{}", "YWFh".repeat(667));
    let error = refused("/normalizer", json!({"type": "Precompiled", "precompiled_charsmap": map}));
    assert!(error.to_string().contains("times as long"), "{error}");
}

/// Some kilobytes would add a million tokens to each text.
#[test]
fn a_template_that_adds_very_many_tokens_is_refused() {
    let mut json = fixture::lowercase_only();
    let template = &mut json["post_processor"];
    let cls = template["single"][0].clone();
    template["special_tokens"]["[CLS]"]["ids"] = json!(vec![2; 1000]);
    template["special_tokens"]["[CLS]"]["tokens"] = json!(vec!["[CLS]"; 1000]);
    template["single"] = json!(vec![cls; 1000]);
    let text = json!({"Sequence": {"id": "A", "type_id": 0}});
    template["single"].as_array_mut().unwrap().push(text);
    let error = Tokenizer::from_json(&json.to_string()).unwrap_err().to_string();
    assert!(error.contains("post_processor.single") && error.contains("at most 1000"), "{error}");
}
