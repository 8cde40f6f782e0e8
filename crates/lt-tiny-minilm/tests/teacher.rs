//! The built-in model against the one that it was distilled from.
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::path::PathBuf;

use lt_core::Scratch;
use lt_model::LoadOptions;
use lt_tasks::metrics::spearman;
use lt_tasks::{SentenceEncoder, cosine};

/// Neither model was trained on these: they were written for this test. From a sentence said twice
/// to two that have nothing to do with each other.
const SENTENCES: [&str; 40] = [
    "The cat sleeps on the warm windowsill.",
    "A cat is sleeping by the warm window.",
    "A kitten is taking a nap in the sun.",
    "The dog sleeps under the table.",
    "Dogs bark at strangers in the street.",
    "A horse runs across the field.",
    "The birds fly south in autumn.",
    "In autumn, birds fly to the south.",
    "The leaves of the trees turn red in autumn.",
    "It rained all day long.",
    "It was raining the whole day.",
    "The weather was bad yesterday.",
    "Tomorrow the sun will shine again.",
    "The king of France lived in a large palace.",
    "The French king lived in a huge palace.",
    "The queen of England visited the city.",
    "Paris is the capital of France.",
    "The capital city of France is Paris.",
    "Berlin is the capital of Germany.",
    "London lies on the river Thames.",
    "The ship sailed across the ocean.",
    "A boat crossed the sea.",
    "The captain of the ship was a young man.",
    "The army crossed the river at night.",
    "The soldiers fought a long battle.",
    "The war ended after seven years.",
    "Congress passed a law on taxes.",
    "The government lowered the taxes.",
    "The price of bread has risen again.",
    "Bread has become more expensive.",
    "She baked bread in the kitchen.",
    "He cooked soup for his family.",
    "My mother wrote a long letter to her sister.",
    "A letter from my aunt came in the morning.",
    "He read a book about the stars.",
    "The stars shine bright at night.",
    "The moon goes around the earth.",
    "The earth moves around the sun.",
    "Doctors treat sick people in a hospital.",
    "The patient was brought to the hospital by the doctor.",
];

#[test]
fn it_orders_pairs_of_sentences_as_its_teacher_does() {
    let dir = std::env::var_os("LT_MINILM").map_or_else(
        || {
            let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
            root.join("../../target/models/all-MiniLM-L6-v2")
        },
        PathBuf::from,
    );
    assert!(
        dir.join("model.safetensors").exists(),
        "{} is not there: run `cargo xtask fetch`, or set LT_MINILM to the directory of \
         all-MiniLM-L6-v2",
        dir.display()
    );
    let teacher = SentenceEncoder::from_dir(dir, &LoadOptions::default()).unwrap();
    let cosines = |encoder: &SentenceEncoder| {
        cosine(&encoder.encode(&SENTENCES, &mut Scratch::new()).unwrap())
    };
    let (theirs, ours) = (cosines(&teacher), cosines(&lt_tiny_minilm::sentence_encoder().unwrap()));
    // As many alike as unlike: of each tenth of the cosine the same number at the most.
    let mut room = [8; 10];
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for first in 0..SENTENCES.len() {
        for second in first + 1..SENTENCES.len() {
            let kind = (theirs[[first, second]].max(0.0) * 10.0).min(9.0) as usize;
            if room[kind] > 0 {
                room[kind] -= 1;
                expected.push(f64::from(theirs[[first, second]]));
                found.push(f64::from(ours[[first, second]]));
            }
        }
    }
    assert!(expected.len() >= 50, "{room:?}");
    let correlation = spearman(&expected, &found).unwrap();
    assert!(correlation >= 0.85, "{correlation}");
}
