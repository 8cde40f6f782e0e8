//! `lt zero-shot`.

use serde_json::{Value, json};

use crate::models::{with_settings, with_vocabulary};
use crate::run::{arg, lt};

fn scores(line: &Value) -> Vec<f64> {
    line["scores"].as_array().unwrap().iter().map(|it| it["score"].as_f64().unwrap()).collect()
}

#[test]
fn any_labels_are_scored_together_or_each_by_itself() {
    let labels = json!({"0": "contradiction", "1": "neutral", "2": "entailment"});
    let dir = with_settings("sequences-3-labels", &[("id2label", labels)]);
    let run = |more: &[&str]| {
        let args = ["zero-shot", "--model", arg(dir.path()), "--template", "w6 {}", "--format"];
        lt(&[&args[..], &["json"], more, &["w7 w8"]].concat()).json().remove(0)
    };
    let one = run(&["--labels", "w20,w21", "--labels", "w22 w23"]);
    assert_eq!(one["scores"].as_array().unwrap().len(), 3);
    assert!((scores(&one).iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert!(scores(&one).is_sorted_by(|a, b| a >= b));

    let any = run(&["--labels", "w20,w21,w22 w23", "--multi-label"]);
    assert!((scores(&any).iter().sum::<f64>() - 1.0).abs() > 1e-3);
    let alone = run(&["--labels", "w21", "--multi-label"]);
    let all = any["scores"].as_array().unwrap();
    assert!(all.contains(&alone["scores"][0]), "a label by itself has the same score");
    assert_eq!(scores(&run(&["--labels", "w20,w21", "--top", "1"])).len(), 1);
}

#[test]
fn what_cannot_be_asked_is_refused_with_what_to_do() {
    let dir = with_vocabulary("sequences-3-labels");
    let args = ["zero-shot", "--model", arg(dir.path()), "--labels", "w20", "w7"];
    let error = lt(&args).error();
    assert!(error.contains("bad, so-so, good") && error.contains("NLI"), "{error}");

    let labels = json!({"0": "contradiction", "1": "neutral", "2": "entailment"});
    let dir = with_settings("sequences-3-labels", &[("id2label", labels)]);
    let args = ["zero-shot", "--model", arg(dir.path()), "--labels", "w20", "w7", "--template"];
    let error = lt(&[&args[..], &["about it"]].concat()).error();
    assert!(error.contains("{} once"), "{error}");
}
