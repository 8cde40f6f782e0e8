//! `lt bench`: what it prints, and what it refuses. How long it takes is nobody's promise.

use std::fs;

use serde_json::Value;

use crate::models::{golden, minilm};
use crate::run::{arg, command, lt, outcome};

fn bench<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let args = ["bench", "--model", minilm(), "--format", "json", "--reps", "3", "--warmup", "1"];
    [args.as_slice(), more].concat()
}

fn check(line: &Value, tokens: u64) {
    let times = line["times_s"].as_array().unwrap();
    assert_eq!(times.len(), 3);
    assert!(times.iter().all(|time| time.as_f64().unwrap() > 0.0), "{line}");
    assert_eq!(line["tokens"], tokens, "{line}");
    if cfg!(target_os = "linux") {
        // The file of the weights has 91 MB, of which half is read here.
        assert!((40.0..400.0).contains(&line["peak_rss_mb"].as_f64().unwrap()), "{line}");
    }
}

#[test]
fn ids_and_texts_are_timed_as_often_as_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (ids, texts) = (dir.path().join("ids.json"), dir.path().join("texts.txt"));
    fs::write(&ids, r#"{"input_ids": [[101, 7592, 102], [101, 102]]}"#).unwrap();
    fs::write(&texts, "a cat\n一只猫\n\n").unwrap();
    for threads in ["1", "2"] {
        let line = lt(&bench(&["--ids", arg(&ids), "--threads", threads])).json().remove(0);
        check(&line, 5);
        // [CLS] a cat [SEP], [CLS] 一 只 猫 [SEP], [CLS] [SEP]
        let line = lt(&bench(&["--texts", arg(&texts), "--threads", threads])).json().remove(0);
        check(&line, 4 + 5 + 2);
    }
    let args = ["bench", "--model", minilm(), "--reps", "2", "--texts", arg(&texts)];
    let said = lt(&args).ok();
    assert!(said.contains("median of 2 rounds") && said.contains("; 11 tokens"), "{said}");
}

#[test]
fn reading_and_writing_are_timed_apart() {
    let dir = golden().join("../golden-decoders/llama-llama3");
    let run = |more: &[&str]| {
        let args = ["bench", "--model", arg(&dir), "--reps", "2", "--prompt-tokens", "5"];
        lt(&[args.as_slice(), more].concat())
    };
    let line =
        run(&["--generate-tokens", "4", "--batch", "3", "--format", "json"]).json().remove(0);
    assert_eq!(line["tokens"], 3 * (5 + 4), "{line}");
    assert_eq!([&line["batch"], &line["prompt_tokens"], &line["generate_tokens"]], [3, 5, 4]);
    let seconds = |part: &str| -> Vec<f64> {
        line[part].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect()
    };
    let (all, prompt, rest) = (seconds("times_s"), seconds("prompt_s"), seconds("generate_s"));
    assert_eq!([all.len(), prompt.len(), rest.len()], [2; 3]);
    for ((all, prompt), rest) in all.iter().zip(&prompt).zip(&rest) {
        assert!(*prompt > 0.0 && *rest > 0.0 && prompt + rest <= *all, "{line}");
    }
    let number = |part: &str| line[part].as_f64().unwrap();
    let median = |times: &[f64]| (times[0] + times[1]) / 2.0;
    let least = rest.iter().copied().fold(f64::INFINITY, f64::min);
    let shortest = number("shortest_step_s");
    assert!(0.0 < shortest && shortest <= least / 3.0, "{line}");
    let is = |a: f64, b: f64| (a - b).abs() < 1e-9 * b;
    assert!(is(number("prompt_tokens_per_s"), 15.0 / median(&prompt)), "{line}");
    assert!(is(number("generate_tokens_per_s"), 9.0 / median(&rest)), "{line}");

    let said = run(&["--generate-tokens", "2"]).ok();
    assert!(said.contains("5 tokens in") && said.contains("the shortest; 1 step)"), "{said}");
    let said = run(&["--generate-tokens", "1"]).ok();
    assert!(said.contains("5 tokens in") && !said.contains("generation"), "{said}");
}

#[test]
fn prompts_that_do_not_fit_are_refused() {
    let gpt2 = golden().join("../golden-decoders/gpt2-f16-copy");
    let run = |model, more: &[&str]| {
        let args = ["bench", "--model", model, "--prompt-tokens", "5"];
        lt(&[args.as_slice(), more].concat())
    };
    let error = run(arg(&gpt2), &["--generate-tokens", "1000"]).error();
    assert!(
        error.contains("--prompt-tokens 5 and --generate-tokens 1000 it reads 1004"),
        "{error}"
    );
    let error = run(minilm(), &[]).error();
    assert!(error.contains("a head that predicts the next word"), "{error}");
    for more in [&["--batch", "0"][..], &["--generate-tokens", "0"], &["--ids", "a"]] {
        assert_eq!(run(arg(&gpt2), more).code, Some(2), "{more:?}");
    }
}

#[test]
fn what_cannot_be_timed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let (empty, latin) = (file("empty", b""), file("latin", b"na\xefve\n"));
    let unknown = file("unknown.json", br#"{"input_ids": [[99999999]]}"#);
    for (more, expected) in [
        (["--texts", "no-such-file"], "cannot read `no-such-file`"),
        (["--texts", arg(&empty)], "has no lines"),
        (["--texts", arg(&latin)], "is not UTF-8 at byte 3"),
        (["--ids", arg(&unknown)], "99999999 in list 0"),
        (["--ids", arg(&latin)], "latin"),
    ] {
        let error = lt(&bench(&more)).error();
        assert!(error.contains(expected), "{more:?}: {error}");
    }
    for more in [
        &["--ids", "a", "--texts", "b"][..],
        &[],
        &["--ids", "a", "--reps", "0"],
        &["--ids", "a", "--batch", "2"],
        &["--texts", "a", "--generate-tokens", "2"],
    ] {
        assert_eq!(lt(&bench(more)).code, Some(2), "{more:?}");
    }
}

/// The sets of instructions differ in the last bits only, whichever the environment names; one
/// that the processor does not have is passed over.
#[test]
fn the_environment_chooses_the_instructions() {
    let args = ["encode", "--model", minilm(), "--format", "json", "The bank of the river."];
    let vector = |instructions: Option<&str>| -> Vec<f64> {
        let mut command = command(&args);
        if let Some(name) = instructions {
            command.env("LT_INSTRUCTIONS", name);
        }
        let line = outcome(command).json().remove(0);
        line["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let (best, portable) = (vector(None), vector(Some("portable")));
    assert!(best.iter().zip(&portable).all(|(a, b)| (a - b).abs() < 1e-6));
    assert_eq!(vector(Some("nonsense")), best);
    assert_eq!(vector(Some("avx512")), best);
}
