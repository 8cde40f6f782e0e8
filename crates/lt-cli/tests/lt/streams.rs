//! Standard input and output: lines as they come, readers that go away, bytes that are no text.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::models::{minilm, with_vocabulary};
use crate::run::{arg, command, lt, lt_reading};

#[test]
fn vectors_are_written_before_the_input_ends() {
    let mut child = command(&["encode", "--model", minilm(), "--format", "json"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The input stays open: each line is answered before the next is written.
    for text in ["a cat", "a dog"] {
        stdin.write_all(format!("{text}\n").as_bytes()).unwrap();
        stdin.flush().unwrap();
        let line = lines.next().unwrap().unwrap();
        assert!(line.starts_with(&format!(r#"{{"text":"{text}","embedding":["#)));
    }
    // Many at once, the last without an end.
    stdin.write_all(("a cat\n".repeat(600) + "the end").as_bytes()).unwrap();
    drop(stdin);
    assert_eq!(lines.count(), 601);
    assert!(child.wait().unwrap().success());
}

#[test]
fn pieces_and_guesses_are_written_before_the_input_ends() {
    let masked = with_vocabulary("mlm-tied");
    for args in [["tokenize", minilm()], ["fill-mask", arg(masked.path())]] {
        let mut child = command(&[args[0], "--model", args[1], "--format", "json"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        stdin.write_all(b"w7 [MASK]\n").unwrap();
        stdin.flush().unwrap();
        assert!(lines.next().unwrap().is_ok());
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

/// One sentence takes little more memory than its weights: nothing is copied or padded.
#[cfg(target_os = "linux")]
#[test]
fn a_sentence_takes_less_than_a_third_more_memory_than_the_weights() {
    let mut child = command(&["encode", "--model", minilm(), "--format", "json"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    stdin.write_all(b"The bank of the river is steep.\n").unwrap();
    stdin.flush().unwrap();
    assert!(lines.next().unwrap().is_ok());
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    let weights = std::fs::metadata(format!("{}/model.safetensors", minilm())).unwrap().len();
    assert!(peak * 1024 * 10 <= weights * 13, "{peak} kB for weights of {weights} bytes");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

/// A standard error stream that cannot be written is no reason to end otherwise.
#[cfg(target_os = "linux")]
#[test]
fn an_error_that_nobody_can_be_told_is_still_exit_code_1() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child =
        command(&["encode", "--model", "/nowhere", "text"]).stderr(full).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// A character map that crashes the library that follows it.
#[test]
fn a_tokenizer_that_crashes_its_library_is_an_error_and_nothing_else_is_printed() {
    let dir = with_vocabulary("mlm-tied");
    let json = r#"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAAAAAAAAAAAAAAA"},
        "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]"}}"#;
    std::fs::write(dir.path().join("tokenizer.json"), json).unwrap();
    let error = lt(&["encode", "--model", arg(dir.path()), "text"]).error();
    assert!(error.contains("gave up on this tokenizer.json"), "{error}");
    assert!(!error.contains("panicked"), "{error}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let commands = [
        vec!["encode", "--format", "json"],
        vec!["encode"],
        vec!["tokenize"],
        vec!["tokenize", "--format", "json"],
    ];
    for args in commands {
        let mut child = command(&[args.as_slice(), &["--model", minilm()]].concat())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || {
            // lt stops reading when nobody wants to know.
            let _ = stdin.write_all("a cat\n".repeat(5000).as_bytes());
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.next().unwrap().is_ok());
        drop(lines);
        let status = child.wait().unwrap();
        writer.join().unwrap();
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!((status.code(), error.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_line_that_is_no_text_is_named_and_what_came_before_it_is_printed() {
    for name in ["encode", "tokenize"] {
        let outcome =
            lt_reading(b"fine\n\xff\xfe\nfine\n", &[name, "--model", minilm(), "--format", "json"]);
        assert_eq!(outcome.out.lines().count(), 1, "{name}");
        let error = outcome.error();
        assert!(error.contains("line 2") && error.contains("not UTF-8"), "{name}: {error}");
    }
}
