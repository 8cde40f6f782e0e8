//! The answers of transformers' pipelines, made by `cases.py`.

use std::sync::LazyLock;

use lt_tasks::{
    Classified, FillMask, LabelChoice, LabelWords, LoadOptions, PromptClassifier, Reranker,
    Scratch, TextClassifier, ZeroShot,
};
use lt_tokenizer::Text;
use serde_json::Value;
use tempfile::TempDir;

use crate::checkpoint::checkpoint;

/// Logits agree to some 10⁻⁶ of their size; scores are at most a few units.
const TOLERANCE: f64 = 5e-6;

static CASES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("cases.json")).unwrap());

fn cases(task: &str) -> &'static [Value] {
    CASES[task].as_array().unwrap()
}

fn directory(case: &Value) -> TempDir {
    let nothing = Value::Object(serde_json::Map::new());
    let changes = case.get("config").unwrap_or(&nothing);
    checkpoint(text(&case["checkpoint"]), text(&case["pieces"]).split(' '), changes)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(text).collect()
}

fn answers(case: &Value) -> &[Value] {
    case["answers"].as_array().unwrap()
}

#[track_caller]
fn assert_close(ours: f32, theirs: &Value, place: &Value) {
    let theirs = theirs.as_f64().unwrap();
    assert!((f64::from(ours) - theirs).abs() < TOLERANCE, "{ours} is not {theirs}: {place}");
}

/// The same labels with the same scores. Those that are closer than the tolerance may change
/// places, so that each is looked up by its name.
#[track_caller]
fn assert_scores(ours: &Classified<'_>, theirs: &Value) {
    let theirs = theirs.as_array().unwrap();
    assert_eq!(ours.scores.len(), theirs.len());
    assert!(ours.scores.is_sorted_by(|a, b| a.score >= b.score));
    for score in &ours.scores {
        let same = theirs.iter().find(|other| other["label"] == score.label).unwrap();
        assert_close(score.score, &same["score"], same);
    }
}

#[test]
fn texts_and_pairs_have_the_labels_that_transformers_gives() {
    for case in cases("classify") {
        let dir = directory(case);
        let classifier = TextClassifier::from_dir(dir.path(), &LoadOptions::default()).unwrap();
        let given: Vec<Vec<&str>> = answers(case).iter().map(|it| texts(&it["texts"])).collect();
        let given = given.iter().map(|texts| match texts[..] {
            [one] => Text::Single(one),
            [one, other] => Text::Pair(one, other),
            _ => panic!("one text or two"),
        });
        let ours = classifier.classify(given, &mut Scratch::new()).unwrap();
        assert!(ours.iter().any(|answer| answer.truncated > 0), "some are too long");
        for (ours, theirs) in ours.iter().zip(answers(case)) {
            assert_scores(ours, &theirs["scores"]);
            assert_eq!(theirs["truncated"], ours.truncated, "{theirs}");
        }
    }
}

#[test]
fn candidate_labels_have_the_scores_that_transformers_gives() {
    for case in cases("zero_shot") {
        let dir = directory(case);
        let model = ZeroShot::from_dir(dir.path(), &LoadOptions::default()).unwrap();
        let model = model.with_template(text(&case["template"])).unwrap();
        let choice = match case["multi_label"].as_bool().unwrap() {
            true => LabelChoice::Any,
            false => LabelChoice::One,
        };
        for answer in answers(case) {
            let candidates = texts(&answer["candidates"]);
            let given = [text(&answer["text"])];
            let ours = model.classify(&given, &candidates, choice, &mut Scratch::new()).unwrap();
            assert_scores(&ours[0], &answer["scores"]);
        }
    }
}

#[test]
fn documents_are_ranked_as_a_cross_encoder_of_sentence_transformers_ranks_them() {
    for case in cases("rerank") {
        let dir = directory(case);
        let reranker = Reranker::from_dir(dir.path(), &LoadOptions::default()).unwrap();
        for answer in answers(case) {
            let documents = texts(&answer["documents"]);
            let ranked =
                reranker.rank(text(&answer["query"]), &documents, &mut Scratch::new()).unwrap();
            let theirs = answer["ranked"].as_array().unwrap();
            assert_eq!(ranked.len(), theirs.len());
            for (ours, theirs) in ranked.iter().zip(theirs) {
                assert_eq!(theirs["index"], ours.index, "{answer}");
                assert_close(ours.score, &theirs["score"], answer);
            }
        }
    }
}

#[test]
fn masks_are_filled_as_transformers_fills_them() {
    for case in cases("fill_mask") {
        let dir = directory(case);
        let mut model = FillMask::from_dir(dir.path(), &LoadOptions::default()).unwrap();
        if case["targets"].is_array() {
            model = model.with_targets(&texts(&case["targets"])).unwrap();
        }
        let given: Vec<&str> = answers(case).iter().map(|answer| text(&answer["text"])).collect();
        let ours = model.fill_all(&given, 4, &mut Scratch::new()).unwrap();
        assert!(ours.iter().any(|masks| masks.len() > 1), "some have several masks");
        for (ours, answer) in ours.iter().zip(answers(case)) {
            let theirs = answer["masks"].as_array().unwrap();
            assert_eq!(ours.len(), theirs.len(), "{answer}");
            for (ours, theirs) in ours.iter().zip(theirs) {
                let theirs = theirs.as_array().unwrap();
                assert_eq!(ours.len(), theirs.len());
                for (ours, theirs) in ours.iter().zip(theirs) {
                    assert_eq!(theirs["id"], ours.id, "{answer}");
                    assert_close(ours.score, &theirs["score"], answer);
                }
            }
        }
    }
}

#[test]
fn prompts_have_the_scores_that_pytorch_computes() {
    for case in cases("prompt") {
        let dir = directory(case);
        let words = case["verbalizer"].as_array().unwrap().iter();
        let verbalizer: Vec<LabelWords> =
            words.map(|it| LabelWords::new(text(&it[0]), texts(&it[1]))).collect();
        let (options, template) = (LoadOptions::default(), text(&case["template"]));
        let model = PromptClassifier::from_dir(dir.path(), &options, template, &verbalizer);
        let given: Vec<&str> = answers(case).iter().map(|answer| text(&answer["text"])).collect();
        let model = model.unwrap();
        let ours = model.classify(&given, &mut Scratch::new()).unwrap();
        for (ours, answer) in ours.iter().zip(answers(case)) {
            assert_scores(ours, &answer["scores"]);
        }
    }
}
