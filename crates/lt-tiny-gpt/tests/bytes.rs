//! The bytes that are built in.
#![allow(clippy::unwrap_used)] // what fails here is the test

use sha2::{Digest as _, Sha256};

#[test]
fn the_weights_are_those_that_the_recipe_led_to() {
    let sums = include_str!("../recipe/SHA256SUMS");
    let line = sums.lines().find(|line| line.ends_with("  model/model.safetensors")).unwrap();
    let found: String =
        Sha256::digest(lt_tiny_gpt::WEIGHTS).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(line.split(' ').next(), Some(&found[..]));
    assert!(lt_tiny_gpt::WEIGHTS.len() < 10_000_000);
}
