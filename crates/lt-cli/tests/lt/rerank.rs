//! `lt rerank`.

use serde_json::{Value, json};

use crate::models::{with_settings, with_vocabulary};
use crate::run::{arg, lt, lt_reading};

#[test]
fn documents_are_sorted_the_best_first_and_equal_ones_keep_their_order() {
    let dir = with_vocabulary("sequences-regression");
    let run = |more: &[&str]| {
        let args = ["rerank", "--model", arg(dir.path()), "--format", "json", "w7 w8"];
        lt_reading(b"w9\nw10 w11\n\nw9\n", &[&args, more].concat()).json()
    };
    let lines = run(&[]);
    let score = |line: &Value| line["score"].as_f64().unwrap();
    assert!(lines.is_sorted_by(|a, b| score(a) >= score(b)));
    let mut numbers: Vec<u64> =
        lines.iter().map(|line| line["document"].as_u64().unwrap()).collect();
    let place = |number| numbers.iter().position(|&it| it == number).unwrap();
    assert_eq!(place(1) + 1, place(4), "the same text twice");
    let texts = ["w9", "w10 w11", "", "w9"];
    for line in &lines {
        let number = line["document"].as_u64().unwrap() as usize;
        assert_eq!(line["text"], texts[number - 1]);
        assert_eq!(line.as_object().unwrap().len(), 4);
    }
    assert_eq!(run(&["--top", "2"]), lines[..2]);
    let raw = run(&["--function", "none"]);
    for (raw, line) in raw.iter().zip(&lines) {
        assert!((1.0 / (1.0 + (-score(raw)).exp()) - score(line)).abs() < 1e-6);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn settings_of_sentence_transformers_are_honoured() {
    let identity = json!({"activation_fn": "torch.nn.modules.linear.Identity"});
    let dir = with_settings("sequences-regression", &[("sentence_transformers", identity)]);
    let run = |more: &[&str]| {
        let args = ["rerank", "--model", arg(dir.path()), "--format", "json", "w7", "w8", "w9"];
        lt(&[&args, more].concat()).ok()
    };
    assert_eq!(run(&[]), run(&["--function", "none"]));
    assert_ne!(run(&[]), run(&["--function", "sigmoid"]));
}

#[test]
fn text_for_people_is_a_line_for_each_document() {
    let dir = with_vocabulary("sequences-regression");
    let text = lt(&["rerank", "--model", arg(dir.path()), "w7", "w8", "w9"]).ok();
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("w8") && text.contains("w9"), "{text}");
}

#[test]
fn a_model_with_several_labels_is_told_what_to_do() {
    let dir = with_vocabulary("sequences-3-labels");
    let error = lt(&["rerank", "--model", arg(dir.path()), "w7", "w8"]).error();
    assert!(error.contains("3 labels apart") && error.contains("classify the pairs"), "{error}");
    let dir = with_vocabulary("sequences-regression");
    let args = ["rerank", "--model", arg(dir.path()), "w7", "w8", "--function", "softmax"];
    assert!(lt(&args).error().contains("always 1"));
}
