//! Whatever comes in, an error comes out at worst.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod fixture;

use std::fs;

use fixture::refused;
use lt_tokenizer::{Limit, Specials, Tokenizer, TokenizerError, WordPieceSettings, slice};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Encodes and decodes texts of every sort; what comes out must hold together.
fn exercise(tokenizer: &Tokenizer) {
    let texts =
        ["", "a", "Hello  un我爱 [MASK]<mask> e\u{301}👩\u{200d}👧\0 a-b", "\u{301}", " \n"];
    for text in texts {
        for limit in [Limit::None, Limit::At(0), Limit::At(2), Limit::At(5)] {
            let Ok(encoding) = tokenizer.encode((text, "hello"), limit) else { continue };
            if let Limit::At(limit) = limit {
                assert!(encoding.len() <= limit);
            }
            for (offsets, sequence) in encoding.offsets.iter().zip(&encoding.sequence) {
                let of = if *sequence == Some(1) { "hello" } else { text };
                assert!(slice(of, offsets.clone()).is_some(), "{offsets:?} of {of:?}");
            }
            assert!(encoding.ids.iter().all(|&id| (id as usize) < tokenizer.vocab_size()));
            let _ = tokenizer.decode(&encoding.ids, Specials::Keep);
            let _ = tokenizer.decode(&encoding.ids, Specials::Skip);
            let _ = tokenizer.encode(text, limit);
        }
    }
}

fn paths(json: &Value, path: String, found: &mut Vec<String>) {
    match json {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                paths(field, format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                paths(item, format!("{path}/{at}"), found);
            }
        }
        _ => {}
    }
    found.push(path);
}

/// What a part of a file is replaced with.
fn replacements() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("a"),
        json!("\0"),
        json!("A"),
        json!("B"),
        json!("[CLS]"),
        json!("(((a*)*)*)*b"),
        json!([]),
        json!({}),
        json!([["", 0.0]]),
        json!({"type": "FixedLength", "length": 0}),
        json!({"type": "BPEDecoder", "suffix": "</w>"}),
        json!({"type": "Strip", "content": "a", "start": 9, "stop": 9}),
        json!({"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAAAAAAAAAAAAAAA"}),
        json!({"type": "Replace", "pattern": {"Regex": "(?=(a+)+$)"}, "content": ""}),
        json!({"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 4294967295_u32]}),
        json!({"type": "Sequence", "processors": [
            fixture::unigram()["post_processor"], fixture::unigram()["post_processor"],
        ]}),
    ])
}

proptest! {
    #[test]
    fn any_bytes_as_a_file_are_an_error_or_a_tokenizer(
        name in prop::sample::select(vec![
            "tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json",
        ]),
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "\\PC{0,100}".prop_map(String::into_bytes),
            "[\\[\\]{}:,\"0-9a-z\\n]{0,60}".prop_map(String::into_bytes),
        ],
    ) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\nhello\n").unwrap();
        fs::write(dir.path().join(name), bytes).unwrap();
        if let Ok(tokenizer) = Tokenizer::from_dir(dir.path()) {
            exercise(&tokenizer);
        }
    }

    #[test]
    fn any_lines_as_a_vocabulary_are_an_error_or_a_tokenizer(
        lines in prop::collection::vec("\\PC{0,3}", 0..20),
    ) {
        let pieces = ["[UNK]", "[CLS]", "[SEP]"].into_iter().chain(lines.iter().map(String::as_str));
        exercise(&Tokenizer::from_pieces(pieces, &WordPieceSettings::default()).unwrap());
    }

    #[test]
    fn a_file_with_parts_taken_out_or_replaced_is_an_error_or_a_tokenizer(
        kind in 0_usize..3,
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::option::of(replacements())), 1..4,
        ),
    ) {
        let (_, mut json) = fixture::every_kind()[kind].clone();
        for (at, replacement) in changes {
            let mut found = Vec::new();
            paths(&json, String::new(), &mut found);
            // The vocabulary of the byte-level one would have nearly all the changes.
            found.retain(|path| !path.starts_with("/model/vocab/") || path.len() < 16);
            let path = at.get(&found).clone();
            match (replacement, path.rsplit_once('/')) {
                (Some(replacement), _) => *json.pointer_mut(&path).unwrap() = replacement,
                (None, Some((parent, name))) => match json.pointer_mut(parent).unwrap() {
                    Value::Object(fields) => {
                        fields.remove(name);
                    }
                    Value::Array(items) => {
                        items.remove(name.parse().unwrap());
                    }
                    _ => {}
                },
                (None, None) => json = Value::Null,
            }
        }
        if let Ok(tokenizer) = Tokenizer::from_json(&json.to_string()) {
            exercise(&tokenizer);
        }
    }
}

#[test]
fn a_template_that_would_crash_or_lie_is_refused_with_its_field() {
    let text = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
    for (pointer, part, field) in [
        ("/post_processor/single", json!([text("B")]), "post_processor.single"),
        ("/post_processor/single", json!([text("A"), text("A")]), "post_processor.single"),
        ("/post_processor/single", json!([]), "post_processor.single"),
        ("/post_processor/pair", json!([text("A")]), "post_processor.pair"),
        ("/post_processor/special_tokens", json!({}), "`[CLS]`"),
        ("/post_processor/special_tokens/[CLS]/tokens", json!([]), "`[CLS]`"),
        ("/post_processor/special_tokens/[CLS]/ids", json!([99]), "99"),
        (
            "/post_processor",
            json!({"type": "BertProcessing", "sep": ["x", 3], "cls": ["y", 99]}),
            "99",
        ),
    ] {
        let error = refused(pointer, part);
        assert!(matches!(error, TokenizerError::Invalid { .. }), "{pointer}: {error:?}");
        assert!(error.to_string().contains(field), "{pointer}: {error}");
    }
    let one = fixture::lowercase_only()["post_processor"].take();
    let two = json!({"type": "Sequence", "processors": [one, one]});
    assert!(refused("/post_processor", two).to_string().contains("at most 1"));
}

#[test]
fn what_crashes_the_library_underneath_is_an_error_here() {
    let charsmap =
        json!({"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAAAAAAAAAAAAAAA"});
    let empty_steps = json!({"type": "FixedLength", "length": 0});
    for (part, crasher) in [("normalizer", charsmap), ("pre_tokenizer", empty_steps)] {
        let mut json = fixture::lowercase_only();
        json[part] = crasher;
        let tokenizer = Tokenizer::from_json(&json.to_string()).unwrap();
        let error = tokenizer.encode("a text", Limit::None).unwrap_err();
        assert!(matches!(error, TokenizerError::Encode { .. }), "{part}: {error:?}");
    }
    let unparsable = refused("/normalizer", json!({"type": "Precompiled"}));
    assert!(matches!(unparsable, TokenizerError::Unsupported { .. }), "{unparsable:?}");
    let overflow = refused("/model/vocab/[PAD]", json!(u32::MAX));
    assert!(matches!(overflow, TokenizerError::Invalid { .. }), "{overflow:?}");
}

#[test]
fn a_word_without_pieces_in_a_vocabulary_without_unknown_token_is_an_error() {
    let mut json = fixture::lowercase_only();
    json["model"]["unk_token"] = json!("[NONE]");
    let tokenizer = Tokenizer::from_json(&json.to_string()).unwrap();
    assert!(tokenizer.encode("we love", Limit::None).is_ok());
    let error = tokenizer.encode("we hate", Limit::None).unwrap_err();
    assert!(matches!(error, TokenizerError::Encode { .. }), "{error:?}");
}

#[test]
fn a_second_text_that_leaves_no_room_is_an_error_where_only_the_first_is_cut() {
    let tokenizer = fixture::bert();
    let cut = |limit| tokenizer.encode(("we we we", "love love"), Limit::First(limit));
    for limit in 0..3 {
        let error = cut(limit).unwrap_err();
        assert!(matches!(error, TokenizerError::Limit { special: 3, .. }), "{error:?}");
    }
    for limit in 3..5 {
        let error = cut(limit).unwrap_err();
        assert!(
            matches!(error, TokenizerError::SecondText { second: 2, special: 3, .. }),
            "{error:?}"
        );
    }
    for (limit, truncated) in [(5, 3), (6, 2), (8, 0), (usize::MAX, 0)] {
        let pair = cut(limit).unwrap();
        assert_eq!((pair.truncated, pair.len()), (truncated, 8 - truncated));
        assert!(pair.tokens.ends_with(&["love", "love", "[SEP]"].map(str::to_owned)));
    }
    // A text alone is the first.
    let one = tokenizer.encode("we we we", Limit::First(4)).unwrap();
    assert_eq!((one.len(), one.truncated), (4, 1));
}

#[test]
fn a_limit_below_the_special_tokens_is_an_error_and_at_them_leaves_only_them() {
    let tokenizer = fixture::bert();
    for limit in 0..2 {
        let error = tokenizer.encode("we", Limit::At(limit)).unwrap_err();
        assert!(matches!(error, TokenizerError::Limit { special: 2, .. }), "{error:?}");
    }
    assert_eq!(tokenizer.encode("we", Limit::At(2)).unwrap().tokens, ["[CLS]", "[SEP]"]);
    assert!(tokenizer.encode(("we", "love"), Limit::At(2)).is_err());
    let pair = tokenizer.encode(("we", "love"), Limit::At(3)).unwrap();
    assert_eq!(pair.tokens, ["[CLS]", "[SEP]", "[SEP]"]);
    assert_eq!(pair.truncated, 2);
    assert_eq!(tokenizer.encode_bare("we", Limit::At(0)).unwrap().len(), 0);
    assert_eq!(tokenizer.encode("we", Limit::At(usize::MAX)).unwrap().len(), 3);
}

#[test]
fn an_id_of_no_token_cannot_be_decoded() {
    let tokenizer = fixture::bert();
    for id in [24, u32::MAX] {
        let error = tokenizer.decode(&[8, id], Specials::Skip).unwrap_err();
        assert!(matches!(error, TokenizerError::UnknownId { vocab_size: 24, .. }), "{error:?}");
    }
}

#[test]
fn no_ids_or_only_skipped_ones_decode_to_nothing_with_every_decoder() {
    let mut json = fixture::lowercase_only();
    for decoder in [json!(null), json!({"type": "BPEDecoder", "suffix": "</w>"})] {
        json["decoder"] = decoder;
        let tokenizer = Tokenizer::from_json(&json.to_string()).unwrap();
        assert_eq!(tokenizer.decode(&[], Specials::Keep).unwrap(), "");
        assert_eq!(tokenizer.decode(&[4], Specials::Skip).unwrap(), "");
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [("vocab.txt", 1 << 34), ("tokenizer.json", 1 << 40)] {
        // Sparse: it takes up no room.
        fs::File::create(dir.path().join(name)).unwrap().set_len(bytes).unwrap();
        let error = Tokenizer::from_dir(dir.path()).unwrap_err();
        assert!(matches!(error, TokenizerError::TooLarge { bytes: b, .. } if b == bytes));
    }
}

#[test]
fn a_directory_or_other_bytes_in_the_place_of_a_file_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tokenizer.json");
    fs::create_dir(&path).unwrap();
    let error = Tokenizer::from_dir(dir.path()).unwrap_err();
    assert!(matches!(error, TokenizerError::Read { .. }), "{error:?}");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, b"{\"version\": \"\xff\"}").unwrap();
    let error = Tokenizer::from_dir(dir.path()).unwrap_err();
    assert!(matches!(error, TokenizerError::NotUtf8 { at: 13, .. }), "{error:?}");
    fs::write(&path, "{\"version\":").unwrap();
    let error = Tokenizer::from_dir(dir.path()).unwrap_err();
    assert!(matches!(error, TokenizerError::NotJson { .. }), "{error:?}");
}

#[test]
fn deep_nesting_is_an_error_not_a_stack_overflow() {
    let deep = "[".repeat(1_000_000);
    assert!(Tokenizer::from_json(&deep).is_err());
    assert!(Tokenizer::from_json(&format!("{{\"normalizer\": {deep}")).is_err());
    assert!(Tokenizer::from_json(&format!("{{\"unknown\": {deep}")).is_err());
}

#[test]
fn texts_at_the_edges_are_tokenized() {
    let tokenizer = fixture::bert();
    let tokens = |text: &str| tokenizer.encode_bare(text, Limit::None).unwrap().tokens;
    assert!(tokens("").is_empty());
    assert!(tokens("\0\0").is_empty());
    assert!(tokens("\u{301}").is_empty(), "a lone combining mark is an accent to take off");
    assert_eq!(tokens("un\0able"), ["un", "##able"]);
    assert_eq!(tokens("👩\u{200d}👧"), ["[UNK]"]);
    assert_eq!(tokens("مرحبا"), ["[UNK]"]);
    assert_eq!(tokens(&("un".to_owned() + &"able".repeat(24))).len(), 25, "98 characters");
    assert_eq!(tokens(&("un".to_owned() + &"able".repeat(25))), ["[UNK]"], "102 characters");
}

#[test]
fn ten_megabytes_of_text_are_tokenized() {
    let tokenizer = fixture::bert();
    let text = "a".repeat(9_000_000) + " " + &"我爱unable ".repeat(77_000);
    let encoding = tokenizer.encode(&text, Limit::At(6)).unwrap();
    assert!(text.len() >= 10_000_000);
    assert_eq!(encoding.tokens, ["[CLS]", "[UNK]", "我", "爱", "un", "[SEP]"]);
    assert_eq!(encoding.offsets[4], 9_000_003..9_000_005);
    assert_eq!(encoding.truncated, 4 * 77_000 - 3);
}
