//! What scikit-learn, seqeval and scipy compute, as `cases.py` wrote it down.

use std::collections::BTreeMap;

use lt_tasks::metrics::{
    AnswerRules, Average, Reading, Scheme, Score, accuracy, entities, entity_scores, exact_match,
    pearson, per_class, precision_recall_f1, spearman, token_f1,
};
use serde::Deserialize;

const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Cases {
    classes: Vec<Classes>,
    entities: Vec<Entities>,
    entity_scores: Vec<EntityScores>,
    answers: Vec<Answers>,
    correlations: Vec<Correlation>,
}

/// Precision, recall, F1, support.
type Row = (f64, f64, f64, usize);

#[derive(Debug, Deserialize)]
struct Classes {
    gold: Vec<u32>,
    predicted: Vec<u32>,
    accuracy: f64,
    per_class: BTreeMap<u32, Row>,
    micro: Row,
    r#macro: Row,
    weighted: Row,
    binary_1: Row,
}

/// How they are read, tags, spans.
type Entities = (String, String, String);

#[derive(Debug, Deserialize)]
struct EntityScores {
    reading: String,
    gold: Vec<String>,
    predicted: Vec<String>,
    per_type: BTreeMap<String, Row>,
    micro: Row,
    r#macro: Row,
    weighted: Row,
}

#[derive(Debug, Deserialize)]
struct Answers {
    rules: String,
    gold: Vec<String>,
    predicted: String,
    exact: f64,
    f1: f64,
}

#[derive(Debug, Deserialize)]
struct Correlation {
    x: Vec<f64>,
    y: Vec<f64>,
    pearson: f64,
    spearman: f64,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("cases.json")).unwrap()
}

fn near(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= TOLERANCE
}

fn same(got: Score, (precision, recall, f1, support): Row) -> bool {
    near(got.precision, precision)
        && near(got.recall, recall)
        && near(got.f1, f1)
        && got.support == support
}

fn reading(name: &str) -> Reading {
    match name {
        "lenient" => Reading::Lenient,
        "iob1" => Reading::Strict(Scheme::Iob1),
        "iob2" => Reading::Strict(Scheme::Iob2),
        "bioes" => Reading::Strict(Scheme::Bioes),
        other => panic!("unknown reading {other}"),
    }
}

fn split(tags: &str) -> Vec<&str> {
    tags.split_whitespace().collect()
}

#[test]
fn classes_have_the_scores_of_scikit_learn() {
    let cases = cases().classes;
    assert!(cases.len() >= 20);
    for case in cases {
        let (gold, predicted) = (&case.gold, &case.predicted);
        assert!(near(accuracy(gold, predicted).unwrap(), case.accuracy), "{case:?}");
        let classes = per_class(gold, predicted).unwrap();
        assert!(classes.keys().eq(case.per_class.keys()), "{case:?}");
        assert!(classes.iter().all(|(class, &got)| same(got, case.per_class[class])), "{case:?}");
        for (average, expected) in [
            (Average::Micro, case.micro),
            (Average::Macro, case.r#macro),
            (Average::Weighted, case.weighted),
            (Average::Binary(&1), case.binary_1),
        ] {
            let got = precision_recall_f1(gold, predicted, average).unwrap();
            assert!(same(got, expected), "{average:?}: {got:?} of {case:?}");
        }
    }
}

#[test]
fn tags_are_read_as_seqeval_reads_them() {
    let cases = cases().entities;
    assert!(cases.len() >= 700);
    for (how, tags, expected) in cases {
        let spans = entities(&split(&tags), reading(&how)).unwrap();
        let spans: Vec<String> = spans
            .into_iter()
            .map(|span| format!("{}:{}-{}", span.label, span.start, span.end))
            .collect();
        assert_eq!(spans.join(" "), expected, "{how}: {tags}");
    }
}

#[test]
fn entities_have_the_scores_of_seqeval() {
    let cases = cases().entity_scores;
    assert!(cases.len() >= 40);
    for case in cases {
        let gold: Vec<_> = case.gold.iter().map(|tags| split(tags)).collect();
        let predicted: Vec<_> = case.predicted.iter().map(|tags| split(tags)).collect();
        let scores = entity_scores(&gold, &predicted, reading(&case.reading)).unwrap();
        assert!(scores.per_type.keys().eq(case.per_type.keys()), "{scores:?} of {case:?}");
        for (label, &got) in &scores.per_type {
            assert!(same(got, case.per_type[label]), "{label}: {got:?} of {case:?}");
        }
        for (got, expected) in [
            (scores.micro_average, case.micro),
            (scores.macro_average, case.r#macro),
            (scores.weighted_average, case.weighted),
        ] {
            assert!(same(got, expected), "{got:?} of {case:?}");
        }
    }
}

#[test]
fn answers_have_the_scores_of_their_definitions() {
    let cases = cases().answers;
    assert!(cases.len() >= 100);
    for case in cases {
        let rules = if case.rules == "squad" { AnswerRules::Squad } else { AnswerRules::Cmrc };
        let (gold, predicted) = ([&case.gold], [&case.predicted]);
        let exact = exact_match(&gold, &predicted, rules).unwrap();
        assert_eq!(exact, case.exact, "{case:?}");
        let f1 = token_f1(&gold, &predicted, rules).unwrap();
        assert!(near(f1, case.f1), "{f1} of {case:?}");
    }
}

#[test]
fn several_questions_have_the_mean_of_their_scores() {
    for (name, rules) in [("squad", AnswerRules::Squad), ("cmrc", AnswerRules::Cmrc)] {
        let cases: Vec<_> = cases().answers.into_iter().filter(|case| case.rules == name).collect();
        let gold: Vec<_> = cases.iter().map(|case| &case.gold).collect();
        let predicted: Vec<_> = cases.iter().map(|case| &case.predicted).collect();
        let mean =
            |score: fn(&Answers) -> f64| cases.iter().map(score).sum::<f64>() / cases.len() as f64;
        let exact = exact_match(&gold, &predicted, rules).unwrap();
        assert!(near(exact, mean(|case| case.exact)), "{name}: {exact}");
        let f1 = token_f1(&gold, &predicted, rules).unwrap();
        assert!(near(f1, mean(|case| case.f1)), "{name}: {f1}");
    }
}

#[test]
fn numbers_correlate_as_scipy_has_it() {
    let cases = cases().correlations;
    assert!(cases.len() >= 30);
    for case in cases {
        let got = pearson(&case.x, &case.y).unwrap();
        assert!(near(got, case.pearson), "Pearson {got} of {case:?}");
        let got = spearman(&case.x, &case.y).unwrap();
        assert!(near(got, case.spearman), "Spearman {got} of {case:?}");
    }
}
