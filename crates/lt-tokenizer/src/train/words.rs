//! The words of a text, and how often each of them stands there.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use tokenizers::{
    NormalizedString, Normalizer as _, OffsetReferential, OffsetType, PreTokenizedString,
    PreTokenizer as _,
};

use crate::guard::guard;
use crate::{Result, TokenizerError};

/// Words as the tokenizer will see them: normalised and split, not yet cut into pieces.
#[derive(Debug)]
pub(crate) struct Words {
    /// The steps before the pieces.
    tokenizer: tokenizers::Tokenizer,
    counts: HashMap<String, u64>,
}

impl Words {
    pub(crate) fn new(tokenizer: tokenizers::Tokenizer) -> Self {
        Self { tokenizer, counts: HashMap::new() }
    }

    pub(crate) fn add(&mut self, line: &str) -> Result<()> {
        let tokenizer = &self.tokenizer;
        let split = guard(|| {
            let mut text = NormalizedString::from(line);
            if let Some(normalizer) = tokenizer.get_normalizer() {
                normalizer.normalize(&mut text)?;
            }
            let mut text = PreTokenizedString::from(text);
            if let Some(splitter) = tokenizer.get_pre_tokenizer() {
                splitter.pre_tokenize(&mut text)?;
            }
            Ok(text)
        });
        let split = split.map_err(|source| TokenizerError::Training { source })?;
        for (word, ..) in split.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            match self.counts.get_mut(word) {
                Some(count) => *count += 1,
                None if word.is_empty() => {}
                None => drop(self.counts.insert(word.to_owned(), 1)),
            }
        }
        Ok(())
    }

    /// In an order that does not depend on that of the lines.
    pub(crate) fn sorted(self) -> Vec<(String, u64)> {
        let mut words: Vec<_> = self.counts.into_iter().collect();
        words.sort_unstable();
        words
    }
}

/// The characters of the words, the most frequent ones if not all are wanted, in the order of
/// Unicode.
pub(crate) fn alphabet(words: &[(String, u64)], most: Option<usize>) -> Vec<char> {
    let mut counts: BTreeMap<char, u64> = BTreeMap::new();
    for (word, count) in words {
        for character in word.chars() {
            *counts.entry(character).or_default() += count;
        }
    }
    let mut characters: Vec<(char, u64)> = counts.into_iter().collect();
    if let Some(most) = most.filter(|most| *most < characters.len()) {
        characters.sort_by_key(|(character, count)| (Reverse(*count), *character));
        characters.truncate(most);
        characters.sort_unstable();
    }
    characters.into_iter().map(|(character, _)| character).collect()
}

#[cfg(test)]
mod tests {
    use super::alphabet;

    #[test]
    fn the_most_frequent_characters_stay_and_of_equals_the_first() {
        let words = [("ba".to_owned(), 2), ("cb".to_owned(), 1), ("d".to_owned(), 1)];
        assert_eq!(alphabet(&words, None), ['a', 'b', 'c', 'd']);
        assert_eq!(alphabet(&words, Some(3)), ['a', 'b', 'c']);
        assert_eq!(alphabet(&words, Some(1)), ['b']);
    }
}
