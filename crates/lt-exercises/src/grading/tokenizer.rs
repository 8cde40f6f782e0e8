//! What the exercises on tokenizers are held against.

use std::fmt::{self, Debug};

use lt_laws::offsets::{self as laws, Token};
use lt_laws::proptest::collection::vec;
use lt_laws::proptest::prelude::*;
use lt_laws::proptest::sample::select;
use lt_laws::{Law, strategies};
use lt_tokenizer::lesson::{bpe, wordpiece};
use lt_tokenizer::{Limit, Tokenizer, WordPieceSettings, slice};

use super::{Tried, breaks_only, exercises, is, is_caught_by};

exercises! { tokenizer:
    One longest_match [
        "What is the longest piece that `abababa` begins with, and then the longest that goes on with `ababa`?",
        "Behind `ab` and `##aba` stands `ba`. Nothing is given back.",
        "What becomes of a word if a rest of it begins with no piece? The chapter says so below the table of symbols of *The formula: WordPiece*.",
    ]
    One what_stays [
        "The room is what the special tokens leave of the limit.",
        "Is the shorter text longer than half of the room?",
        "The room is 381, half of it 190. With 500 both texts give, and the longer one keeps the odd token.",
    ]
    Two word_offsets [
        "Which of `char_indices` and `chars().enumerate()` counts characters?",
        "Remember where a word began. At white space, or at the end of the text, it is over.",
    ]
    Two merged_in_order [
        "Begin with the letters. Which is the outer loop: the merges, or the places in the word?",
        "For each merge, go through the pieces from the left; a pair becomes one piece, and you go on behind it.",
    ]
    Two greed_needs_more [
        "Let the word begin with a piece and with a longer one, and let what follows the shorter one be a single piece.",
        "`ab ##cde` is one split of `abcde`. Which piece, longer than `ab`, leads WordPiece away from it, and which others does it need then?",
    ]
    Two law_that_catches_offsets_of_the_word [
        "Do the offsets lie in the text? Do they ever go back? Is a letter outside of all of them?",
        "Cut `un` out of the text by its offsets.",
    ]
    Two tokens_that_lose_letters [
        "The three others are about tokens that are there.",
        "How many tokens does a tokenizer need to be wrong about one of them?",
    ]
    Three fewest_pieces [
        "Do not choose the first piece. Ask for every end of the word's beginning: what is the fewest up to here?",
        "The fewest up to `end` is one more than the fewest up to `start`, for the best `start` for which the letters from `start` to `end` are a piece.",
        "Keep the best split of each beginning in a vector; it starts with the empty split of nothing. Count letters in `chars`, not in bytes.",
    ]
}

/// A BERT of these pieces.
fn of_pieces(pieces: &[&str]) -> Tokenizer {
    let pieces = ["[UNK]", "[CLS]", "[SEP]"].iter().chain(pieces).copied();
    Tokenizer::from_pieces(pieces, &WordPieceSettings::default()).expect("pieces of a BERT")
}

fn longest_match(answer: fn() -> Vec<&'static str>) {
    let tokenizer = of_pieces(&["ab", "##ab", "##aba", "##a"]);
    let computed = tokenizer.encode_bare("abababa", Limit::None).expect("a short text").tokens;
    let answer = answer().into_iter().map(str::to_owned).collect();
    is("which tokens does `abababa` become?", answer, computed);
}

fn what_stays(answer: fn() -> [(usize, usize); 2]) {
    let tokenizer = of_pieces(&["q", "c"]);
    let stay = |question: usize| {
        let (first, second) = ("q ".repeat(question), "c ".repeat(1000));
        let pair = tokenizer.encode((first.as_str(), second.as_str()), Limit::At(384));
        let tokens = pair.expect("a short pair").tokens;
        let count = |piece: &str| tokens.iter().filter(|token| *token == piece).count();
        (count("q"), count("c"))
    };
    let question = "how many tokens of the question and of the context stay, for 20 and for 500?";
    is(question, answer(), [stay(20), stay(500)]);
}

/// See [`word_offsets`].
const OFFSETS_CUT_OUT_WORDS: Law = Law {
    name: "the offsets cut out the words",
    statement: "text[from..to] are what white space separates, in order",
    tolerance: "none",
};

fn word_offsets(answer: fn(&str) -> Vec<(usize, usize)>) {
    laws::all(answer);
    OFFSETS_CUT_OUT_WORDS.hold(&strategies::text(), |text| {
        let offsets = answer(&text);
        let cut = offsets.iter().map(|&(from, to)| slice(&text, from..to));
        let words: Vec<&str> = text.split_whitespace().collect();
        if cut.eq(words.iter().copied().map(Some)) {
            Ok(())
        } else {
            Err(format!("the offsets are {offsets:?}, expected those of the words {words:?}"))
        }
    });
}

/// A word, and what was learned from others.
#[derive(Clone)]
struct Learned {
    word: String,
    bpe: bpe::Bpe,
}

impl Learned {
    fn spelt(&self, id: u32) -> &str {
        &self.bpe.pieces[id as usize]
    }

    fn merges(&self) -> Vec<(&str, &str)> {
        let pairs = self.bpe.merges.iter();
        pairs.map(|((left, right), _)| (self.spelt(*left), self.spelt(*right))).collect()
    }
}

/// As the exercise has it, each merge as `a b`.
impl Debug for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let merges = self.merges().iter().map(|(left, right)| format!("{left} {right}")).collect();
        let merges: Vec<String> = merges;
        f.debug_struct("Learned").field("word", &self.word).field("merges", &merges).finish()
    }
}

fn learned() -> impl Strategy<Value = Learned> {
    let word = |most: usize| {
        let letters = vec(select(vec!['a', 'b']), 1..=most);
        letters.prop_map(|letters| letters.into_iter().collect::<String>())
    };
    let words = vec((word(6), 1..4_u64), 1..4);
    (words, word(9)).prop_map(|(words, word)| {
        let first = ["a", "b"].map(str::to_owned);
        let bpe = bpe::train(&words, &first, bpe::Size { pieces: 8, min_frequency: 0 });
        Learned { word, bpe }
    })
}

/// See [`merged_in_order`].
const MERGES_GO_IN_THEIR_ORDER: Law = Law {
    name: "merges are applied in the order in which they were learned",
    statement: "the pieces are those of the lesson's BPE",
    tolerance: "none",
};

/// A word and merges to its pieces.
type Cut = fn(&str, &[(&str, &str)]) -> Vec<String>;

fn merged_in_order(answer: Cut) {
    MERGES_GO_IN_THEIR_ORDER.hold(&learned(), |learned| {
        let Learned { word, bpe } = &learned;
        let expected: Vec<&str> =
            bpe.encode(word).into_iter().map(|id| learned.spelt(id)).collect();
        match answer(word, &learned.merges()) {
            got if got == expected => Ok(()),
            got => Err(format!("`{word}` became {got:?}, expected {expected:?}")),
        }
    });
}

fn greed_needs_more(answer: fn() -> (Vec<&'static str>, &'static str)) {
    let (vocabulary, word) = answer();
    let letters: Vec<char> = word.chars().collect();
    assert!(letters.len() <= 20, "`{word}` is long: at most 20 letters, please");
    let pieces: Vec<String> = vocabulary.iter().map(|&piece| piece.to_owned()).collect();
    let Some(greedy) = wordpiece::encode(word, &pieces) else {
        panic!("with {vocabulary:?} WordPiece makes `[UNK]` of `{word}`, expected pieces");
    };
    let spelt: Vec<_> = greedy.iter().map(|id| vocabulary[*id as usize]).collect();
    let fewest = fewest(&letters, 0, &vocabulary).unwrap_or(0);
    assert!(
        fewest < spelt.len(),
        "WordPiece cuts `{word}` into {spelt:?}, and no split of it has fewer pieces"
    );
}

/// The fewest pieces of a word from this letter on, by trying every first piece.
fn fewest(letters: &[char], from: usize, vocabulary: &[&str]) -> Option<usize> {
    if from == letters.len() {
        return Some(0);
    }
    let mark = if from == 0 { "" } else { "##" };
    let spelt = |to: usize| format!("{mark}{}", letters[from..to].iter().collect::<String>());
    let ends = (from + 1..=letters.len()).filter(|to| vocabulary.contains(&spelt(*to).as_str()));
    ends.filter_map(|to| Some(1 + fewest(letters, to, vocabulary)?)).min()
}

/// A tokenizer, as the laws take it.
type Tokens = fn(&str) -> Vec<Token>;

const LAWS: &[Tried<Tokens>] = &[
    (&laws::OFFSETS_ARE_CHARACTERS, |f| laws::offsets_are_characters(ranges(*f))),
    (&laws::SLICES_ARE_TOKENS, |f| laws::slices_are_tokens(f, str::to_owned)),
    (&laws::OFFSETS_MOVE_FORWARD, |f| laws::offsets_move_forward(ranges(*f))),
    (&laws::EVERY_LETTER_IS_IN_A_TOKEN, |f| laws::every_letter_is_in_a_token(ranges(*f))),
];

fn ranges(tokens: Tokens) -> impl Fn(&str) -> Vec<(usize, usize)> {
    move |text| tokens(text).iter().map(|token| (token.from, token.to)).collect()
}

/// Pieces of two letters, each with the place of its word.
fn offsets_of_the_word(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let words = crate::solutions::tokenizer::word_offsets(text);
    let pieces = |(from, to): (usize, usize)| {
        let spelt = letters[from..to].chunks(2).map(|piece| piece.iter().collect());
        spelt.map(|text| Token { text, from, to }).collect::<Vec<_>>()
    };
    words.into_iter().flat_map(pieces).collect()
}

fn law_that_catches_offsets_of_the_word(answer: fn() -> &'static str) {
    let mutant: Tokens = offsets_of_the_word;
    is_caught_by(answer(), LAWS, &mutant);
}

fn tokens_that_lose_letters(answer: Tokens) {
    breaks_only(&laws::EVERY_LETTER_IS_IN_A_TOKEN, LAWS, &answer);
}

/// A word, and some of its parts.
#[derive(Debug, Clone)]
struct Parts {
    word: String,
    vocabulary: Vec<String>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let word = vec(select(vec!['a', 'b', '爱']), 1..=7);
    (word, vec((0..7_usize, 1..=4_usize), 0..=10)).prop_map(|(letters, parts)| {
        let part = |(from, length): (usize, usize)| {
            let from = from % letters.len();
            let mark = if from == 0 { "" } else { "##" };
            format!("{mark}{}", letters[from..].iter().take(length).collect::<String>())
        };
        let vocabulary = parts.into_iter().map(part).collect();
        Parts { word: letters.iter().collect(), vocabulary }
    })
}

/// See [`fewest_pieces`].
const NO_SPLIT_HAS_FEWER: Law = Law {
    name: "no split of the word has fewer pieces",
    statement: "the pieces are of the vocabulary, spell the word, and are the fewest; none if there is no split",
    tolerance: "none: pieces are counted",
};

fn fewest_pieces(answer: fn(&str, &[&str]) -> Option<Vec<String>>) {
    NO_SPLIT_HAS_FEWER.hold(&parts(), |Parts { word, vocabulary }| {
        let vocabulary: Vec<&str> = vocabulary.iter().map(String::as_str).collect();
        let letters: Vec<char> = word.chars().collect();
        let count = fewest(&letters, 0, &vocabulary);
        let (pieces, count) = match (answer(&word, &vocabulary), count) {
            (None, None) => return Ok(()),
            (None, Some(count)) => {
                return Err(format!("`None`, but {count} pieces spell `{word}`"));
            }
            (Some(got), None) => return Err(format!("{got:?}, but no split spells `{word}`")),
            (Some(pieces), Some(count)) => (pieces, count),
        };
        if let Some(other) = pieces.iter().find(|piece| !vocabulary.contains(&piece.as_str())) {
            return Err(format!("{pieces:?}: `{other}` is not in the vocabulary"));
        }
        let marks = pieces.iter().skip(1).all(|piece| piece.starts_with("##"));
        let spelt: String = pieces.iter().map(|piece| piece.trim_start_matches("##")).collect();
        match (marks && spelt == word, pieces.len() == count) {
            (true, true) => Ok(()),
            (false, _) => Err(format!("{pieces:?} does not spell `{word}`")),
            (true, false) => Err(format!("{pieces:?}, expected no more than {count} of them")),
        }
    });
}
