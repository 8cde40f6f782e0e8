//! The models that are built in: no `--model`, no file, no network.

use std::fs;

use crate::models::with_vocabulary;
use crate::run::{arg, command, lt, outcome};

#[test]
fn without_a_model_the_commands_take_the_ones_that_are_built_in() {
    let lines = tempfile::NamedTempFile::new().unwrap();
    fs::write(lines.path(), "A bill to be paid.\nA kitten plays.\n").unwrap();
    let tour = lt(&["tour", "The cat sat on the mat.", "--format", "json"]).json();
    assert_eq!(tour[0]["result"]["kind"], "masked_words");
    assert_eq!(lt(&["tokenize", "a cat", "--format", "json"]).json()[0]["tokens"][2], "cat");
    let vectors = lt(&["encode", "a cat", "--format", "json"]).json();
    assert_eq!(vectors[0]["embedding"].as_array().map(Vec::len), Some(384));
    let hits = lt(&["search", "--in", arg(lines.path()), "a young cat", "--format", "json"]).json();
    assert_eq!(hits[0]["hits"][0]["line"], 2);
    let alike = lt(&["similarity", "a cat", "a kitten", "a bank account", "--format", "json"]).ok();
    assert!(!alike.is_empty());
    let text = "She opened the [MASK] and went in.";
    let guesses = lt(&["fill-mask", text, "--format", "json"]).json();
    let guesses = guesses[0].as_array().unwrap();
    assert!(guesses.iter().any(|guess| guess["token"] == "door"), "{guesses:?}");
}

#[test]
fn the_same_seed_writes_the_same_text_and_another_seed_another() {
    let write = |seed| lt(&["generate", "--prompt", "It was a fine", "--seed", seed]).ok();
    let text = write("2");
    assert!(text.split_whitespace().count() > 20, "{text}");
    assert_eq!(write("2"), text);
    assert_ne!(write("1"), text);
}

#[test]
fn they_have_names() {
    let tour = |model| lt(&["tour", "--model", model, "The cat sat", "--format", "json"]).json();
    assert_eq!(tour("lt-tiny-gpt")[0]["result"]["kind"], "next_token");
    assert_eq!(tour("lt-tiny-minilm")[0]["result"]["kind"], "sentence_vector");
    let mut tokenize = command(&["tokenize", "a cat", "--format", "json"]);
    tokenize.env("LT_MODEL", "lt-tiny-gpt");
    assert_eq!(outcome(tokenize).json()[0]["tokens"][1], "Ġcat");
}

#[test]
fn one_that_is_made_for_something_else_is_refused_with_what_it_is_for() {
    for (command, model, uses) in [
        ("fill-mask", "lt-tiny-gpt", "`lt generate`"),
        ("encode", "lt-tiny-bert", "`lt fill-mask`"),
        ("generate", "lt-tiny-minilm", "`lt encode`"),
    ] {
        let error = lt(&[command, "--model", model, "text"]).error();
        assert!(error.contains("is not made for this") && error.contains(uses), "{error}");
    }
    for command in ["inspect", "classify"] {
        let error = lt(&[command, "--model", "lt-tiny-bert"]).error();
        assert!(error.contains("is built in, and this command reads files"), "{error}");
    }
}

#[test]
fn a_directory_of_that_name_comes_first() {
    let here = tempfile::tempdir().unwrap();
    fs::rename(with_vocabulary("mlm-tied").keep(), here.path().join("lt-tiny-bert")).unwrap();
    let mut inspect = command(&["inspect", "--summary", "--model", "lt-tiny-bert"]);
    inspect.current_dir(here.path());
    outcome(inspect).ok();
}
