//! What holds for every text.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod fixture;

use lt_laws::offsets;
use lt_tokenizer::{Encoding, Limit, Specials, Text, Tokenizer, slice};
use proptest::prelude::*;

/// Texts that a vocabulary partly knows: its words in any case, Chinese, emoji of several
/// characters, lone combining marks, right-to-left, spaces of every kind, and anything else.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(fixture::WORDS.to_vec()).prop_map(str::to_owned),
        2 => prop::sample::select(fixture::WORDS.to_vec()).prop_map(str::to_uppercase),
        2 => prop::sample::select(vec!["hello", "Hello", "我爱北京", "un", "aff"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "👩\u{200d}👩\u{200d}👧", "👍🏽", "e\u{301}", "\u{301}", "مرحبا", "\u{202e}", "\0",
            "ﬁ", "İ", "ß", "한국어", "[MASK]", "[CLS]", "<mask>", "</s>", "\u{3000}", "\r\n",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    let gap = prop::sample::select(vec!["", " ", " ", "  ", "!", ", "]);
    prop::collection::vec((piece, gap), 0..24)
        .prop_map(|parts| parts.into_iter().flat_map(|(piece, gap)| [piece, gap.into()]).collect())
}

fn every_kind() -> Vec<Tokenizer> {
    let kinds = fixture::every_kind();
    let load = |(_, json): &(_, serde_json::Value)| Tokenizer::from_json(&json.to_string());
    kinds.iter().map(|kind| load(kind).unwrap()).chain([fixture::bert()]).collect()
}

fn encode<'a>(tokenizer: &Tokenizer, text: impl Into<Text<'a>>, limit: Limit) -> Encoding {
    tokenizer.encode(text, limit).unwrap()
}

/// The laws of `lt-laws`, on tokenizers of each kind.
#[test]
fn offsets_obey_their_laws() {
    for tokenizer in every_kind() {
        let standing = |text: &str| -> Vec<(usize, usize)> {
            let encoding = encode(&tokenizer, text, Limit::None);
            encoding.offsets.iter().map(|range| (range.start, range.end)).collect()
        };
        offsets::offsets_are_characters(standing);
        offsets::offsets_move_forward(standing);
        offsets::every_letter_is_in_a_token(standing);
    }
    // Chinese, Arabic, emoji and combining marks, each character a piece.
    let alphabet = "aBword7 .,-ée\u{301}ñü中文字，。مرحباשלוםЖ\u{1f600}\u{1f44d}\u{1f3fd}\u{1f469}\
                    \u{200d}\u{1f4bb}\u{1f1e8}\u{1f1f3}\u{2603}\u{fe0f}";
    let tokenizer = fixture::characters(alphabet);
    let tokens = |text: &str| {
        let encoding = encode(&tokenizer, text, Limit::None);
        assert!(!encoding.tokens.iter().any(|token| token == "[UNK]"), "{:?}", encoding.tokens);
        let all = encoding.tokens.iter().zip(&encoding.offsets).zip(&encoding.special);
        all.filter(|(_, special)| !**special)
            .map(|((token, range), _)| offsets::Token {
                text: token.trim_start_matches("##").to_owned(),
                from: range.start,
                to: range.end,
            })
            .collect()
    };
    offsets::slices_are_tokens(tokens, str::to_owned);
}

/// A long text is tokenized in parts, which must not show.
#[test]
fn a_long_text_has_the_tokens_that_the_library_finds_in_one_piece() {
    let words = fixture::WORDS.join(" ");
    let odd = "Unaffable e\u{301}  👍🏽\u{200d} [MASK][SEP] 我爱unable!? ＡＢ\u{3000}\t\nun\u{301} 北\u{301}京 ";
    let text = (words + odd).repeat(1500);
    let unspaced = "我爱北京天！".repeat(9000);
    let tokenizer = fixture::bert();
    let json = fixture::bert_json();
    let library: tokenizers::Tokenizer = json.parse().unwrap();
    for text in [text.as_str(), &unspaced, &"unaffable".repeat(20_000)] {
        assert!(text.len() > 1 << 17);
        let ours = encode(&tokenizer, text, Limit::None);
        let theirs = library.encode_char_offsets(text, true).unwrap();
        assert_eq!(ours.ids, theirs.get_ids());
        assert_eq!(ours.tokens, theirs.get_tokens());
        assert_eq!(ours.words, theirs.get_word_ids());
        let offsets: Vec<_> = theirs.get_offsets().iter().map(|&(from, to)| from..to).collect();
        assert_eq!(ours.offsets, offsets);
    }
}

proptest! {
    #[test]
    fn a_token_is_the_part_of_the_text_that_its_offsets_say(text in texts()) {
        let tokenizer = Tokenizer::from_json(&fixture::lowercase_only().to_string()).unwrap();
        let encoding = encode(&tokenizer, &text, Limit::None);
        for (at, token) in encoding.tokens.iter().enumerate() {
            if encoding.special[at] || token == "[UNK]" || token == "[MASK]" {
                continue;
            }
            let part = slice(&text, encoding.offsets[at].clone()).unwrap();
            prop_assert_eq!(part.to_lowercase(), token.trim_start_matches("##"));
        }
    }

    #[test]
    fn offsets_lie_in_the_text_and_never_go_back(text in texts()) {
        for tokenizer in every_kind() {
            let encoding = encode(&tokenizer, &text, Limit::None);
            let mut last = 0;
            for (offsets, special) in encoding.offsets.iter().zip(&encoding.special) {
                if *special {
                    prop_assert_eq!(offsets.clone(), 0..0);
                    continue;
                }
                prop_assert!(slice(&text, offsets.clone()).is_some(), "{:?}", offsets);
                prop_assert!(last <= offsets.start, "{:?} after {}", offsets, last);
                last = offsets.start;
            }
        }
    }

    #[test]
    fn offsets_and_ids_are_those_of_the_tokenizers_library(first in texts(), second in texts()) {
        for (name, json) in fixture::every_kind() {
            let ours = Tokenizer::from_json(&json.to_string()).unwrap();
            let theirs: tokenizers::Tokenizer = json.to_string().parse().unwrap();
            let ours = encode(&ours, (first.as_str(), second.as_str()), Limit::None);
            let theirs =
                theirs.encode_char_offsets((first.as_str(), second.as_str()), true).unwrap();
            prop_assert_eq!(&ours.ids[..], theirs.get_ids(), "{}", name);
            prop_assert_eq!(&ours.tokens[..], theirs.get_tokens(), "{}", name);
            prop_assert_eq!(&ours.segments[..], theirs.get_type_ids(), "{}", name);
            let offsets: Vec<_> = theirs.get_offsets().iter().map(|&(from, to)| from..to).collect();
            prop_assert_eq!(ours.offsets, offsets, "{}", name);
        }
    }

    #[test]
    fn every_vector_of_an_encoding_has_an_entry_a_token(first in texts(), second in texts()) {
        for tokenizer in every_kind() {
            let encoding = encode(&tokenizer, (first.as_str(), second.as_str()), Limit::None);
            let tokens = encoding.len();
            prop_assert_eq!(encoding.tokens.len(), tokens);
            prop_assert_eq!(encoding.segments.len(), tokens);
            prop_assert_eq!(encoding.offsets.len(), tokens);
            prop_assert_eq!(encoding.special.len(), tokens);
            prop_assert_eq!(encoding.words.len(), tokens);
            prop_assert_eq!(encoding.sequence.len(), tokens);
            for (sequence, special) in encoding.sequence.iter().zip(&encoding.special) {
                prop_assert_eq!(sequence.is_none(), *special);
            }
        }
    }

    #[test]
    fn ids_are_rows_of_the_embedding_table_and_name_their_tokens(text in texts()) {
        for tokenizer in every_kind() {
            let encoding = encode(&tokenizer, &text, Limit::None);
            for (&id, token) in encoding.ids.iter().zip(&encoding.tokens) {
                prop_assert!((id as usize) < tokenizer.vocab_size());
                // An unknown part of the text keeps its spelling in some models.
                if tokenizer.id(token).is_some() {
                    prop_assert_eq!(tokenizer.token(id), Some(token.clone()));
                }
            }
        }
    }

    #[test]
    fn a_text_has_the_same_tokens_alone_in_a_batch_and_on_any_thread(
        batch in prop::collection::vec(texts(), 0..5),
    ) {
        for tokenizer in every_kind() {
            let together = tokenizer.encode_batch(&batch, Limit::At(9)).unwrap();
            let alone: Vec<_> = std::thread::scope(|scope| {
                let tokenizer = &tokenizer;
                let encode = |text| scope.spawn(move || encode(tokenizer, text, Limit::At(9)));
                let threads: Vec<_> = batch.iter().map(encode).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            prop_assert_eq!(together, alone);
        }
    }

    #[test]
    fn a_limit_keeps_the_first_tokens_and_counts_the_others(text in texts(), room in 0_usize..40) {
        for tokenizer in every_kind() {
            let own = |encoding: &Encoding| {
                let texts = encoding.ids.iter().zip(&encoding.special);
                texts.filter(|(_, special)| !**special).map(|(id, _)| *id).collect::<Vec<_>>()
            };
            let all = encode(&tokenizer, &text, Limit::None);
            let limit = all.len() - own(&all).len() + room;
            let cut = encode(&tokenizer, &text, Limit::At(limit));
            prop_assert_eq!(cut.len(), limit.min(all.len()));
            prop_assert_eq!(cut.truncated, all.len() - cut.len());
            prop_assert!(own(&all).starts_with(&own(&cut)));
        }
    }

    #[test]
    fn a_pair_fills_the_limit_and_only_the_longer_text_gives_until_they_are_even(
        first in texts(), second in texts(), room in 0_usize..40,
    ) {
        let tokenizer = fixture::bert();
        let pair = (first.as_str(), second.as_str());
        let from = |encoding: &Encoding, text| {
            encoding.sequence.iter().filter(|sequence| **sequence == Some(text)).count()
        };
        let all = encode(&tokenizer, pair, Limit::None);
        let cut = encode(&tokenizer, pair, Limit::At(3 + room));
        prop_assert_eq!(cut.len(), all.len().min(3 + room));
        let (n, m) = (from(&cut, 0), from(&cut, 1));
        if n < from(&all, 0) {
            prop_assert!(n + 1 >= m, "the first gave, though shorter: {} and {}", n, m);
        }
        if m < from(&all, 1) {
            prop_assert!(m + 1 >= n, "the second gave, though shorter: {} and {}", n, m);
        }
    }

    #[test]
    fn words_of_the_vocabulary_come_back_from_their_ids(
        words in prop::collection::vec(prop::sample::select(fixture::WORDS.to_vec()), 0..20),
    ) {
        let text = words.join(" ");
        let tokenizer = fixture::bert();
        let ids = encode(&tokenizer, &text, Limit::None).ids;
        prop_assert_eq!(tokenizer.decode(&ids, Specials::Skip).unwrap(), text.clone());
        let bare = tokenizer.encode_bare(&text, Limit::None).unwrap().ids;
        prop_assert_eq!(&ids[1..ids.len() - 1], &bare[..]);
    }

    #[test]
    fn bytes_in_are_bytes_out_for_a_byte_level_vocabulary(text in any::<String>()) {
        let tokenizer = Tokenizer::from_json(&fixture::byte_level().to_string()).unwrap();
        let ids = tokenizer.encode_bare(&text, Limit::None).unwrap().ids;
        prop_assert_eq!(tokenizer.decode(&ids, Specials::Keep).unwrap(), text);
    }
}
