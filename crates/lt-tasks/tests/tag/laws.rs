//! What holds of the entities of any text, whatever the model says.

use lt_config::Labels;
use lt_tasks::tag::{Aggregation, TokenScores, aggregate};
use lt_tokenizer::{Limit, Tokenizer, WordPieceSettings};
use proptest::prelude::*;

const RULES: [Aggregation; 4] =
    [Aggregation::Simple, Aggregation::First, Aggregation::Average, Aggregation::Max];

fn labels() -> Labels {
    Labels::new(["O", "B-X", "I-X", "B-Y", "I-Y"].map(str::to_owned).to_vec())
}

fn tokenizer() -> Tokenizer {
    let pieces = ["[UNK]", "[CLS]", "[SEP]", "a", "##b", "##a", "北", "京", "!"];
    Tokenizer::from_pieces(pieces, &WordPieceSettings::default()).unwrap()
}

/// A text and the tokens that a real tokenizer makes of it, with any probabilities.
fn tagged() -> impl Strategy<Value = (String, Vec<TokenScores>)> {
    ("[ab北京😀é! ]{0,24}", proptest::collection::vec(0.0_f32..1.0, 5 * 24)).prop_map(
        |(text, numbers)| {
            let encoding = tokenizer().encode_bare(text.as_str(), Limit::None).unwrap();
            let token = |row: usize| {
                let some = &numbers[5 * row..5 * row + 5];
                let sum: f32 = some.iter().sum::<f32>().max(f32::MIN_POSITIVE);
                let probabilities = some.iter().map(|number| number / sum).collect();
                let (offsets, word) = (encoding.offsets[row].clone(), encoding.words[row]);
                TokenScores { offsets, word, probabilities }
            };
            let tokens = (0..encoding.len()).map(token).collect();
            (text, tokens)
        },
    )
}

proptest! {
    #[test]
    fn entities_are_pieces_of_the_text_in_its_order_and_share_no_character(
        (text, tokens) in tagged()
    ) {
        for rule in RULES {
            let mut end = 0;
            for entity in aggregate(&text, &tokens, &labels(), rule).unwrap() {
                prop_assert!(entity.start >= end && entity.start < entity.end);
                let slice = lt_tokenizer::slice(&text, entity.start..entity.end);
                prop_assert_eq!(slice, Some(entity.text.as_str()));
                prop_assert_eq!(entity.text.trim(), &entity.text);
                prop_assert!((0.0..=1.0).contains(&entity.score));
                prop_assert!(["X", "Y"].contains(&entity.label.as_str()));
                end = entity.end;
            }
        }
    }

    #[test]
    fn without_aggregation_each_token_is_given_once((text, tokens) in tagged()) {
        let found = aggregate(&text, &tokens, &labels(), Aggregation::None).unwrap();
        let places: Vec<_> = found.iter().map(|token| token.start..token.end).collect();
        let expected: Vec<_> = tokens.iter().map(|token| token.offsets.clone()).collect();
        prop_assert_eq!(places, expected);
    }

    #[test]
    fn where_each_word_is_one_token_all_rules_agree((text, mut tokens) in tagged()) {
        tokens.dedup_by_key(|token| token.word);
        let simple = aggregate(&text, &tokens, &labels(), Aggregation::Simple).unwrap();
        for rule in RULES {
            prop_assert_eq!(&aggregate(&text, &tokens, &labels(), rule).unwrap(), &simple);
        }
    }

    /// A mutant that takes tokens for words breaks this.
    #[test]
    fn no_rule_of_words_cuts_one((text, tokens) in tagged()) {
        for rule in &RULES[1..] {
            for entity in aggregate(&text, &tokens, &labels(), *rule).unwrap() {
                let inside = |edge: usize| tokens.iter().zip(&tokens[1..]).any(|(before, next)| {
                    before.word == next.word && before.offsets.end == edge
                });
                prop_assert!(!inside(entity.start) && !inside(entity.end), "{entity:?}");
            }
        }
    }
}
