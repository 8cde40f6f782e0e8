//! The vector of the sentence, and how alike those of others are.

use anyhow::{Result, ensure};
use lt_core::Scratch;
use lt_tasks::cosine;

use super::numbers::{code, decimals, first, four, length};
use super::page::Page;
use crate::example::{OTHER, SENTENCE, STREAM};

const COLUMNS: usize = 3;

pub(super) fn write(page: &mut Page) -> Result<()> {
    let encoder = lt_tiny_minilm::sentence_encoder()?;
    let texts = [SENTENCE, STREAM, OTHER];
    let vectors = encoder.encode(&texts, &mut Scratch::new())?;
    for vector in vectors.rows() {
        ensure!((length(vector) - 1.0).abs() < 1e-5, "a vector has length {}", length(vector));
    }
    let cosines = cosine(&vectors);
    let (stream, other, both) = (cosines[[0, 1]], cosines[[0, 2]], cosines[[1, 2]]);
    ensure!(stream > other && other > both, "{stream}, {other}, {both}");
    let tokens = encoder.tokenize(SENTENCE)?;
    let words = |text: &str| encoder.tokenize(text).map(|encoding| encoding.tokens);
    ensure!(words(OTHER)?.iter().any(|word| word == "bank"), "the other bank");
    let in_common = ["bank", "river"].iter().any(|word| STREAM.contains(word));
    ensure!(!in_common, "the sentence in other words has its nouns");

    page.say(&format!(
        "[`lt-tiny-minilm`](../lt_tiny_minilm/index.html) makes a vector of the sentence: {} rows of {} columns come out \
         of its layers, one for each piece; their mean is taken, and scaled to length 1. Two others beside it, and the \
         cosines, which for such vectors are plain products:",
        tokens.len(),
        vectors.ncols()
    ));
    let rows: Vec<Vec<String>> = texts
        .iter()
        .zip(vectors.rows())
        .zip(cosines.rows())
        .map(|((text, vector), cosines)| {
            let numbers = first(vector, COLUMNS).into_iter().chain(["…".to_owned()]);
            let cosines = cosines.into_iter().map(|&cosine| four(cosine));
            [code(text)].into_iter().chain(numbers).chain(cosines).collect()
        })
        .collect();
    page.table(
        &["text", "0", "1", "2", "…", "to the first", "to the second", "to the third"],
        &rows,
    );
    page.say(&format!(
        "The second says much the same with other nouns, and is the nearest: {}. The third shares “bank” with the sentence \
         and means another bank; it is farther away, at {}, but not far. The last two have no noun and no meaning in common: {}.",
        decimals(stream, 2),
        decimals(other, 2),
        decimals(both, 2)
    ));
    page.see(&format!("`lt similarity \"{SENTENCE}\" \"{STREAM}\" \"{OTHER}\"`"));
    Ok(())
}
