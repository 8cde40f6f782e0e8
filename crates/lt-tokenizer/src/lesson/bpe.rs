//! Byte-pair encoding (BPE, 字节对编码) by hand: the most frequent pair becomes a piece, again and
//! again.
//!
//! [Sennrich, Haddow & Birch 2016](https://arxiv.org/abs/1508.07909), section 3.2; on bytes:
//! [Radford et al. 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf),
//! section 2.2.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Two pieces that stand side by side, by their ids.
pub type Pair = (u32, u32);

/// What a training has learned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bpe {
    /// The pieces; a piece's id is its place.
    pub pieces: Vec<String>,
    /// The pairs that were merged, in their order, and the piece that each became.
    pub merges: Vec<(Pair, u32)>,
}

/// How much is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The number of pieces at which training ends.
    pub pieces: usize,
    /// How often a pair has to stand in the text; 0 and 1 mean the same.
    pub min_frequency: u64,
}

/// Learns pieces from words and how often each stands in the text.
///
/// `first` are the pieces there are before: special tokens, then the characters. A character that
/// is none of them is left out of its word.
///
/// By hand: in `abab` (2 times) and `ab` (once), the pair `a b` stands 5 times, and `b a` twice. So
/// `ab` is the first piece; then `ab ab` stands twice.
///
/// ```
/// use lt_tokenizer::lesson::bpe::{Size, train};
/// let words = [("abab".to_owned(), 2), ("ab".to_owned(), 1)];
/// let first = ["a", "b"].map(str::to_owned);
/// let bpe = train(&words, &first, Size { pieces: 4, min_frequency: 2 });
/// assert_eq!(bpe.pieces, ["a", "b", "ab", "abab"]);
/// assert_eq!(bpe.merges, [((0, 1), 2), ((2, 2), 3)]);
/// assert_eq!(bpe.encode("abba"), [2, 1, 0]);
/// ```
#[must_use]
pub fn train(words: &[(String, u64)], first: &[String], size: Size) -> Bpe {
    let mut bpe = Bpe { pieces: first.to_vec(), merges: Vec::new() };
    let mut ids: BTreeMap<String, u32> = first.iter().cloned().zip(0..).collect();
    let mut words: Vec<(Vec<u32>, u64)> = words
        .iter()
        .map(|(word, count)| {
            (characters(word).filter_map(|c| ids.get(&c).copied()).collect(), *count)
        })
        .collect();
    while bpe.pieces.len() < size.pieces {
        // formula: merge
        let Some((pair, count)) = most_frequent(&count_pairs(&words)) else { break };
        if count < size.min_frequency {
            break;
        }
        let (left, right) = (&bpe.pieces[pair.0 as usize], &bpe.pieces[pair.1 as usize]);
        let piece = format!("{left}{right}");
        let new = *ids.entry(piece).or_insert_with_key(|piece| {
            bpe.pieces.push(piece.clone());
            bpe.pieces.len() as u32 - 1
        });
        bpe.merges.push((pair, new));
        for (word, _) in &mut words {
            *word = merged(word, pair, new);
        }
    }
    bpe
}

fn characters(word: &str) -> impl Iterator<Item = String> {
    word.chars().map(String::from)
}

/// How often each pair stands in the text.
///
/// ```
/// use lt_tokenizer::lesson::bpe::count_pairs;
/// let words = [(vec![0, 1, 0, 1], 2), (vec![0, 1], 1)];
/// assert_eq!(Vec::from_iter(count_pairs(&words)), [((0, 1), 5), ((1, 0), 2)]);
/// ```
#[must_use]
pub fn count_pairs(words: &[(Vec<u32>, u64)]) -> BTreeMap<Pair, u64> {
    let mut counts = BTreeMap::new();
    for (word, count) in words {
        for pair in word.windows(2) {
            // formula: merge
            *counts.entry((pair[0], pair[1])).or_default() += count;
        }
    }
    counts
}

/// The pair that stands there most often; of those that do, the one of the smallest ids.
///
/// ```
/// use lt_tokenizer::lesson::bpe::most_frequent;
/// let counts = [((2, 0), 5), ((1, 7), 5), ((0, 0), 4)].into();
/// assert_eq!(most_frequent(&counts), Some(((1, 7), 5)));
/// ```
#[must_use]
pub fn most_frequent(counts: &BTreeMap<Pair, u64>) -> Option<(Pair, u64)> {
    // formula: merge
    let best = counts.iter().max_by_key(|(pair, count)| (**count, Reverse(**pair)));
    best.map(|(pair, count)| (*pair, *count))
}

/// The word with the pair made one piece, wherever it stands, from the left.
///
/// ```
/// use lt_tokenizer::lesson::bpe::merged;
/// assert_eq!(merged(&[0, 0, 0, 1], (0, 0), 9), [9, 0, 1]);
/// ```
#[must_use]
pub fn merged(word: &[u32], pair: Pair, new: u32) -> Vec<u32> {
    let mut result = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [first, tail @ ..] = rest {
        if tail.first() == Some(&pair.1) && *first == pair.0 {
            result.push(new);
            rest = &tail[1..];
        } else {
            result.push(*first);
            rest = tail;
        }
    }
    result
}

impl Bpe {
    /// The ids of a word: its characters, merged in the order in which the pairs were learned.
    #[must_use]
    pub fn encode(&self, word: &str) -> Vec<u32> {
        let id = |c: String| (0_u32..).zip(&self.pieces).find(|(_, piece)| **piece == c);
        let mut ids: Vec<u32> =
            characters(word).filter_map(|c| id(c).map(|(number, _)| number)).collect();
        for (pair, new) in &self.merges {
            ids = merged(&ids, *pair, *new);
        }
        ids
    }
}

/// The letter that stands for a byte, so that every byte is one that can be seen: itself where it
/// can, and one from U+0100 on where it cannot.
///
/// ```
/// use lt_tokenizer::lesson::bpe::letter_of;
/// assert_eq!([b'a', b' ', b'\n'].map(letter_of), ['a', 'Ġ', 'Ċ']);
/// ```
#[must_use]
pub fn letter_of(byte: u8) -> char {
    let is_seen = |byte: &u8| matches!(byte, 33..=126 | 161..=172 | 174..=255);
    let unseen_before = (0..byte).filter(|byte| !is_seen(byte)).count() as u32;
    let code = if is_seen(&byte) { u32::from(byte) } else { 256 + unseen_before };
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The letters of a text, one for each of its bytes.
///
/// ```
/// use lt_tokenizer::lesson::bpe::letters_of;
/// assert_eq!(letters_of(" 爱"), "ĠçĪ±"); // a space, and three bytes of one character
/// ```
#[must_use]
pub fn letters_of(text: &str) -> String {
    text.bytes().map(letter_of).collect()
}

/// The characters of the words, each once, in the order of Unicode: what training begins with.
///
/// ```
/// use lt_tokenizer::lesson::bpe::alphabet;
/// assert_eq!(alphabet(&[("bad".to_owned(), 1), ("dab".to_owned(), 3)]), ["a", "b", "d"]);
/// ```
#[must_use]
pub fn alphabet(words: &[(String, u64)]) -> Vec<String> {
    let letters: BTreeSet<char> = words.iter().flat_map(|(word, _)| word.chars()).collect();
    letters.into_iter().map(String::from).collect()
}
