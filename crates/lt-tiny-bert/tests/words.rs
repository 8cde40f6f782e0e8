//! What the built-in model guesses.
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::Scratch;

#[test]
fn the_guesses_make_sense() {
    let model = lt_tiny_bert::fill_mask().unwrap();
    let guess = |text: &str| -> Vec<String> {
        let guesses = model.fill(text, 5, &mut Scratch::new()).unwrap().remove(0);
        guesses.into_iter().map(|guess| guess.token).collect()
    };
    for (text, word) in [
        ("She opened the [MASK] and went in.", "door"),
        ("The cat sat on the [MASK].", "floor"),
        ("He drank a cup of [MASK].", "wine"),
        ("The president of the United [MASK] spoke to Congress.", "states"),
        ("They [MASK] very happy.", "were"),
    ] {
        let guesses = guess(text);
        assert!(guesses.iter().any(|guess| guess == word), "{text} {guesses:?}");
    }
}
