//! `vocab.json` and `merges.txt` against transformers.
//!
//! `byte_level/make.py` made the two files and what transformers reads with them.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::fs;
use std::path::{Path, PathBuf};

use lt_tokenizer::{Limit, Text, Tokenizer};
use serde_json::Value;
use tempfile::TempDir;

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/byte_level")
}

fn golden(kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(files().join("golden.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    golden[kind].as_array().unwrap().clone()
}

/// A directory with the two files and `tokenizer_config.json`.
fn directory(vocab: &str, config: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("vocab.json"), vocab).unwrap();
    fs::copy(files().join("merges.txt"), dir.path().join("merges.txt")).unwrap();
    fs::write(dir.path().join("tokenizer_config.json"), config).unwrap();
    dir
}

fn vocab() -> String {
    fs::read_to_string(files().join("vocab.json")).unwrap()
}

fn hold(tokenizer: &Tokenizer, kind: &str) {
    for entry in golden(kind) {
        let texts: Vec<&str> =
            entry["text"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        let text = match texts[..] {
            [one] => Text::Single(one),
            [first, second] => Text::Pair(first, second),
            _ => panic!("{entry}"),
        };
        let encoding = tokenizer.encode(text, Limit::None).unwrap();
        let ids: Vec<u32> = serde_json::from_value(entry["ids"].clone()).unwrap();
        assert_eq!(encoding.ids, ids, "{kind}: {texts:?}");
        let offsets: Vec<[usize; 2]> = serde_json::from_value(entry["offsets"].clone()).unwrap();
        let ours = encoding.offsets.iter().map(|range| [range.start, range.end]);
        assert_eq!(ours.collect::<Vec<_>>(), offsets, "{kind}: {texts:?}");
    }
}

#[test]
fn robertas_two_files_are_read_as_transformers_reads_them() {
    let tokenizer = Tokenizer::from_dir(files()).unwrap();
    hold(&tokenizer, "texts");
    hold(&tokenizer, "pairs");
    let special = tokenizer.special_tokens();
    assert_eq!(special.mask.as_ref().map(|mask| mask.id), Some(4));
    assert_eq!(special.cls.as_ref().map(|cls| cls.token.as_str()), Some("<s>"));
    assert_eq!(special.sep.as_ref().map(|sep| sep.token.as_str()), Some("</s>"));
}

#[test]
fn a_space_before_the_text_is_added_where_the_settings_say_so() {
    let dir = directory(&vocab(), r#"{"add_prefix_space": true}"#);
    hold(&Tokenizer::from_dir(dir.path()).unwrap(), "with a space before");
}

/// Without `<s>` the files are those of a GPT-2.
#[test]
fn gpt_2s_two_files_put_nothing_around_a_text() {
    let pieces: serde_json::Map<String, Value> = serde_json::from_str(&vocab()).unwrap();
    let mut pieces: Vec<(String, u64)> =
        pieces.into_iter().map(|(piece, id)| (piece, id.as_u64().unwrap())).collect();
    pieces.sort_by_key(|(_, id)| *id);
    let special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];
    let pieces = pieces.into_iter().map(|(piece, _)| piece);
    let pieces = pieces.filter(|piece| !special.contains(&piece.as_str()));
    let pieces = pieces.chain(["<|endoftext|>".to_owned()]).enumerate();
    let pieces = pieces.map(|(id, piece)| (piece, Value::from(id)));
    let dir = directory(&Value::Object(pieces.collect()).to_string(), "{}");
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    hold(&tokenizer, "gpt2");
    let special = tokenizer.special_tokens();
    assert_eq!(special.eos.as_ref().map(|eos| eos.token.as_str()), Some("<|endoftext|>"));
    assert_eq!(special.cls, None);
}

#[test]
fn files_that_do_not_hold_together_are_refused() {
    let merges = |text: &str| {
        let dir = directory(&vocab(), "{}");
        fs::write(dir.path().join("merges.txt"), text).unwrap();
        Tokenizer::from_dir(dir.path()).unwrap_err().to_string()
    };
    let message = merges("#version: 0.2\nh e\nth e r\n");
    assert!(message.contains("line 3") && message.contains("two pieces"), "{message}");
    assert!(merges("h\n").contains("line 1"));
    assert!(merges("no_such pieces\n").contains("vocab.json"));
    let dir = directory("[]", "{}");
    let message = Tokenizer::from_dir(dir.path()).unwrap_err().to_string();
    assert!(message.contains("expected an object"), "{message}");
    for vocab in [r#"{"a": "b"}"#, r#"{"a": -1}"#, r#"{"a": 1e99}"#, "{}"] {
        // An empty vocabulary has no merges either.
        assert!(Tokenizer::from_dir(directory(vocab, "{}").path()).is_err(), "{vocab}");
    }
}
