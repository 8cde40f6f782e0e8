//! `lt fill-mask`.

use crate::models::{minilm, with_vocabulary};
use crate::run::{arg, lt, lt_reading};

#[test]
fn each_mask_gets_a_line_of_guesses_the_likeliest_first() {
    let dir = with_vocabulary("mlm-tied");
    let text = "w7 [MASK] w9 [MASK]";
    let lines =
        lt(&["fill-mask", "--model", arg(dir.path()), "--format", "json", "--top", "51", text])
            .json();
    assert_eq!(lines.len(), 2);
    for line in lines {
        let guesses = line.as_array().unwrap();
        assert_eq!(guesses.len(), 51);
        let scores: Vec<f64> =
            guesses.iter().map(|guess| guess["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b));
        assert!((scores.iter().sum::<f64>() - 1.0).abs() < 1e-5);
        for guess in guesses {
            let id = guess["id"].as_u64().unwrap();
            if id >= 5 {
                assert_eq!(guess["token"], format!("w{id}"));
            }
            assert_eq!(guess.as_object().unwrap().len(), 3);
        }
    }
}

#[test]
fn text_for_people_shows_five_guesses_a_mask() {
    let dir = with_vocabulary("mlm-tied");
    let text = lt(&["fill-mask", "--model", arg(dir.path()), "w7 [MASK] [MASK]"]).ok();
    assert!(text.contains("mask 1 of 2") && text.contains("mask 2 of 2"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("  ")).count(), 10, "{text}");
}

#[test]
fn a_text_without_a_mask_is_told_which_to_write_and_which_text_it_was() {
    let dir = with_vocabulary("mlm-tied");
    let error = lt_reading(b"w7 [MASK]\nw7\n", &["fill-mask", "--model", arg(dir.path())]).error();
    assert!(error.contains("text 2") && error.contains("write [MASK]"), "{error}");
}

#[test]
fn a_text_that_does_not_fit_is_an_error_rather_than_cut() {
    let dir = with_vocabulary("mlm-tied");
    let text = format!("{} [MASK]", "w7 ".repeat(14));
    let error = lt(&["fill-mask", "--model", arg(dir.path()), &text]).error();
    assert!(error.contains("17 tokens, expected at most 16"), "{error}");
}

#[test]
fn a_model_without_the_head_is_told_what_it_has() {
    let error = lt(&["fill-mask", "--model", minilm(), "a [MASK]"]).error();
    assert!(error.contains("BertModel") && error.contains("hint: "), "{error}");
}

#[test]
fn targets_are_the_only_guesses_with_the_scores_that_they_have_among_all() {
    let dir = with_vocabulary("mlm-tied");
    let run = |more: &[&str]| {
        let args = ["fill-mask", "--model", arg(dir.path()), "--format", "json", "w7 [MASK]"];
        lt(&[&args, more].concat())
    };
    let all = run(&["--top", "51"]).json();
    let some = run(&["--targets", "w20,w9"]).json();
    let guesses = some[0].as_array().unwrap();
    assert_eq!(guesses.len(), 2);
    assert!(guesses.iter().all(|guess| all[0].as_array().unwrap().contains(guess)));
    let error = run(&["--targets", "w20 w21"]).error();
    assert!(error.contains("2 tokens"), "{error}");
}
