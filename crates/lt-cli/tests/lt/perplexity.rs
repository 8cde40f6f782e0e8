//! `lt eval perplexity`.

use std::fs;
use std::path::Path;

use lt_core::Scratch;
use lt_tasks::{LoadOptions, PerplexityWindows, TextGenerator, perplexity};
use serde_json::Value;

use crate::models::{golden, with_letters};
use crate::run::{arg, lt, lt_reading};

const TEXT: &str = "the bank is old.\n银行!\nwho knows";

/// What the library finds, as JSON.
fn by_library(dir: &Path, text: &str, length: usize, stride: usize) -> Value {
    let generator = TextGenerator::from_dir(dir, &LoadOptions::default()).unwrap();
    let windows = PerplexityWindows {
        length: length.try_into().unwrap(),
        stride: stride.try_into().unwrap(),
    };
    let ids = generator.tokenize(text).unwrap();
    let found = perplexity(generator.model(), &ids, windows, &mut Scratch::new());
    // As text and back, as what the program prints: a decimal is not always read to the last bit.
    serde_json::from_str(&serde_json::to_string(&found.unwrap()).unwrap()).unwrap()
}

#[test]
fn it_is_what_the_library_finds_whatever_the_windows() {
    for name in ["gpt2-as-published", "llama-kv-2-of-6-tied", "gemma3"] {
        let dir = with_letters(name);
        let file = dir.path().join("text.txt");
        fs::write(&file, TEXT).unwrap();
        let args = ["eval", "perplexity", "--model", arg(dir.path()), "--format", "json"];
        let run = |more: &[&str]| lt(&[&args[..], &[arg(&file)], more].concat()).json().remove(0);
        for (length, stride) in [(8, 3), (8, 8), (5, 1), (16, 9)] {
            let (window, step) = (length.to_string(), stride.to_string());
            let found = run(&["--window", &window, "--stride", &step]);
            assert_eq!(found, by_library(dir.path(), TEXT, length, stride), "{name}");
            assert!(
                found["windows"].as_u64() > Some(1) && found["perplexity"].as_f64() > Some(1.0)
            );
        }
        // As many as the model takes are enough for all.
        let whole = run(&[]);
        assert_eq!(whole, by_library(dir.path(), TEXT, 40, 40), "{name}");
        assert_eq!((&whole["windows"], &whole["tokens"]), (&1.into(), &33.into()));
        assert_eq!(whole, run(&["--threads", "1"]));
        let piped = lt_reading(TEXT.as_bytes(), &[&args[..], &["-"]].concat()).json().remove(0);
        assert_eq!(piped, whole);
    }
}

#[test]
fn people_are_told_the_number_first_and_how_it_came_about() {
    let dir = with_letters("gpt2-as-published");
    let model = ["--model", arg(dir.path())];
    let args =
        [&["eval", "perplexity", "-", "--window", "8", "--stride", "3"], &model[..]].concat();
    let text = lt_reading(TEXT.as_bytes(), &args).ok();
    let found = by_library(dir.path(), TEXT, 8, 3);
    let number = |key: &str| format!("{:.4}", found[key].as_f64().unwrap());
    assert!(text.starts_with(&format!("{}  perplexity\n", number("perplexity"))), "{text}");
    assert!(text.contains(&format!("{}  with all", number("by_token"))), "{text}");
    let windows = format!("33 tokens foretold, in {} windows of at most 8\n", found["windows"]);
    assert!(text.ends_with(&windows), "{text}");
}

#[test]
fn what_has_no_perplexity_is_refused() {
    let dir = with_letters("gpt2-as-published");
    let run = |text: &[u8], more: &[&str]| {
        let args = ["eval", "perplexity", "-", "--model", arg(dir.path())];
        lt_reading(text, &[&args[..], more].concat()).error()
    };
    let window = ["--window", "41"];
    let long = "a".repeat(60);
    for (text, more, expected) in [
        (&b""[..], &[][..], "the text has 0 tokens, expected at least 2"),
        (b"a", &[], "the text has 1 tokens, expected at least 2"),
        (b"a\xff", &[], "the standard input is not UTF-8 at byte 2"),
        (long.as_bytes(), &window, "a maximum length of 41 tokens: expected 1 to 40"),
    ] {
        let error = run(text, more);
        assert!(error.contains(expected), "{error}");
        assert_eq!(error.contains("hint: give a shorter --window"), more == window, "{error}");
    }
    let nowhere = ["eval", "perplexity", "--model", arg(dir.path()), "no such file"];
    let error = lt(&nowhere).error();
    assert!(error.contains("cannot read `no such file`"), "{error}");
    // A token of another model's tokenizer.
    let path = dir.path().join("tokenizer.json");
    let other = fs::read_to_string(&path).unwrap().replace("\"a\":4", "\"a\":44");
    fs::write(&path, other).unwrap();
    let error = run(b"abba", &[]);
    assert!(error.contains("gives the token \"a\" the id 44, but the model has 44"), "{error}");
}

#[test]
fn an_encoder_foretells_nothing_and_nonsense_is_a_wrong_command_line() {
    let encoder = golden().join("mlm-tied");
    let error = lt(&["eval", "perplexity", "--model", arg(&encoder), "-"]).error();
    assert!(error.contains("hint: "), "{error}");
    for args in [
        &["eval"][..],
        &["eval", "perplexity"],
        &["eval", "accuracy", "-"],
        &["eval", "perplexity", "-", "--stride", "0"],
        &["eval", "perplexity", "-", "--window", "0"],
        &["eval", "perplexity", "-", "--window", "-3"],
    ] {
        let outcome = lt(args);
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(outcome.err.contains("--help") || outcome.err.contains("Usage"), "{args:?}");
    }
}
