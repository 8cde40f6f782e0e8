//! WordPiece by hand: learned as BPE is, from characters that know whether they begin a word; used
//! by the longest match.
//!
//! [Wu et al. 2016](https://arxiv.org/abs/1609.08144), section 4.1, chooses the pair that makes the
//! text likeliest; how BERT's was learned was not published. The `tokenizers` library, and so this
//! lesson, chooses the most frequent pair.

use std::collections::{BTreeMap, BTreeSet};

use super::bpe::{self, Size, count_pairs, merged, most_frequent};

/// The longest word that is looked up: a longer one is unknown as a whole.
pub const LONGEST_WORD: usize = 100;

/// Learns pieces from words and how often each stands in the text; `special` are the pieces before
/// all others.
///
/// By hand: `hug` (2 times) and `bug` (once). `##u ##g` stands 3 times, and becomes `##ug`; then
/// `h ##ug` stands twice.
///
/// ```
/// use lt_tokenizer::lesson::{bpe::Size, wordpiece::train};
/// let words = [("bug".to_owned(), 1), ("hug".to_owned(), 2)];
/// let pieces = train(&words, &["[UNK]".to_owned()], Size { pieces: 9, min_frequency: 2 });
/// assert_eq!(pieces, ["[UNK]", "b", "g", "h", "u", "##g", "##u", "##ug", "hug"]);
/// ```
#[must_use]
pub fn train(words: &[(String, u64)], special: &[String], size: Size) -> Vec<String> {
    let continuing: BTreeSet<char> =
        words.iter().flat_map(|(word, _)| word.chars().skip(1)).collect();
    let mut pieces = special.to_vec();
    pieces.extend(bpe::alphabet(words));
    pieces.extend(continuing.into_iter().map(|c| format!("##{c}")));

    let mut ids: BTreeMap<String, u32> = pieces.iter().cloned().zip(0..).collect();
    let mut words: Vec<(Vec<u32>, u64)> = words
        .iter()
        .map(|(word, count)| {
            (characters(word).filter_map(|c| ids.get(&c).copied()).collect(), *count)
        })
        .collect();
    while pieces.len() < size.pieces {
        let Some((pair, count)) = most_frequent(&count_pairs(&words)) else { break };
        if count < size.min_frequency {
            break;
        }
        let piece = joined(&pieces[pair.0 as usize], &pieces[pair.1 as usize]);
        let new = *ids.entry(piece).or_insert_with_key(|piece| {
            pieces.push(piece.clone());
            pieces.len() as u32 - 1
        });
        for (word, _) in &mut words {
            *word = merged(word, pair, new);
        }
    }
    pieces
}

/// The characters of a word, each but the first with `##`.
fn characters(word: &str) -> impl Iterator<Item = String> {
    let spelt = |(place, c)| if place == 0 { String::from(c) } else { format!("##{c}") };
    word.chars().enumerate().map(spelt)
}

/// Two pieces as one: the `##` in the middle goes.
///
/// ```
/// use lt_tokenizer::lesson::wordpiece::joined;
/// assert_eq!(joined("##u", "##g"), "##ug");
/// ```
#[must_use]
pub fn joined(left: &str, right: &str) -> String {
    format!("{left}{}", right.strip_prefix("##").unwrap_or(right))
}

/// The pieces of a word, each the longest that the rest begins with; `None` if there is none
/// somewhere, or the word is longer than [`LONGEST_WORD`]: then it is unknown.
///
/// ```
/// use lt_tokenizer::lesson::wordpiece::encode;
/// let pieces = ["h", "hu", "##u", "##g"].map(str::to_owned);
/// assert_eq!(encode("hug", &pieces), Some(vec![1, 3]));
/// assert_eq!(encode("huh", &pieces), None);
/// ```
#[must_use]
pub fn encode(word: &str, pieces: &[String]) -> Option<Vec<u32>> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() > LONGEST_WORD {
        return None;
    }
    let (mut ids, mut from) = (Vec::new(), 0);
    while from < letters.len() {
        let prefix = if from == 0 { "" } else { "##" };
        // formula: word-piece
        let found = (from + 1..=letters.len()).rev().find_map(|to| {
            let part = format!("{prefix}{}", letters[from..to].iter().collect::<String>());
            Some((pieces.iter().position(|piece| *piece == part)?, to))
        });
        let (id, to) = found?;
        ids.push(id as u32);
        from = to;
    }
    Some(ids)
}
