//! `lt tour` as a program runs it: on real weights, and on tiny checkpoints.

#![allow(clippy::unwrap_used)] // what fails here is the test

mod decoders;
mod encoders;
mod page;
mod tiny_decoder;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn lt_with(model: &Path, arguments: &[&str]) -> Output {
    let mut lt = Command::new(env!("CARGO_BIN_EXE_lt"));
    lt.arg("tour").arg("--model").arg(model).args(arguments);
    lt.stdin(std::process::Stdio::null()).env_remove("LT_MODEL");
    lt.output().expect("lt runs")
}

/// What a tour prints that must succeed.
#[track_caller]
fn page_with(model: &Path, arguments: &[&str]) -> String {
    let output = lt_with(model, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the page is UTF-8")
}

#[track_caller]
fn json_with(model: &Path, arguments: &[&str]) -> Value {
    let arguments = [&["--format", "json"], arguments].concat();
    serde_json::from_str(&page_with(model, &arguments)).expect("one JSON value")
}

fn strings<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let items = list.as_array().expect("a list");
    items.iter().map(|item| item[field].as_str().expect("a string")).collect()
}
