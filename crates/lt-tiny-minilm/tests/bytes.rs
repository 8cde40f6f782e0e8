//! The bytes that are built in.
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::Scratch;
use lt_model::LoadOptions;
use lt_tasks::SentenceEncoder;
use sha2::{Digest as _, Sha256};

#[test]
fn the_weights_are_those_that_the_recipe_led_to() {
    let sums = include_str!("../recipe/SHA256SUMS");
    let line = sums.lines().find(|line| line.ends_with("  model/model.safetensors")).unwrap();
    let found: String =
        Sha256::digest(lt_tiny_minilm::WEIGHTS).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(line.split(' ').next(), Some(&found[..]));
    assert!(lt_tiny_minilm::WEIGHTS.len() < 10_000_000);
}

/// `modules.json` and its kin say how vectors are made; the function says it again.
#[test]
fn what_is_built_in_is_what_the_directory_holds() {
    let ours = lt_tiny_minilm::sentence_encoder().unwrap();
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/model");
    let theirs = SentenceEncoder::from_dir(dir, &LoadOptions::default()).unwrap();
    assert_eq!(ours.max_length(), theirs.max_length());
    assert_eq!(ours.normalizes(), theirs.normalizes());
    let long = "word ".repeat(300);
    let encode = |encoder: &SentenceEncoder| {
        encoder.encode(&["A cat sleeps.", &long], &mut Scratch::new()).unwrap()
    };
    assert_eq!(encode(&ours), encode(&theirs));
}
