//! What transformers' pipeline finds, as `cases.py` wrote it down, and what its tutorial says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lt_config::Labels;
use lt_tasks::tag::{Aggregation, Entity, TokenScores, aggregate};
use lt_tokenizer::{Limit, Tokenizer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    labels: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    tokens: Vec<(usize, usize, u32, Vec<f32>)>,
    entities: BTreeMap<String, Vec<(String, usize, usize, f32)>>,
}

const RULES: [(&str, Aggregation); 5] = [
    ("none", Aggregation::None),
    ("simple", Aggregation::Simple),
    ("first", Aggregation::First),
    ("average", Aggregation::Average),
    ("max", Aggregation::Max),
];

#[test]
fn every_rule_finds_the_entities_that_transformers_finds() {
    let Cases { labels, cases } = serde_json::from_str(include_str!("cases.json")).unwrap();
    let labels = Labels::new(labels);
    assert!(cases.len() >= 20);
    for Case { text, tokens, entities } in cases {
        let tokens: Vec<TokenScores> = tokens
            .into_iter()
            .map(|(start, end, word, probabilities)| {
                let offsets = start..end;
                TokenScores { offsets, word: Some(word), probabilities }
            })
            .collect();
        assert_eq!(entities.len(), RULES.len());
        for (name, rule) in RULES {
            let found = aggregate(&text, &tokens, &labels, rule).unwrap();
            let places = |it: &Entity| (it.label.clone(), it.start, it.end);
            let expected: Vec<_> =
                entities[name].iter().map(|it| (it.0.clone(), it.1, it.2)).collect();
            assert_eq!(found.iter().map(places).collect::<Vec<_>>(), expected, "{text}, {name}");
            for (found, expected) in found.iter().zip(&entities[name]) {
                assert!((found.score - expected.3).abs() < 1e-6, "{text}, {name}: {found:?}");
            }
        }
    }
}

/// The real tokenizer of all-MiniLM-L6-v2.
#[test]
fn tokens_have_the_places_and_words_that_transformers_got() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dir = std::env::var_os("LT_MINILM")
        .map_or_else(|| workspace.join("target/models/all-MiniLM-L6-v2"), PathBuf::from);
    assert!(dir.exists(), "run `cargo xtask fetch`, or set LT_MINILM to its directory");
    let tokenizer = Tokenizer::from_dir(dir).unwrap();
    let Cases { cases, .. } = serde_json::from_str(include_str!("cases.json")).unwrap();
    for Case { text, tokens, .. } in cases {
        let found = tokenizer.encode_bare(text.as_str(), Limit::None).unwrap();
        let places = found.offsets.iter().zip(&found.words);
        let places: Vec<_> = places.map(|(at, word)| (at.start, at.end, *word)).collect();
        let expected: Vec<_> = tokens.iter().map(|it| (it.0, it.1, Some(it.2))).collect();
        assert_eq!(places, expected, "{text}");
    }
}

/// The Hugging Face course, chapter 6, section 3: `dbmdz/bert-large-cased-finetuned-conll03-english`
/// on this sentence. Only the probability of the label that wins is known; the others share the rest.
#[test]
fn the_numbers_of_the_course_come_out() {
    const TEXT: &str = "My name is Sylvain and I work at Hugging Face in Brooklyn.";
    let names = ["O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"];
    let labels = Labels::new(names.map(str::to_owned).to_vec());
    let token = |start, end, word, label: &str, probability: f32| {
        let others = (1.0 - probability) / 8.0;
        let of = |name: &&str| if *name == label { probability } else { others };
        let probabilities = names.iter().map(of).collect();
        TokenScores { offsets: start..end, word: Some(word), probabilities }
    };
    let tokens = [
        token(0, 2, 0, "O", 0.999),
        token(3, 7, 1, "O", 0.999),
        token(8, 10, 2, "O", 0.999),
        token(11, 12, 3, "I-PER", 0.999_382_85),
        token(12, 14, 3, "I-PER", 0.998_154_94),
        token(14, 16, 3, "I-PER", 0.995_907_07),
        token(16, 18, 3, "I-PER", 0.999_232_77),
        token(19, 22, 4, "O", 0.999),
        token(23, 24, 5, "O", 0.999),
        token(25, 29, 6, "O", 0.999),
        token(30, 32, 7, "O", 0.999),
        token(33, 35, 8, "I-ORG", 0.973_893_34),
        token(35, 40, 8, "I-ORG", 0.976_115),
        token(41, 45, 9, "I-ORG", 0.988_797_66),
        token(46, 48, 10, "O", 0.999),
        token(49, 57, 11, "I-LOC", 0.993_210_6),
        token(57, 58, 12, "O", 0.999),
    ];
    let scores = |rule| {
        let found = aggregate(TEXT, &tokens, &labels, rule).unwrap();
        let named: Vec<_> = found.iter().map(|it| (it.label.as_str(), it.text.as_str())).collect();
        assert_eq!(named, [("PER", "Sylvain"), ("ORG", "Hugging Face"), ("LOC", "Brooklyn")]);
        [found[0].score, found[1].score, found[2].score]
    };
    let near = |found: [f32; 3], expected: [f32; 3]| {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    };
    near(scores(Aggregation::Simple), [0.998_169_4, 0.979_602, 0.993_210_6]);
    near(scores(Aggregation::First), [0.999_382_85, 0.981_345_5, 0.993_210_6]);
    near(scores(Aggregation::Max), [0.999_382_85, 0.982_456_3, 0.993_210_6]);
    // Each word counts once, however many pieces it has.
    near(scores(Aggregation::Average), [0.998_169_4, 0.981_900_9, 0.993_210_6]);
}
