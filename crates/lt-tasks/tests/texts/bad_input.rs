//! Models and inputs that do not fit the task: an error that says what to do.

use std::fs;

use lt_config::Labels;
use lt_model::{ModelError, SequenceClassifier};
use lt_tasks::{
    FillMask, LabelChoice, LoadOptions, Reranker, Scratch, SearchIndex, TaskError, TextClassifier,
    ZeroShot,
};
use lt_tokenizer::Tokenizer;
use ndarray::array;
use serde_json::json;

use crate::checkpoint::{checkpoint, inference, masked_lm, numbered, one_score, three_labels};

fn options() -> LoadOptions {
    LoadOptions::default()
}

#[test]
fn a_model_with_another_head_is_refused_by_every_task() {
    let dir = masked_lm();
    for error in [
        TextClassifier::from_dir(dir.path(), &options()).unwrap_err(),
        ZeroShot::from_dir(dir.path(), &options()).unwrap_err(),
        Reranker::from_dir(dir.path(), &options()).unwrap_err(),
    ] {
        let TaskError::Model(error) = error else { panic!("{error}") };
        assert!(matches!(*error, ModelError::Head { .. }), "{error}");
        assert!(error.to_string().contains("BertForMaskedLM"), "{error}");
    }
}

/// Its pooler is a layer of such a head, but no head.
#[test]
fn a_bare_encoder_with_a_pooler_has_no_head() {
    let dir = checkpoint("heads-3x4-gelu", [], &json!({}));
    let error = TextClassifier::from_dir(dir.path(), &options()).unwrap_err();
    let TaskError::Model(error) = error else { panic!("{error}") };
    assert!(matches!(*error, ModelError::Head { .. }), "{error}");
}

#[test]
fn labels_that_say_nothing_of_entailment_are_named() {
    let error = ZeroShot::from_dir(three_labels().path(), &options()).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, TaskError::NoEntailment { .. }));
    assert!(message.contains("got bad, so-so, good") && message.contains("id2label"), "{message}");

    // The only label: nothing says the opposite.
    let pieces = numbered(49);
    let labels = json!({"id2label": {"0": "entailment"}});
    let dir = checkpoint("sequences-regression", pieces.iter().map(String::as_str), &labels);
    let error = ZeroShot::from_dir(dir.path(), &options()).unwrap_err();
    assert!(matches!(error, TaskError::NoEntailment { .. }), "{error}");
}

#[test]
fn the_opposite_of_entailment_is_found_by_its_name_first() {
    let score = |names: [&str; 3]| {
        let labels = json!({"id2label": {"0": names[0], "1": names[1], "2": names[2]}});
        let pieces = numbered(49);
        let dir = checkpoint("sequences-3-labels", pieces.iter().map(String::as_str), &labels);
        let model = ZeroShot::from_dir(dir.path(), &options()).unwrap();
        let (texts, labels) = (["w9 w10"], ["w20"]);
        let answers = model.classify(&texts, &labels, LabelChoice::Any, &mut Scratch::new());
        answers.unwrap()[0].scores[0].score
    };
    let named = score(["Entailment", "contradiction", "neutral"]);
    assert_eq!(named, score(["entail", "not_entailment", "x"]));
    let by_place = score(["entailment", "x", "y"]); // the last one
    assert_eq!(by_place, score(["entailment", "neutral", "CONTRADICTION"]));
    assert_ne!(named, by_place);
}

#[test]
fn a_reranker_with_several_labels_is_told_what_to_do() {
    let error = Reranker::from_dir(three_labels().path(), &options()).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, TaskError::NotOneScore { .. }));
    assert!(message.contains("3 labels apart (bad, so-so, good)"), "{message}");
    assert!(message.contains("classify the pairs"), "{message}");
}

#[test]
fn names_that_do_not_fit_the_head_are_refused() {
    let dir = three_labels();
    let model = SequenceClassifier::from_dir(dir.path(), &options()).unwrap().model;
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let error = TextClassifier::new(model, tokenizer, Labels::numbered(2)).unwrap_err();
    assert!(matches!(error, TaskError::Labels { head: 3, names: 2 }), "{error}");
}

#[test]
fn a_hypothesis_that_leaves_no_room_is_an_error_of_its_text_and_no_labels_too() {
    let model = ZeroShot::from_dir(inference().path(), &options()).unwrap();
    let model = model.with_template(&format!("{}{{}}", "w9 ".repeat(14))).unwrap();
    let texts = ["w7"; 3];
    let none: [&str; 0] = [];
    let classify = |labels: &[&'static str]| {
        let mut scratch = Scratch::new();
        model.classify(&texts, labels, LabelChoice::One, &mut scratch).unwrap_err()
    };
    let TaskError::Text { number: 0, source } = classify(&["w20"]) else { panic!("a text") };
    assert!(source.to_string().contains("15 tokens"), "{source}");
    assert!(matches!(classify(&none), TaskError::NoCandidates));
    for template in ["This is it.", "{} {}", ""] {
        let model = ZeroShot::from_dir(inference().path(), &options()).unwrap();
        let error = model.with_template(template).unwrap_err();
        assert!(error.to_string().contains("{} once"), "{error}");
    }
}

#[test]
fn a_premise_is_cut_and_a_hypothesis_never() {
    let model = ZeroShot::from_dir(inference().path(), &options()).unwrap();
    let model = model.with_template("w9 w10 {}").unwrap();
    // 16 − 3 special ones − 3 of the hypothesis leave 10.
    let words: Vec<String> = (11..41).map(|word| format!("w{word}")).collect();
    let texts = [words.join(" "), words[..10].join(" ")];
    let answers =
        model.classify(&texts, &["w41", "w42"], LabelChoice::One, &mut Scratch::new()).unwrap();
    assert_eq!((answers[0].truncated, answers[1].truncated), (20, 0));
    assert_eq!(answers[0].scores, answers[1].scores);
}

#[test]
fn vectors_of_another_width_and_numbers_that_are_none_are_refused() {
    let index = SearchIndex::new(array![[1.0, 0.0], [0.0, 1.0]]).unwrap();
    let mut scratch = Scratch::new();
    let error = index.nearest(array![[1.0, 0.0, 0.0]].view(), 1, &mut scratch).unwrap_err();
    assert!(error.to_string().contains("expected [tokens, 2], got [1, 3]"), "{error}");
    let error = index.nearest(array![[f32::NAN, 0.0]].view(), 1, &mut scratch).unwrap_err();
    assert!(matches!(error, TaskError::Text { number: 0, .. }), "{error}");
    let error = SearchIndex::new(array![[0.0], [f32::INFINITY]]).unwrap_err();
    assert!(matches!(error, TaskError::Text { number: 1, .. }), "{error}");
    let empty = SearchIndex::new(ndarray::Array2::zeros((0, 2))).unwrap();
    assert!(empty.is_empty());
    let hits = empty.nearest(array![[1.0, 0.0]].view(), 5, &mut scratch).unwrap();
    assert_eq!(hits, [[]]);
}

#[test]
fn a_tokenizer_of_another_model_and_a_length_that_cannot_be_are_refused() {
    let dir = one_score();
    let pieces = numbered(60).join("\n");
    fs::write(dir.path().join("vocab.txt"), pieces).unwrap();
    let reranker = Reranker::from_dir(dir.path(), &options()).unwrap();
    let error = reranker.rank("w7", &["w8", "w55"], &mut Scratch::new()).unwrap_err();
    let TaskError::Text { number: 1, source } = error else { panic!("{error}") };
    assert!(matches!(*source, TaskError::UnknownId { id: 55, rows: 49, .. }), "{source}");
    let error = reranker.with_max_length(17).unwrap_err();
    assert!(matches!(error, TaskError::MaxLength { most: 16, .. }), "{error}");
}

#[test]
fn a_text_that_cannot_be_sorted_is_named_however_many_labels_there_are() {
    let dir = inference();
    fs::write(dir.path().join("vocab.txt"), numbered(60).join("\n")).unwrap();
    let model = ZeroShot::from_dir(dir.path(), &options()).unwrap();
    let texts = ["w7", "w8", "w55", "w9"];
    let labels = ["w20", "w21", "w22"];
    let error = model.classify(&texts, &labels, LabelChoice::One, &mut Scratch::new());
    assert!(matches!(error.unwrap_err(), TaskError::Text { number: 2, .. }));
}

#[test]
fn a_maximum_length_in_a_file_counts_but_never_more_than_there_are_positions() {
    let dir = three_labels();
    let load = |length: u32| {
        let json = json!({"model_max_length": length}).to_string();
        fs::write(dir.path().join("tokenizer_config.json"), json).unwrap();
        TextClassifier::from_dir(dir.path(), &options()).unwrap()
    };
    let long = "w7 ".repeat(20);
    for (length, expected) in [(9, 9), (4096, 16)] {
        let classifier = load(length);
        assert_eq!(classifier.max_length(), expected);
        let answers = classifier.classify([long.as_str()], &mut Scratch::new()).unwrap();
        assert_eq!(answers[0].truncated, 20 - (expected - 2));
    }
    let shorter = load(4096).with_max_length(5).unwrap();
    assert_eq!(shorter.max_length(), 5);
}

#[test]
fn words_to_fill_in_must_be_single_tokens() {
    let model = || FillMask::from_dir(masked_lm().path(), &options()).unwrap();
    let error = model().with_targets(&["w7", "w8 w9"]).unwrap_err();
    assert!(error.to_string().contains("2 tokens (w8 w9)"), "{error}");
    let error = model().with_targets(&[] as &[&str]).unwrap_err();
    assert!(matches!(error, TaskError::NoCandidates), "{error}");
}
