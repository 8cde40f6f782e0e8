//! The grader as a program. What the reader has written so far does not matter here.

use std::process::{Command, Output};

fn grade(arguments: &[&str]) -> (String, Option<i32>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_grade"));
    let Output { stdout, stderr, status } = program.args(arguments).output().expect("it runs");
    (String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned(), status.code())
}

#[test]
fn how_far_one_is_ends_with_success() {
    let (said, code) = grade(&[]);
    assert!(said.contains("attention    ") && said.contains(" of "), "{said}");
    assert_eq!(code, Some(0));
}

#[test]
fn an_exercise_that_is_not_done_ends_with_one_and_names_the_next_hint() {
    let (said, code) = grade(&["attention", "weights"]);
    let is_done = said.contains("weights  done");
    assert_eq!(code, Some(i32::from(!is_done)), "{said}");
    assert!(!said.contains("hint 1 of"), "{said}");
    assert!(is_done || said.contains("--hint 1"), "{said}");
    let (said, _) = grade(&["attention", "weights", "--hint", "1"]);
    assert!(is_done || said.contains("hint 1 of") && said.contains("--hint 2"), "{said}");
}

#[test]
fn what_there_is_not_is_named_with_the_nearest() {
    let (said, code) = grade(&["atention"]);
    assert!(said.contains("did you mean `attention`?"), "{said}");
    assert_eq!(code, Some(2));
}
