//! What a file says about the labels of a classifier.

use lt_config::{ConfigError, Labels, ModelConfig, Problem};

fn read(fields: &str) -> Result<Labels, ConfigError> {
    match ModelConfig::from_json(&format!(r#"{{"model_type": "bert", {fields}}}"#))? {
        ModelConfig::Bert(bert) => Ok(bert.labels),
        _ => panic!("another family"),
    }
}

fn names(fields: &str) -> Vec<String> {
    read(fields).expect(fields).names().to_vec()
}

fn refusal(fields: &str) -> String {
    read(fields).expect_err(fields).to_string()
}

#[test]
fn names_are_in_the_order_of_their_ids() {
    // As texts, "10" comes before "2".
    let ids: Vec<String> = (0..11).map(|id| format!(r#""{id}": "{}""#, 10 - id)).collect();
    let expected: Vec<String> = (0..11).rev().map(|name| name.to_string()).collect();
    assert_eq!(names(&format!(r#""id2label": {{{}}}"#, ids.join(", "))), expected);
    assert_eq!(names(r#""id2label": {"0": "same", "1": "same"}"#), ["same", "same"]);
    assert_eq!(names(r#""id2label": {"0": 5, "1": 1.5}"#), ["5", "1.5"]);
}

#[test]
fn without_names_they_are_numbered_and_two_if_nothing_is_said() {
    assert_eq!(names(r#""num_labels": null, "id2label": null"#), ["LABEL_0", "LABEL_1"]);
    assert_eq!(names(r#""num_labels": 3"#), ["LABEL_0", "LABEL_1", "LABEL_2"]);
    assert_eq!(names(r#""num_labels": 65536"#).len(), 65536);
    for wrong in ["0", "65537", "18446744073709551615"] {
        let message = refusal(&format!(r#""num_labels": {wrong}"#));
        assert!(message.ends_with(&format!("num_labels is {wrong}, expected 1 to 65536")));
    }
    assert!(refusal(r#""num_labels": -1"#).ends_with("expected a whole number"));
}

#[test]
fn names_that_are_stored_the_other_way_only_are_read_from_there() {
    assert_eq!(names(r#""label2id": {"yes": 1, "no": 0}"#), ["no", "yes"]);
    assert_eq!(names(r#""label2id": {"yes": "1", "no": "0"}"#), ["no", "yes"]);
    assert_eq!(names(r#""num_labels": 3, "label2id": {"c": 0, "b": 1, "a": 2}"#), ["c", "b", "a"]);
    // transformers would read a model of two labels.
    assert!(refusal(r#""label2id": {"c": 0, "b": 1, "a": 2}"#).contains("expected two names if"));
    // It has nothing to say beside the other.
    assert_eq!(names(r#""id2label": {"0": "a"}, "label2id": {"b": 7}"#), ["a"]);
}

#[test]
fn ids_have_no_gap_and_come_once() {
    for wrong in [
        r#"{"1": "a"}"#,
        r#"{"0": "a", "2": "b"}"#,
        r#"{"0": "a", "00": "b"}"#,
        r#"{"-1": "a"}"#,
        r#"{"18446744073709551615": "a"}"#,
        r#"{"99999999999999999999": "a"}"#,
        r#"{"first": "a"}"#,
        r#"{"": "a"}"#,
        r#"{"0": true}"#,
        r#"{"0": null}"#,
    ] {
        let message = refusal(&format!(r#""id2label": {wrong}"#));
        assert!(message.contains("expected an object with a text for each of the ids"), "{wrong}");
    }
    for wrong in [r#"{"a": 1}"#, r#"{"a": 0, "b": 0}"#, r#"{"a": 0.0}"#, r#"{"a": [0]}"#] {
        let message = refusal(&format!(r#""label2id": {wrong}"#));
        assert!(message.contains("expected an object whose ids are"), "{wrong}");
    }
    assert!(
        refusal(r#""id2label": ["a"]"#).ends_with("id2label is a list, expected an object {…}")
    );
    assert!(
        refusal(r#""id2label": {}"#).ends_with("the number of labels is 0, expected at least 1")
    );
}

#[test]
fn two_numbers_of_labels_are_refused() {
    // transformers 4 believes the names, transformers 5 the number.
    assert_eq!(
        refusal(r#""num_labels": 5, "id2label": {"0": "a", "1": "b"}"#),
        "the configuration: num_labels is 5, expected as many as id2label has names (2)"
    );
    assert_eq!(names(r#""num_labels": 2, "id2label": {"0": "a", "1": "b"}"#), ["a", "b"]);
    assert!(refusal(r#""num_labels": 1, "label2id": {"a": 0, "b": 1}"#).contains("label2id"));
}

#[test]
fn a_problem_is_one_of_three() {
    for (name, problem) in [
        ("regression", Problem::Regression),
        ("single_label_classification", Problem::SingleLabel),
        ("multi_label_classification", Problem::MultiLabel),
    ] {
        let labels = read(&format!(r#""problem_type": "{name}""#)).unwrap();
        assert_eq!(labels.problem(), problem);
        assert_eq!(problem.name(), name);
    }
    assert_eq!(read(r#""problem_type": null"#).unwrap().stated_problem(), None);
    assert_eq!(
        refusal(r#""problem_type": "ranking""#),
        "the configuration: problem_type is \"ranking\", expected one of regression, \
         single_label_classification, multi_label_classification"
    );
    assert!(refusal(r#""problem_type": 1"#).contains("problem_type is 1"));
}

#[test]
fn a_choice_needs_two_labels() {
    let one = |problem: &str| format!(r#""num_labels": 1, "problem_type": "{problem}""#);
    assert!(refusal(&one("single_label_classification")).contains("expected another"));
    assert!(read(&one("multi_label_classification")).is_ok());
    assert!(read(&one("regression")).is_ok());
}

#[test]
fn every_family_has_labels() {
    let json = |family: &str| {
        format!(r#"{{"model_type": "{family}", "id2label": {{"0": "a", "1": "b", "2": "c"}}}}"#)
    };
    for family in ["bert", "roberta", "distilbert", "electra", "albert", "mpnet", "modernbert"] {
        let config = ModelConfig::from_json(&json(family)).unwrap();
        assert_eq!(config.labels().names(), ["a", "b", "c"]);
    }
}
