//! What transformers' `generate` writes with the same tables: `tests/golden/make.py`.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::collections::BTreeSet;

use lt_generate::{
    Beam, EarlyStopping, Generator, Length, Scores, Settings, Strategy, TableModel, Written,
};
use serde_json::Value;

/// The output function of SplitMix64, as in `make.py`.
fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn score(table: u64, before: u64, last: u64, next: u64) -> f32 {
    let state = [table, before, last, next].iter().fold(0, |state, n| scramble(state ^ n));
    (state >> 49) as f32 / 4096.0 - 4.0
}

fn ids(value: &Value) -> Vec<u32> {
    match value {
        Value::Array(ids) => ids.iter().map(|id| id.as_u64().unwrap() as u32).collect(),
        id => vec![id.as_u64().unwrap() as u32],
    }
}

/// transformers' settings as ours. An unknown one fails: it would be tested by nothing.
fn settings(case: &Value) -> Settings {
    let mut settings = Settings { scores: Scores::OfChosen, ..Settings::default() };
    let asked = case["settings"].as_object().unwrap();
    if let Some(beams) = asked.get("num_beams") {
        let beams = beams.as_u64().unwrap() as usize;
        settings.strategy = Strategy::Beam(Beam { beams, ..Beam::default() });
    }
    for (name, value) in asked {
        let number = || value.as_f64().unwrap() as f32;
        let count = || value.as_u64().unwrap() as usize;
        match (name.as_str(), &mut settings.strategy) {
            ("num_beams", _) => {}
            ("length_penalty", Strategy::Beam(beam)) => beam.length_penalty = number(),
            ("num_return_sequences", Strategy::Beam(beam)) => beam.best = count(),
            ("early_stopping", Strategy::Beam(beam)) => {
                beam.early_stopping = match value {
                    Value::Bool(true) => EarlyStopping::AtOnce,
                    Value::Bool(false) => EarlyStopping::WhenUnlikelyToImprove,
                    _ => EarlyStopping::WhenNothingCanImprove,
                };
            }
            ("max_new_tokens", _) => settings.maximum = Length::New(count()),
            ("max_length", _) => settings.maximum = Length::Total(count()),
            ("min_new_tokens", _) => settings.minimum = Length::New(count()),
            ("min_length", _) => settings.minimum = Length::Total(count()),
            ("eos_token_id", _) => settings.end_tokens = ids(value),
            ("repetition_penalty", _) => settings.repetition_penalty = Some(number()),
            ("no_repeat_ngram_size", _) => settings.no_repeat_ngram = Some(count()),
            ("forced_eos_token_id", _) => settings.forced_last = ids(value),
            ("forced_bos_token_id", _) => settings.forced_first = Some(ids(value)[0]),
            ("suppress_tokens", _) => settings.suppressed = ids(value),
            ("begin_suppress_tokens", _) => settings.suppressed_at_begin = ids(value),
            ("bad_words_ids", _) => {
                settings.bad_words = value.as_array().unwrap().iter().map(ids).collect();
            }
            other => panic!("{other:?} is unknown to this test"),
        }
    }
    settings
}

fn written(case: &Value) -> Vec<Written> {
    let [vocabulary, table] = ["vocabulary", "table"].map(|name| case[name].as_u64().unwrap());
    let model = TableModel::new(vocabulary as usize, |before, last, next| {
        score(table, before.map_or(vocabulary, u64::from), last.into(), next.into())
    });
    let generator = Generator::new(&model, settings(case)).unwrap();
    generator.generate(&[ids(&case["prompt"])]).unwrap()
}

fn cases() -> Vec<Value> {
    let file = include_str!("golden/cases.json");
    serde_json::from_str(file).unwrap()
}

#[test]
fn every_token_is_the_one_that_transformers_writes() {
    for case in cases() {
        let got: Vec<Vec<u32>> = written(&case).into_iter().map(|written| written.ids).collect();
        let expected: Vec<_> = case["sequences"].as_array().unwrap().iter().map(ids).collect();
        assert_eq!(got, expected, "{}: {}", case["name"], case);
    }
}

#[test]
fn probabilities_and_scores_are_those_of_transformers() {
    let close = |got: f32, expected: &Value, case: &Value| {
        let expected = expected.as_f64().unwrap();
        let error = (f64::from(got) - expected).abs();
        assert!(error <= 1e-5 * expected.abs().max(1.0), "{got}, expected {expected}: {case}");
    };
    for case in cases() {
        for (number, written) in written(&case).iter().enumerate() {
            let expected = case["log_probabilities"][number].as_array().unwrap();
            assert_eq!(written.log_probabilities.len(), expected.len());
            for (&got, expected) in written.log_probabilities.iter().zip(expected) {
                close(got, expected, &case);
            }
            match case.get("scores") {
                Some(scores) => close(written.score.unwrap(), &scores[number], &case),
                None => assert_eq!(written.score, None),
            }
        }
    }
}

/// Cases that came out the same whatever a setting said would test nothing.
#[test]
fn settings_make_a_difference() {
    let cases = cases();
    for table in [17, 23, 40] {
        let searched: BTreeSet<String> = cases
            .iter()
            .filter(|case| case["name"] == "beams" && case["table"] == table)
            .map(|case| case["sequences"].to_string())
            .collect();
        assert!(searched.len() > 15, "{}", searched.len());
    }
    for name in ["forced first", "repetition", "no repeat", "minimum", "suppressed", "bad words"] {
        let written = |name: &str| -> BTreeSet<String> {
            let named = cases.iter().filter(|case| case["name"] == name);
            named.map(|case| case["sequences"].to_string()).collect()
        };
        assert!(!written(name).is_subset(&written("greedy")), "{name}");
    }
}
