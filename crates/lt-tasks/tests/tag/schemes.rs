//! The ways to write entities as tags.

use lt_config::Labels;
use lt_tasks::TaskError;
use lt_tasks::tag::{Aggregation, TokenScores, aggregate};

/// Words of one character each, one space apart, with these tags, all of them certain.
fn read(tags: &[&str], more_labels: &[&str]) -> Vec<(String, String)> {
    let mut names: Vec<String> = Vec::new();
    for name in tags.iter().chain(more_labels) {
        if !names.iter().any(|known| known == name) {
            names.push((*name).to_owned());
        }
    }
    let text: String = ('a'..='z').take(tags.len()).map(|c| format!("{c} ")).collect();
    let certain = |tag: &str| names.iter().map(|name| f32::from(name == tag)).collect();
    let token = |(number, tag): (usize, &&str)| TokenScores {
        offsets: 2 * number..2 * number + 1,
        word: Some(number as u32),
        probabilities: certain(tag),
    };
    let tokens: Vec<TokenScores> = tags.iter().enumerate().map(token).collect();
    let entities =
        aggregate(&text, &tokens, &Labels::new(names.clone()), Aggregation::Simple).unwrap();
    assert!(entities.iter().all(|entity| entity.score == 1.0));
    entities.into_iter().map(|entity| (entity.label, entity.text)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(label, text)| ((*label).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_person_and_a_place_named_twice_are_three_in_every_scheme() {
    let expected = pairs(&[("PER", "a"), ("LOC", "c d"), ("LOC", "e f")]);
    for tags in [
        ["I-PER", "O", "I-LOC", "I-LOC", "B-LOC", "I-LOC"], // IOB1
        ["B-PER", "O", "B-LOC", "I-LOC", "B-LOC", "I-LOC"], // IOB2
        ["S-PER", "O", "B-LOC", "E-LOC", "B-LOC", "E-LOC"], // BIOES, BMES
        ["U-PER", "O", "B-LOC", "L-LOC", "B-LOC", "L-LOC"], // BILOU
    ] {
        assert_eq!(read(&tags, &[]), expected, "{tags:?}");
    }
}

#[test]
fn what_ends_does_not_go_on() {
    let found = read(&["B-X", "I-X", "E-X", "I-X", "S-X", "S-X", "B-X"], &["O"]);
    assert_eq!(found, pairs(&[("X", "a b c"), ("X", "d"), ("X", "e"), ("X", "f"), ("X", "g")]));
}

#[test]
fn tags_that_break_their_scheme_are_read_leniently() {
    let found = read(&["I-X", "I-Y", "O", "E-Y", "I-Y", "E-X"], &["B-X", "B-Y"]);
    assert_eq!(found, pairs(&[("X", "a"), ("Y", "b"), ("Y", "d"), ("Y", "e"), ("X", "f")]));
}

#[test]
fn labels_without_letters_go_together_with_their_neighbours() {
    let found = read(&["NOUN", "NOUN", "VERB", "E-MAIL"], &[]);
    assert_eq!(found, pairs(&[("NOUN", "a b"), ("VERB", "c"), ("E-MAIL", "d")]));
}

/// A byte-level vocabulary has several tokens for one character, SentencePiece counts the space to
/// the token behind it, and has words as long as a Chinese clause.
#[test]
fn tokens_of_any_tokenizer_become_whole_characters_and_words_without_space() {
    let labels = Labels::new(["O", "B-X", "I-X"].map(str::to_owned).to_vec());
    let token = |offsets, word, best: usize| {
        let probabilities = (0..3).map(|label| f32::from(label == best)).collect();
        TokenScores { offsets, word: Some(word), probabilities }
    };
    let texts = |text, tokens: &[TokenScores], rule| -> Vec<String> {
        let found = aggregate(text, tokens, &labels, rule).unwrap();
        found.into_iter().map(|entity| entity.text).collect()
    };
    let bytes = [token(0..1, 0, 1), token(0..1, 0, 0), token(0..1, 0, 1), token(1..2, 0, 1)];
    assert_eq!(texts("爱x", &bytes, Aggregation::Simple), ["爱", "x"]);

    let pieces = [token(0..1, 0, 0), token(1..7, 0, 1), token(7..8, 1, 0), token(7..11, 1, 2)];
    assert_eq!(texts(" a New  Yo", &pieces[..2], Aggregation::Simple), ["a New"]);
    let error = aggregate(" a New  Yo", &pieces, &labels, Aggregation::Simple).unwrap_err();
    assert!(matches!(error, TaskError::Offsets { start: 7, end: 11, characters: 10 }), "{error}");

    let clause = [token(0..2, 0, 1), token(2..3, 0, 0), token(3..5, 0, 1)];
    assert_eq!(texts("北京和上海", &clause, Aggregation::First), ["北京", "上海"]);
}

#[test]
fn probabilities_that_do_not_fit_the_labels_are_refused() {
    let labels = Labels::new(["O", "B-X"].map(str::to_owned).to_vec());
    let found = |probabilities: &[f32]| {
        let probabilities = probabilities.to_vec();
        let token = TokenScores { offsets: 0..1, word: None, probabilities };
        aggregate("a", &[token], &labels, Aggregation::Simple)
    };
    assert_eq!(found(&[0.0, 1.0]).unwrap().len(), 1);
    let error = found(&[0.5, 0.25, 0.25]).unwrap_err();
    assert!(matches!(error, TaskError::Labels { head: 3, names: 2 }), "{error}");
    let error = found(&[0.5, f32::NAN]).unwrap_err();
    assert!(matches!(error, TaskError::NotFinite), "{error}");
}
