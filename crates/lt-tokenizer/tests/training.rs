//! Tokenizers that were trained: the same from the same text, and good to load.
#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use lt_tokenizer::{
    ByteLevelStyle, Letters, Limit, Specials, Tokenizer, TokenizerError, TokenizerTraining,
    WordPieceSettings,
};
use proptest::prelude::*;

fn lines() -> Vec<&'static str> {
    let chapter = include_str!("../doc/03-code.md");
    chapter.lines().chain(include_str!("fixture/zh.txt").lines()).collect()
}

fn every_kind() -> Vec<TokenizerTraining> {
    vec![
        TokenizerTraining::word_piece(900, WordPieceSettings::default()),
        TokenizerTraining::byte_level_bpe(600, ByteLevelStyle::Gpt2),
        TokenizerTraining::byte_level_bpe(600, ByteLevelStyle::Roberta).letters(Letters::Nfc),
        TokenizerTraining::unigram(900).special_tokens(["<extra_id_0>", "<extra_id_1>"]),
    ]
}

/// Hash maps of the library have another order in each of these runs.
#[test]
fn the_same_lines_in_any_order_give_the_same_bytes() {
    for training in every_kind() {
        let once = training.train(lines()).unwrap();
        let again = training.train(lines().iter().rev()).unwrap();
        assert_eq!(once.json(), again.json(), "{training:?}");
        assert_eq!(once.config(), again.config());
        let pools = [1, 3].map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap());
        for pool in pools {
            let again = pool.install(|| training.train(lines()).unwrap());
            assert_eq!(once.json(), again.json(), "{training:?}");
        }
    }
}

#[test]
fn what_is_saved_loads_and_cuts_as_before() {
    for training in every_kind() {
        let dir = tempfile::tempdir().unwrap();
        let trained = training.train(lines()).unwrap();
        trained.save(dir.path().join("new")).unwrap();
        trained.save(dir.path().join("new")).unwrap(); // over what is there
        let loaded = Tokenizer::from_dir(dir.path().join("new")).unwrap();
        assert_eq!(loaded.special_tokens(), trained.tokenizer().special_tokens());
        assert_eq!(loaded.vocab_size(), trained.tokenizer().vocab_size());
        for line in lines() {
            let before = trained.tokenizer().encode(line, Limit::None).unwrap();
            assert_eq!(loaded.encode(line, Limit::None).unwrap(), before);
        }
        assert_eq!(std::fs::read_dir(dir.path().join("new")).unwrap().count(), 2);
    }
}

#[test]
fn the_vocabulary_has_the_size_that_was_asked_for_and_its_special_tokens_first() {
    for (training, size) in every_kind().iter().zip([900, 600, 600, 900]) {
        let trained = training.train(lines()).unwrap();
        assert_eq!(trained.tokenizer().vocab_size(), size, "{training:?}");
    }
    let trained = every_kind()[3].train(lines()).unwrap();
    let first: Vec<_> = (0..5).filter_map(|id| trained.tokenizer().token(id)).collect();
    assert_eq!(first, ["<pad>", "</s>", "<unk>", "<extra_id_0>", "<extra_id_1>"]);
    let gap = trained.tokenizer().encode("a <extra_id_1> b", Limit::None).unwrap();
    assert!(gap.ids.contains(&4), "{gap:?}");
    assert_eq!(gap.ids.last(), Some(&1));
}

#[test]
fn special_tokens_have_their_roles() {
    let roles = |training: &TokenizerTraining| {
        let trained = training.train(lines()).unwrap();
        let of = trained.tokenizer().special_tokens().clone();
        [of.unk, of.cls, of.sep, of.pad, of.mask, of.bos, of.eos].map(|token| token.map(|t| t.id))
    };
    let [word_piece, gpt2, roberta, unigram] = &every_kind()[..] else { unreachable!() };
    assert_eq!(roles(word_piece), [Some(1), Some(2), Some(3), Some(0), Some(4), None, None]);
    assert_eq!(roles(gpt2), [Some(0), None, None, None, None, Some(0), Some(0)]);
    let of_roberta = [Some(3), Some(0), Some(2), Some(1), Some(4), Some(0), Some(2)];
    assert_eq!(roles(roberta), of_roberta);
    assert_eq!(roles(unigram), [Some(2), None, None, Some(0), None, None, Some(1)]);
}

#[test]
fn text_comes_back_from_a_byte_level_vocabulary_also_what_it_never_saw() {
    let trained = every_kind()[1].train(lines()).unwrap();
    for text in ["  two  spaces\t\n", "كلمة", "👩\u{200d}👧 \0 é"] {
        let ids = trained.tokenizer().encode(text, Limit::None).unwrap().ids;
        assert_eq!(trained.tokenizer().decode(&ids, Specials::Skip).unwrap(), text);
    }
}

#[test]
fn letters_are_read_as_was_asked() {
    let lower = TokenizerTraining::unigram(600).letters(Letters::NfkcLowercase);
    let tokenizer = lower.train(lines()).unwrap().tokenizer().clone();
    let ids = |text: &str| tokenizer.encode(text, Limit::None).unwrap().ids;
    assert_eq!(ids("ＴOKEN"), ids("token"));
    let cased = WordPieceSettings { lowercase: false, ..WordPieceSettings::default() };
    let trained = TokenizerTraining::word_piece(40, cased).train(["Bonn bonn"]).unwrap();
    let (upper, lower) = (trained.tokenizer().id("Bonn"), trained.tokenizer().id("bonn"));
    assert!(upper.is_some() && lower.is_some() && upper != lower);
}

#[test]
fn rare_characters_are_left_out_and_rare_pairs_not_merged() {
    let settings = WordPieceSettings::default();
    let training = TokenizerTraining::word_piece(100, settings).most_characters(2);
    let tokenizer = training.train(["ab ab abz"]).unwrap().tokenizer().clone();
    assert_eq!((tokenizer.id("z"), tokenizer.id("##z")), (None, None));
    assert_eq!(tokenizer.encode_bare("ab z", Limit::None).unwrap().tokens, ["ab", "[UNK]"]);
    let training = TokenizerTraining::byte_level_bpe(1000, ByteLevelStyle::Gpt2).min_frequency(3);
    let tokenizer = training.train(["ab", "ab", "abc"]).unwrap().tokenizer().clone();
    assert!(tokenizer.id("ab").is_some() && tokenizer.id("abc").is_none());
}

#[test]
fn what_cannot_be_trained_says_why() {
    for training in every_kind() {
        for nothing in [vec![], vec![""]] {
            let error = training.train(nothing).unwrap_err();
            assert!(matches!(error, TokenizerError::NoWords), "{error}");
        }
    }
    let small = |training: TokenizerTraining| training.train(["ab"]).unwrap_err().to_string();
    assert_eq!(
        small(TokenizerTraining::word_piece(7, WordPieceSettings::default())),
        "a vocabulary of 7 pieces: expected at least 8, for the special tokens and the 3 \
         characters alone; ask for more, or for fewer characters"
    );
    assert!(small(TokenizerTraining::byte_level_bpe(256, ByteLevelStyle::Gpt2)).contains("257"));
    assert!(small(TokenizerTraining::unigram(3)).contains("expected at least"));
    let twice = TokenizerTraining::unigram(90).special_tokens(["<unk>"]).begin().unwrap_err();
    assert_eq!(
        twice.to_string(),
        "the special token \"<unk>\": expected each one once, and none empty"
    );
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let trained = every_kind()[1].train(["ab"]).unwrap();
    assert!(matches!(trained.save(&file), Err(TokenizerError::Write { .. })));
    std::fs::create_dir_all(dir.path().join("full/tokenizer.json/in the way")).unwrap();
    assert!(trained.save(dir.path().join("full")).is_err());
    assert_eq!(std::fs::read_dir(dir.path().join("full")).unwrap().count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every kind ends, keeps to its size and gives the same bytes, on lines of few letters, where
    /// nearly everything is equally frequent.
    #[test]
    fn any_lines_train_and_train_again_to_the_same(
        words in prop::collection::vec("[ab爱]{1,7}", 1..12), more in 0_usize..40, times in 0_u64..3,
    ) {
        let line = words.join(" ");
        let kinds = [
            (TokenizerTraining::word_piece(11 + more, WordPieceSettings::default()), 11),
            (TokenizerTraining::byte_level_bpe(257 + more, ByteLevelStyle::Gpt2), 257),
            (TokenizerTraining::unigram(8 + more), 8),
        ];
        for (training, least) in kinds {
            let training = training.min_frequency(times);
            let trained = match training.train([&line]) {
                Ok(trained) => trained,
                Err(TokenizerError::NoWords) if times > 1 => continue, // all of them are rare
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            };
            prop_assert!(trained.tokenizer().vocab_size() <= least + more);
            let again = training.train([&line]).unwrap();
            prop_assert_eq!(trained.json(), again.json());
            let ids = trained.tokenizer().encode_bare(line.as_str(), Limit::None).unwrap().ids;
            prop_assert!(!ids.is_empty());
        }
    }
}
