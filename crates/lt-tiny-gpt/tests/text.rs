//! What the built-in model holds to be likely, and writes.
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_core::{Scratch, Threads};
use lt_tasks::{PerplexityWindows, TextGenerator, perplexity};

/// How surprised the model is by a token of the text.
fn surprise(generator: &TextGenerator, text: &str) -> f64 {
    let ids = generator.tokenize(text).unwrap();
    let length = ids.len().try_into().unwrap();
    let windows = PerplexityWindows { length, stride: length };
    perplexity(generator.model(), &ids, windows, &mut Scratch::new()).unwrap().by_token
}

#[test]
fn words_in_order_are_likelier_than_the_same_words_in_another() {
    let generator = lt_tiny_gpt::text_generator().unwrap();
    let text = "She was very glad to see her sister again, and they walked to the house together.";
    let mut words: Vec<&str> = text.split(' ').collect();
    words.reverse();
    let (in_order, reversed) = (surprise(&generator, text), surprise(&generator, &words.join(" ")));
    assert!(in_order * 5.0 < reversed, "{in_order} {reversed}");
    let wrong =
        surprise(&generator, "She were very gladly to sees her sisters again, and they walk to.");
    assert!(in_order * 1.5 < wrong, "{in_order} {wrong}");
}

#[test]
fn it_writes_words_that_its_books_have() {
    let generator = lt_tiny_gpt::text_generator().unwrap();
    let settings = generator.settings().unwrap();
    let beginnings = ["They walked to the", "She was", "And the king said to"];
    let written = generator.write(&beginnings, settings, &Threads::single()).unwrap();
    let text: String = written.iter().map(|written| written.text.as_str()).collect();
    assert!(text.split_whitespace().count() > 20, "{text}");
    let known = ["the", "and", "to", "of", "a", "was", "her", "his", "in", "that", "she", "he"];
    let words = text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
    assert!(words.filter(|word| known.contains(word)).count() >= 9, "{text}");
}
