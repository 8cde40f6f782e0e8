//! `lt tokenize`.

use crate::models::{minilm, with_vocabulary};
use crate::run::{arg, lt, lt_reading};

#[test]
fn ids_tokens_and_offsets_in_characters() {
    let text = "Unbelievable 猫!";
    let lines = lt(&["tokenize", "--model", minilm(), "--format", "json", text]).json();
    assert_eq!(
        lines,
        [serde_json::json!({
            "ids": [101, 23653, 100, 999, 102],
            "tokens": ["[CLS]", "unbelievable", "[UNK]", "!", "[SEP]"],
            "offsets": [[0, 0], [0, 12], [13, 14], [14, 15], [0, 0]],
        })]
    );
}

#[test]
fn every_line_is_tokenized_and_nothing_is_cut() {
    let long = "word ".repeat(1000);
    let input = format!("a\n\n{long}\n");
    let lines =
        lt_reading(input.as_bytes(), &["tokenize", "--model", minilm(), "--format", "json"]).json();
    let lengths: Vec<usize> =
        lines.iter().map(|line| line["ids"].as_array().unwrap().len()).collect();
    assert_eq!(lengths, [3, 2, 1002]);
}

#[test]
fn a_vocabulary_without_weights_is_enough() {
    let dir = with_vocabulary("mlm-tied");
    std::fs::remove_file(dir.path().join("model.safetensors")).unwrap();
    let lines = lt(&["tokenize", "--model", arg(dir.path()), "--format", "json", "w7"]).json();
    assert_eq!(lines[0]["ids"], serde_json::json!([2, 7, 3]));
}

#[test]
fn pieces_stand_above_their_ids_and_offsets() {
    let text = lt(&["tokenize", "--model", minilm(), "kayaking 北京"]).ok();
    assert_eq!(
        text,
        "kayaking 北京 6 tokens\n  \
         [CLS] kay   ##aking 北   京    [SEP]\n  \
         101   10905 15495   1781 1755  102\n  \
         –     0–3   3–8     9–10 10–11 –\n\n"
    );
}
