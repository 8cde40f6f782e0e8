//! The bytes that are built in.
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::Scratch;
use lt_model::LoadOptions;
use lt_tasks::FillMask;
use sha2::{Digest as _, Sha256};

#[test]
fn the_weights_are_those_that_the_recipe_led_to() {
    let sums = include_str!("../recipe/SHA256SUMS");
    let line = sums.lines().find(|line| line.ends_with("  model/model.safetensors")).unwrap();
    let found: String =
        Sha256::digest(lt_tiny_bert::WEIGHTS).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(line.split(' ').next(), Some(&found[..]));
    assert!(lt_tiny_bert::WEIGHTS.len() < 10_000_000);
}

#[test]
fn what_is_built_in_is_what_the_directory_holds() {
    let ours = lt_tiny_bert::fill_mask().unwrap();
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/model");
    let theirs = FillMask::from_dir(dir, &LoadOptions::default()).unwrap();
    let fill = |model: &FillMask| model.fill("A [MASK] sleeps.", 9, &mut Scratch::new()).unwrap();
    assert_eq!(fill(&ours), fill(&theirs));
}
