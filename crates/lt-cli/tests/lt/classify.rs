//! `lt classify`.

use serde_json::{Value, json};

use crate::models::{minilm, with_settings, with_vocabulary};
use crate::run::{arg, lt, lt_reading};

fn scores(line: &Value) -> Vec<(String, f64)> {
    let scores = line["scores"].as_array().unwrap().iter();
    scores
        .map(|it| (it["label"].as_str().unwrap().to_owned(), it["score"].as_f64().unwrap()))
        .collect()
}

#[test]
fn each_text_gets_its_labels_the_likeliest_first() {
    let dir = with_vocabulary("sequences-3-labels");
    let args = ["classify", "--model", arg(dir.path()), "--format", "json"];
    let lines = lt_reading(b"w7 w8\n\nw9\n", &args).json();
    assert_eq!(lines.len(), 3);
    for (line, text) in lines.iter().zip(["w7 w8", "", "w9"]) {
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["scores", "text", "truncated"]);
        assert_eq!((&line["text"], &line["truncated"]), (&json!(text), &json!(0)));
        let scores = scores(line);
        assert!(scores.is_sorted_by(|a, b| a.1 >= b.1));
        assert!((scores.iter().map(|it| it.1).sum::<f64>() - 1.0).abs() < 1e-6);
        let mut names: Vec<&str> = scores.iter().map(|it| it.0.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["bad", "good", "so-so"]);
    }
    let top = lt(&[&args[..], &["--top", "1", "w9"]].concat()).json();
    assert_eq!(scores(&top[0]), scores(&lines[2])[..1]);
}

#[test]
fn pairs_come_with_an_option_or_a_tab_and_too_long_ones_are_cut() {
    let dir = with_vocabulary("sequences-3-labels");
    let args = ["classify", "--model", arg(dir.path()), "--format", "json"];
    let option = lt(&[&args[..], &["--pair", "w9", "w7 w8"]].concat()).json();
    assert_eq!((&option[0]["text"], &option[0]["pair"]), (&json!("w7 w8"), &json!("w9")));
    let pairs = [&args[..], &["--pairs"]].concat();
    assert_eq!(lt_reading(b"w7 w8\tw9\n", &pairs).json(), option);
    let alone = lt(&[&args[..], &["w7 w8"]].concat()).json();
    assert_ne!(scores(&alone[0]), scores(&option[0]));

    let long = format!("{}\tw9", "w7 ".repeat(20));
    assert_eq!(lt(&[&pairs[..], &[&long]].concat()).json()[0]["truncated"], 8);

    let outcome = lt_reading(b"w7\tw8\nw9\nw7\tw8\n", &pairs);
    assert_eq!(outcome.out.lines().count(), 1, "what came before is printed");
    let error = outcome.error();
    assert!(error.contains("text 2") && error.contains("no tab"), "{error}");
}

#[test]
fn scores_are_made_as_the_configuration_or_the_option_says() {
    let dir = with_settings(
        "sequences-3-labels",
        &[("problem_type", json!("multi_label_classification"))],
    );
    let run = |more: &[&str]| {
        let args = ["classify", "--model", arg(dir.path()), "--format", "json", "w7 w8"];
        scores(&lt(&[&args, more].concat()).json()[0])
    };
    let raw = run(&["--function", "none"]);
    let sigmoid: Vec<f64> = raw.iter().map(|it| 1.0 / (1.0 + (-it.1).exp())).collect();
    for (score, expected) in run(&[]).iter().zip(sigmoid) {
        assert!((score.1 - expected).abs() < 1e-6);
    }
    let softmax: f64 = run(&["--function", "softmax"]).iter().map(|it| it.1).sum();
    assert!((softmax - 1.0).abs() < 1e-6);
    assert_eq!(run(&["--max-length", "3"]).len(), 3);
}

#[test]
fn text_for_people_has_bars_and_says_what_was_cut() {
    let dir = with_vocabulary("sequences-3-labels");
    let text = lt(&["classify", "--model", arg(dir.path()), &"w7 ".repeat(20)]).ok();
    assert!(text.contains("without its last 6 tokens"), "{text}");
    assert!(text.contains('█') && text.contains("so-so"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("  ")).count(), 3, "{text}");
}

#[test]
fn a_masked_lm_sorts_with_a_template_and_words() {
    let dir = with_vocabulary("mlm-tied");
    let run = |more: &[&str]| {
        let args = ["classify", "--model", arg(dir.path()), "--template", "{text} w6 {mask}"];
        lt(&[&args, more, &["--format", "json", "w7 w8"]].concat())
    };
    let line = &run(&["--label", "good=w20,w21", "--label", "bad=w22"]).json()[0];
    assert_eq!(line["text"], "w7 w8");
    assert!((scores(line).iter().map(|it| it.1).sum::<f64>() - 1.0).abs() < 1e-6);

    let error = run(&["--label", "good=w20 w21"]).error();
    assert!(error.contains("2 tokens (w20 w21)"), "{error}");
    let args = ["classify", "--model", arg(dir.path()), "--label", "good=w20", "w7", "--template"];
    let error = lt(&[&args[..], &["no gap"]].concat()).error();
    assert!(error.contains("{text} once"), "{error}");
}

#[test]
fn a_model_without_the_head_is_told_which_command_it_is_for() {
    let dir = with_vocabulary("mlm-tied");
    let error = lt(&["classify", "--model", arg(dir.path()), "w7"]).error();
    assert!(error.contains("BertForMaskedLM") && error.contains("`lt fill-mask`"), "{error}");
    let error = lt(&["classify", "--model", minilm(), "a cat"]).error();
    assert!(error.contains("BertModel") && error.contains("`lt encode`"), "{error}");
    let dir = with_vocabulary("sequences-3-labels");
    let args = ["--template", "{text} {mask}", "--label", "good=w20", "w7"];
    let error = lt(&[&["classify", "--model", arg(dir.path())], &args[..]].concat()).error();
    assert!(error.contains("a masked-LM head") && error.contains("`lt zero-shot`"), "{error}");
}
