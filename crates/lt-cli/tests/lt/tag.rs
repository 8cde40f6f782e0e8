//! `lt tag`.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::models::with_vocabulary;
use crate::run::{arg, lt, lt_reading};

/// A tiny model that knows people, places and organisations, as far as random weights go.
fn model() -> TempDir {
    let dir = with_vocabulary("tokens-7-labels-f16");
    let path = dir.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for (id, name) in ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"].iter().enumerate()
    {
        config["id2label"][id.to_string()] = Value::from(*name);
    }
    fs::write(path, config.to_string()).unwrap();
    dir
}

fn text() -> String {
    (0..40).map(|n| format!("w{} ", 5 + n * 11 % 40)).collect()
}

#[test]
fn each_text_gets_a_line_of_entities_with_their_places() {
    let dir = model();
    let (first, second) = (text(), "w7 北京 w9".to_owned());
    let input = format!("{first}\n\n{second}\n");
    for rule in ["none", "simple", "first", "average", "max"] {
        let args = ["tag", "--model", arg(dir.path()), "--format", "json", "--aggregation", rule];
        let lines = lt_reading(input.as_bytes(), &args).json();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1], serde_json::json!({"text": "", "entities": []}));
        for (line, text) in lines.iter().zip([first.as_str(), "", &second]) {
            assert_eq!(line["text"], text);
            let characters: Vec<char> = text.chars().collect();
            for entity in line["entities"].as_array().unwrap() {
                assert_eq!(entity.as_object().unwrap().len(), 5);
                let at = |name: &str| entity[name].as_u64().unwrap() as usize;
                let piece: String = characters[at("start")..at("end")].iter().collect();
                assert_eq!(entity["text"], piece);
                assert!((0.0..=1.0).contains(&entity["score"].as_f64().unwrap()));
                let label = entity["label"].as_str().unwrap();
                assert!(rule == "none" || ["PER", "LOC", "ORG"].contains(&label), "{label}");
            }
        }
        let count = lines[0]["entities"].as_array().unwrap().len();
        // Longer than the model takes, and nothing is lost.
        assert!(if rule == "none" { count == 40 } else { (1..40).contains(&count) }, "{count}");
    }
}

#[test]
fn text_for_people_is_a_table_under_the_text() {
    let dir = model();
    let out = lt(&["tag", "--model", arg(dir.path()), "--aggregation", "none", "w7 北京"]).ok();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "w7 北京");
    assert_eq!(lines.len(), 5, "{out}");
    assert!(lines[3].contains("京") && lines[3].ends_with("4..5"), "{out}");
    let none = lt(&["tag", "--model", arg(dir.path()), ""]).ok();
    assert!(none.contains("nothing found"), "{none}");
}

#[test]
fn windows_can_be_chosen_within_reason() {
    let dir = model();
    let text = text();
    let run = |more: &[&str]| {
        let args = ["tag", "--model", arg(dir.path()), "--format", "json", text.as_str()];
        lt(&[&args[..], more].concat())
    };
    assert_ne!(run(&["--max-length", "5"]).json(), run(&[]).json());
    let error = run(&["--max-length", "5", "--overlap", "3"]).error();
    assert!(error.contains("overlap by 3 tokens: expected at most 2"), "{error}");
    let error = run(&["--max-length", "2"]).error();
    assert!(error.contains("expected 3 to"), "{error}");
}

#[test]
fn a_model_with_another_head_is_told_which_command_it_is_for() {
    for (name, command) in [("mlm-tied", "lt fill-mask"), ("questions", "lt answer")] {
        let dir = with_vocabulary(name);
        let error = lt(&["tag", "--model", arg(dir.path()), "w7"]).error();
        assert!(error.contains("hint: ") && error.contains(command), "{error}");
        assert!(error.contains("ForTokenClassification"), "{error}");
    }
    let dir = with_vocabulary("heads-3x4-gelu");
    let error = lt(&["tag", "--model", arg(dir.path()), "w7"]).error();
    assert!(error.contains("lt encode"), "{error}");
}

#[test]
fn what_cannot_be_tagged_is_named_and_what_came_before_it_is_printed() {
    let dir = model();
    let vocabulary = fs::read_to_string(dir.path().join("vocab.txt")).unwrap();
    fs::write(dir.path().join("vocab.txt"), vocabulary + "\nw51\nw52\nw53\nw54\nw55").unwrap();
    let outcome =
        lt_reading(b"w7\nw8\nw55\n", &["tag", "--model", arg(dir.path()), "--format", "json"]);
    assert_eq!(outcome.out.lines().count(), 2);
    let error = outcome.error();
    assert!(error.contains("text 3") && error.contains("w55"), "{error}");
}
