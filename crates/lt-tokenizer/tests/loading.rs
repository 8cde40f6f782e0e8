//! What files say, and what is made of them.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod fixture;

use std::fs;
use std::path::Path;

use lt_tokenizer::{Limit, SpecialToken, Tokenizer, TokenizerError, WordPieceSettings};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

fn load(files: &[(&str, &str)]) -> Tokenizer {
    Tokenizer::from_dir(directory(files).path()).unwrap()
}

fn refusal(files: &[(&str, &str)]) -> TokenizerError {
    Tokenizer::from_dir(directory(files).path()).unwrap_err()
}

fn vocab_txt() -> String {
    fixture::PIECES.join("\n") + "\n"
}

fn tokens(tokenizer: &Tokenizer, text: &str) -> Vec<String> {
    tokenizer.encode_bare(text, Limit::None).unwrap().tokens
}

fn named(token: Option<&SpecialToken>) -> Option<(&str, u32)> {
    token.map(|token| (token.token.as_str(), token.id))
}

#[test]
fn tokenizer_json_is_preferred_to_vocab_txt() {
    let json = fixture::byte_level().to_string();
    let tokenizer = load(&[("tokenizer.json", &json), ("vocab.txt", &vocab_txt())]);
    assert_eq!(tokens(&tokenizer, "hello"), ["hello"]);
}

#[test]
fn a_vocab_txt_is_an_uncased_bert_unless_the_configuration_says_otherwise() {
    let text = "Un I É 我爱";
    let uncased = load(&[("vocab.txt", &vocab_txt())]);
    assert_eq!(tokens(&uncased, text), ["un", "i", "[UNK]", "我", "爱"]);

    let with = |config: Value| {
        load(&[("vocab.txt", &vocab_txt()), ("tokenizer_config.json", &config.to_string())])
    };
    let cased = with(json!({"do_lower_case": false}));
    assert_eq!(tokens(&cased, text), ["[UNK]", "[UNK]", "[UNK]", "我", "爱"]);
    let accents = with(json!({"strip_accents": false}));
    assert_eq!(tokens(&accents, text), ["un", "i", "é", "我", "爱"]);
    let joined = with(json!({"tokenize_chinese_chars": false}));
    assert_eq!(tokens(&joined, text), ["un", "i", "[UNK]", "[UNK]"]);
    let null = with(json!({"strip_accents": null, "do_lower_case": null}));
    assert_eq!(tokens(&null, text), tokens(&uncased, text));
}

/// As transformers has it: where the two files differ, the configuration counts.
#[test]
fn the_configuration_says_how_letters_are_read_where_it_says_anything() {
    let mut json = fixture::lowercase_only();
    json["normalizer"] = serde_json::json!({
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
        "strip_accents": null, "lowercase": false,
    });
    let json = json.to_string();
    let with = |config: &str| {
        load(&[("tokenizer.json", json.as_str()), ("tokenizer_config.json", config)])
    };
    assert_eq!(tokens(&with("{}"), "We"), ["[UNK]"]);
    assert_eq!(tokens(&with(r#"{"do_lower_case": true}"#), "We"), ["we"]);
    assert_eq!(tokens(&with(r#"{"do_lower_case": null}"#), "We"), ["[UNK]"]);
    assert_eq!(tokens(&with("{}"), "é"), ["é"]);
    assert_eq!(tokens(&with(r#"{"strip_accents": true}"#), "é"), ["[UNK]"]);
    assert_eq!(tokens(&with("{}"), "我爱"), ["我", "爱"]);
    let together = with(r#"{"tokenize_chinese_chars": false}"#);
    assert_eq!(tokens(&together, "我爱"), ["[UNK]"]);
}

#[test]
fn a_vocab_txt_and_the_tokenizer_json_it_stands_for_are_the_same_tokenizer() {
    let dir = directory(&[("vocab.txt", &vocab_txt())]);
    let settings = WordPieceSettings { strip_accents: Some(false), ..Default::default() };
    let from_vocab = Tokenizer::from_vocab(dir.path().join("vocab.txt"), &settings).unwrap();
    let mut json = fixture::lowercase_only();
    json["normalizer"] = json!({
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
        "strip_accents": false, "lowercase": true,
    });
    let from_json = Tokenizer::from_json(&json.to_string()).unwrap();
    for text in ["Unaffable, é [MASK]!", "我爱北京", "", "nothing known"] {
        let pair = (text, "we love");
        assert_eq!(
            from_vocab.encode(pair, Limit::None).unwrap(),
            from_json.encode(pair, Limit::None).unwrap()
        );
    }
    assert_eq!(from_vocab.vocab_size(), from_json.vocab_size());
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_change_nothing() {
    let windows = format!("\u{feff}{}", vocab_txt().replace('\n', "\r\n"));
    let (windows, unix) = (load(&[("vocab.txt", &windows)]), load(&[("vocab.txt", &vocab_txt())]));
    assert_eq!(windows.id("[PAD]"), Some(0));
    assert_eq!(tokens(&windows, "unaffable 我"), tokens(&unix, "unaffable 我"));
    assert_eq!(windows.vocab_size(), unix.vocab_size());

    let config = "\u{feff}{\"do_lower_case\": false}";
    let cased = load(&[("vocab.txt", &vocab_txt()), ("tokenizer_config.json", config)]);
    assert_eq!(tokens(&cased, "Un"), ["[UNK]"]);
}

#[test]
fn of_equal_lines_the_later_counts_and_an_empty_line_takes_up_an_id() {
    let tokenizer = load(&[("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n\nb\na\n\n")]);
    assert_eq!(tokenizer.id("a"), Some(6));
    assert_eq!(tokenizer.id("b"), Some(5));
    assert_eq!(tokenizer.token(3), None);
    assert_eq!(tokenizer.token(4), None);
    assert_eq!(tokenizer.vocab_size(), 7);
}

#[test]
fn padding_and_truncation_of_the_file_are_not_applied_but_its_length_is_told() {
    let mut json = fixture::lowercase_only();
    json["truncation"] = json!({"max_length": 4, "strategy": "LongestFirst", "stride": 0});
    json["padding"] = json!({
        "strategy": {"Fixed": 128}, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]",
    });
    let tokenizer = Tokenizer::from_json(&json.to_string()).unwrap();
    assert_eq!(tokenizer.encode("we love 我 爱", Limit::None).unwrap().len(), 6);
    assert_eq!(tokenizer.file_max_length(), Some(4));
    assert_eq!(tokenizer.model_max_length(), None);
}

#[test]
fn a_model_max_length_of_a_million_or_more_means_none() {
    let with = |length: &str| {
        let config = format!("{{\"model_max_length\": {length}}}");
        load(&[("vocab.txt", &vocab_txt()), ("tokenizer_config.json", &config)]).model_max_length()
    };
    assert_eq!(with("512"), Some(512));
    assert_eq!(with("1000000"), None);
    assert_eq!(with("1000000000000000019884624838656"), None);
    assert_eq!(with("null"), None);
}

#[test]
fn a_text_is_cut_on_the_side_that_the_files_say() {
    let cut = |tokenizer: &Tokenizer| tokenizer.encode_bare("we love 我", Limit::At(2)).unwrap();
    let mut json = fixture::lowercase_only();
    assert_eq!(cut(&Tokenizer::from_json(&json.to_string()).unwrap()).tokens, ["we", "love"]);
    json["truncation"] =
        json!({"max_length": 4, "strategy": "LongestFirst", "stride": 0, "direction": "Left"});
    let left = cut(&Tokenizer::from_json(&json.to_string()).unwrap());
    assert_eq!(left.tokens, ["love", "我"]);
    assert_eq!(left.offsets, [3..7, 8..9]);

    let config = r#"{"truncation_side": "left"}"#;
    let tokenizer = load(&[("vocab.txt", &vocab_txt()), ("tokenizer_config.json", config)]);
    assert_eq!(cut(&tokenizer).tokens, ["love", "我"]);
}

#[test]
fn a_text_may_spell_out_the_mask() {
    let tokenizer = fixture::bert();
    let encoding = tokenizer.encode("We [MASK] Beijing", Limit::None).unwrap();
    assert_eq!(encoding.tokens, ["[CLS]", "we", "[MASK]", "beijing", "[SEP]"]);
    let mask = tokenizer.special_tokens().mask.as_ref().unwrap();
    assert_eq!(encoding.ids[2], mask.id);
    assert_eq!(encoding.offsets[2], 3..9);
    assert!(!encoding.special[2]);
}

#[test]
fn special_tokens_are_named_by_either_file_or_have_their_usual_names() {
    let usual = fixture::bert();
    assert_eq!(named(usual.special_tokens().cls.as_ref()), Some(("[CLS]", 2)));
    assert_eq!(named(usual.special_tokens().eos.as_ref()), None);
    let usual = Tokenizer::from_json(&fixture::byte_level().to_string()).unwrap();
    assert_eq!(named(usual.special_tokens().mask.as_ref()), Some(("<mask>", 263)));

    let config = json!({"mask_token": {"content": "<gap>", "lstrip": true}, "eos_token": "<end>"});
    let map = json!({"mask_token": "[MASK]", "pad_token": "<pad>", "bos_token": "<none>"});
    let tokenizer = load(&[
        ("vocab.txt", &(vocab_txt() + "<gap>\n<end>\n<pad>\n")),
        ("tokenizer_config.json", &config.to_string()),
        ("special_tokens_map.json", &map.to_string()),
    ]);
    let special = tokenizer.special_tokens();
    assert_eq!(named(special.mask.as_ref()), Some(("<gap>", 24)));
    assert_eq!(named(special.eos.as_ref()), Some(("<end>", 25)));
    assert_eq!(named(special.pad.as_ref()), Some(("<pad>", 26)));
    assert_eq!(named(special.bos.as_ref()), None, "the vocabulary has no such token");
    assert_eq!(tokens(&tokenizer, "we <gap><end>"), ["we", "<gap>", "<end>"]);
}

#[test]
fn a_token_that_only_the_configuration_calls_special_is_found_in_a_text() {
    let mut json = fixture::lowercase_only();
    json["added_tokens"] = json!([]);
    let config = r#"{"mask_token": "[MASK]"}"#;
    let files = [("tokenizer.json", &*json.to_string()), ("tokenizer_config.json", config)];
    assert_eq!(tokens(&load(&files), "we [MASK]"), ["we", "[MASK]"]);
    assert_ne!(tokens(&load(&files[..1]), "we [MASK]"), ["we", "[MASK]"]);
}

#[test]
fn dropout_of_merges_is_left_to_training() {
    let mut json = fixture::byte_level();
    json["model"]["dropout"] = json!(1.0);
    let tokenizer = Tokenizer::from_json(&json.to_string()).unwrap();
    assert_eq!(tokens(&tokenizer, "hello hello"), ["hello", "Ġhello"]);
}

#[test]
fn a_directory_without_a_tokenizer_says_what_was_looked_for_and_what_is_there() {
    let message = refusal(&[]).to_string();
    assert!(
        message.contains("expected tokenizer.json, or vocab.txt, or vocab.json and"),
        "{message}"
    );
    for found in ["spiece.model", "sentencepiece.bpe.model", "vocab.json"] {
        let message = refusal(&[(found, "")]).to_string();
        assert!(message.contains(found), "{message}");
        assert!(message.contains("save_pretrained"), "{message}");
    }
    let message = Tokenizer::from_dir(Path::new("no/such")).unwrap_err().to_string();
    assert!(message.contains("`no/such`") && message.contains("no such directory"), "{message}");
}

#[test]
fn a_file_of_a_newer_library_says_so_and_how_to_save_it_again() {
    let mut json = fixture::lowercase_only();
    json["normalizer"] = json!({"type": "Invented2031"});
    let error = Tokenizer::from_json(&json.to_string()).unwrap_err();
    assert!(matches!(error, TokenizerError::Unsupported { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("newer") && message.contains("save_pretrained"), "{message}");
}

#[test]
fn a_vocabulary_without_its_special_tokens_says_which_is_missing() {
    assert!(refusal(&[("vocab.txt", "")]).to_string().contains("is empty"));
    for missing in ["[UNK]", "[CLS]", "[SEP]"] {
        let lines = vocab_txt().replace(missing, "other");
        let message = refusal(&[("vocab.txt", &lines)]).to_string();
        assert!(message.contains(&format!("without `{missing}`")), "{message}");
    }
}

#[test]
fn tokens_added_to_a_vocab_txt_are_not_silently_lost() {
    let vocab = vocab_txt();
    let files = |added| [("vocab.txt", vocab.as_str()), ("added_tokens.json", added)];
    assert_eq!(load(&files("{}")).vocab_size(), 24);
    for added in [r#"{"[ENT]": 24}"#, "[]"] {
        let message = refusal(&files(added)).to_string();
        assert!(message.contains("added_tokens.json"), "{message}");
        assert!(message.contains("save_pretrained"), "{message}");
    }
}

#[test]
fn a_configuration_that_says_something_impossible_is_refused_with_the_field() {
    for (field, value) in [
        ("do_lower_case", json!("yes")),
        ("strip_accents", json!(1)),
        ("model_max_length", json!(-1)),
        ("model_max_length", json!(0)),
        ("model_max_length", json!("long")),
        ("truncation_side", json!("middle")),
        ("mask_token", json!(7)),
        ("mask_token", json!({"text": "[MASK]"})),
        ("cls_token", json!("")),
    ] {
        let config = json!({field: value}).to_string();
        let error = refusal(&[("vocab.txt", &vocab_txt()), ("tokenizer_config.json", &config)]);
        assert!(matches!(error, TokenizerError::Invalid { .. }), "{error:?}");
        assert!(error.to_string().contains(field), "{error}");
    }
}

#[test]
fn a_tokenizer_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Tokenizer>();
}
