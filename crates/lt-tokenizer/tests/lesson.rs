//! The trainings by hand are those of the `tokenizers` library, on real text and on any other.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::collections::BTreeMap;

use lt_tokenizer::lesson::{bpe, wordpiece};
use lt_tokenizer::{ByteLevelStyle, Limit, TokenizerTraining, TrainedTokenizer, WordPieceSettings};
use proptest::prelude::*;
use serde_json::Value;

/// The words that the library makes of a text before it looks for pieces, counted.
fn words<'a>(
    trained: &TrainedTokenizer,
    lines: impl IntoIterator<Item = &'a str>,
) -> Vec<(String, u64)> {
    use tokenizers::{Normalizer, OffsetReferential, OffsetType, PreTokenizer};
    let library: tokenizers::Tokenizer = trained.json().parse().unwrap();
    let mut counts = BTreeMap::new();
    for line in lines {
        let mut text = tokenizers::NormalizedString::from(line);
        if let Some(normalizer) = library.get_normalizer() {
            normalizer.normalize(&mut text).unwrap();
        }
        let mut text = tokenizers::PreTokenizedString::from(text);
        library.get_pre_tokenizer().unwrap().pre_tokenize(&mut text).unwrap();
        for (word, ..) in text.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

/// The pieces of the library in the order of their ids, and its merges as ids.
fn learned(trained: &TrainedTokenizer) -> (Vec<String>, Vec<bpe::Pair>) {
    let json: Value = serde_json::from_str(trained.json()).unwrap();
    let vocab = json["model"]["vocab"].as_object().unwrap();
    let mut pieces: Vec<(u64, &String)> =
        vocab.iter().map(|(piece, id)| (id.as_u64().unwrap(), piece)).collect();
    pieces.sort();
    let id = |piece: &Value| vocab[piece.as_str().unwrap()].as_u64().unwrap() as u32;
    let merges = json["model"]["merges"].as_array().into_iter().flatten();
    let merges = merges.map(|pair| (id(&pair[0]), id(&pair[1]))).collect();
    (pieces.into_iter().map(|(_, piece)| piece.clone()).collect(), merges)
}

/// English with code and tables, and Chinese.
fn texts() -> [&'static str; 3] {
    let chapter = include_str!("../doc/03-code.md");
    [include_str!("../README.md"), chapter, include_str!("fixture/zh.txt")]
}

fn bpe_equals_the_library(lines: &[&str], pieces: usize, min_frequency: u64) {
    let training = TokenizerTraining::byte_level_bpe(pieces, ByteLevelStyle::Gpt2);
    let trained = training.min_frequency(min_frequency).train(lines).unwrap();
    let words = words(&trained, lines.iter().copied());

    let bytes: Vec<char> = (0..=255).map(bpe::letter_of).collect();
    let mut first: Vec<String> = bytes.into_iter().map(String::from).collect();
    first.sort();
    first.insert(0, "<|endoftext|>".to_owned());
    let ours = bpe::train(&words, &first, bpe::Size { pieces, min_frequency });

    let (pieces, merges) = learned(&trained);
    assert_eq!(ours.pieces, pieces);
    assert_eq!(ours.merges.iter().map(|(pair, _)| *pair).collect::<Vec<_>>(), merges);
    for (word, _) in &words {
        let text = text_of(word);
        let theirs = trained.tokenizer().encode_bare(text.as_str(), Limit::None).unwrap().ids;
        assert_eq!(ours.encode(word), theirs, "{text:?}");
    }
}

/// The text whose bytes these letters stand for.
fn text_of(word: &str) -> String {
    let byte = |c| (0..=255).find(|byte| bpe::letter_of(*byte) == c).unwrap();
    String::from_utf8(word.chars().map(byte).collect()).unwrap()
}

fn word_piece_equals_the_library(lines: &[&str], pieces: usize, min_frequency: u64) {
    let training = TokenizerTraining::word_piece(pieces, WordPieceSettings::default());
    let trained = training.min_frequency(min_frequency).train(lines).unwrap();
    let words = words(&trained, lines.iter().copied());

    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
    let ours = wordpiece::train(&words, &special, bpe::Size { pieces, min_frequency });
    assert_eq!(ours, learned(&trained).0);
    for (word, _) in &words {
        let theirs = trained.tokenizer().encode_bare(word.as_str(), Limit::None).unwrap().ids;
        assert_eq!(wordpiece::encode(word, &ours).unwrap_or(vec![1]), theirs, "{word:?}");
    }
}

#[test]
fn bpe_by_hand_learns_and_cuts_as_the_library_on_real_text() {
    for text in texts() {
        bpe_equals_the_library(&text.lines().collect::<Vec<_>>(), 500, 2);
    }
    let all: Vec<&str> = texts().into_iter().flat_map(str::lines).collect();
    bpe_equals_the_library(&all, 600, 0);
}

#[test]
fn word_piece_by_hand_learns_and_cuts_as_the_library_on_real_text() {
    for text in texts() {
        word_piece_equals_the_library(&text.lines().collect::<Vec<_>>(), 700, 2);
    }
    let all: Vec<&str> = texts().into_iter().flat_map(str::lines).collect();
    word_piece_equals_the_library(&all, 1200, 0);
}

/// Lines of few letters: runs of one letter, and pairs that are equally frequent everywhere.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let word = prop::collection::vec(prop::sample::select(vec!['a', 'b', 'c', '爱']), 1..9);
    let line = prop::collection::vec(word.prop_map(String::from_iter), 1..6);
    prop::collection::vec(line.prop_map(|words| words.join(" ")), 1..8)
}

proptest! {
    #[test]
    fn bpe_by_hand_learns_and_cuts_as_the_library_whatever_the_text(
        lines in lines(), more in 0_usize..60, min_frequency in 0_u64..4,
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        bpe_equals_the_library(&lines, 257 + more, min_frequency);
    }

    #[test]
    fn word_piece_by_hand_learns_and_cuts_as_the_library_whatever_the_text(
        lines in lines(), more in 0_usize..60, min_frequency in 0_u64..4,
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        word_piece_equals_the_library(&lines, 13 + more, min_frequency);
    }
}
