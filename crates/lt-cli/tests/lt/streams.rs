//! Standard input and output: lines as they come, readers that go away, bytes that are no text.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::models::minilm;
use crate::run::{command, lt_reading};

#[test]
fn vectors_are_written_before_the_input_ends() {
    let mut child = command(&["encode", "--model", minilm(), "--format", "json"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    stdin.write_all("a cat\n".repeat(600).as_bytes()).unwrap();
    stdin.flush().unwrap();
    // The input is still open.
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with(r#"{"text":"a cat","embedding":["#));
    drop(stdin);
    assert_eq!(lines.count(), 599);
    assert!(child.wait().unwrap().success());
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
