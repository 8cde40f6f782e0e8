//! Which tokens are one word.

use std::ops::Range;

use crate::characters::Characters;

/// Where a token stands: without white space at its ends, and not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its characters.
    pub(crate) characters: Range<usize>,
    /// The word that the tokenizer counts it to; `None` for a word of its own.
    pub(crate) word: Option<u32>,
}

/// What tokens are put together to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// To nothing, but where several are parts of one character.
    Token,
    /// To the words of the tokenizer. A Chinese character is a word: where nothing parts words,
    /// some tokenizers take a whole clause for one.
    Word,
}

/// Which tokens belong together: the numbers of those of each unit.
pub(crate) fn units(text: &Characters<'_>, tokens: &[Place], unit: Unit) -> Vec<Range<usize>> {
    let mut units: Vec<Range<usize>> = Vec::new();
    let mut end = 0; // of what has been seen, in characters
    for (number, token) in tokens.iter().enumerate() {
        let shares_a_character = number > 0 && token.characters.start < end;
        let goes_on = shares_a_character
            || unit == Unit::Word && number > 0 && is_one_word(text, &tokens[number - 1], token);
        match units.last_mut() {
            Some(last) if goes_on => last.end = number + 1,
            _ => units.push(number..number + 1),
        }
        end = end.max(token.characters.end);
    }
    units
}

fn is_one_word(text: &Characters<'_>, before: &Place, token: &Place) -> bool {
    let slice = |place: &Place| text.slice(place.characters.clone()).unwrap_or_default();
    let touches_han = || {
        let last = slice(before).chars().next_back();
        let first = slice(token).chars().next();
        last.is_some_and(is_han) || first.is_some_and(is_han)
    };
    token.word.is_some() && token.word == before.word && !touches_han()
}

/// The characters that BERT, too, takes for words.
fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2ebef}' | '\u{2f800}'..='\u{2fa1f}')
}

/// From the first character of some tokens to their last.
pub(crate) fn extent(tokens: &[Place]) -> Range<usize> {
    let start = tokens.iter().map(|token| token.characters.start).min().unwrap_or(0);
    let end = tokens.iter().map(|token| token.characters.end).max().unwrap_or(0);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(tokens: &[(usize, usize, u32)]) -> Vec<Place> {
        let place = |&(start, end, word)| Place { characters: start..end, word: Some(word) };
        tokens.iter().map(place).collect()
    }

    #[test]
    fn words_are_the_tokenizers() {
        let text = Characters::new("Hugging Face");
        let tokens = places(&[(0, 2, 0), (2, 7, 0), (8, 12, 1)]);
        assert_eq!(units(&text, &tokens, Unit::Word), [0..2, 2..3]);
        assert_eq!(units(&text, &tokens, Unit::Token), [0..1, 1..2, 2..3]);
    }

    #[test]
    fn a_clause_without_spaces_is_no_word_in_chinese() {
        let text = Characters::new("北京IBM公司");
        let tokens = places(&[(0, 2, 0), (2, 3, 0), (3, 5, 0), (5, 7, 0)]);
        assert_eq!(units(&text, &tokens, Unit::Word), [0..1, 1..3, 3..4]);
    }

    #[test]
    fn parts_of_one_character_stay_together_whatever_is_asked() {
        let text = Characters::new("爱x");
        let tokens = places(&[(0, 1, 0), (0, 1, 0), (0, 1, 0), (1, 2, 0)]);
        assert_eq!(units(&text, &tokens, Unit::Token), [0..3, 3..4]);
        assert_eq!(units(&text, &tokens, Unit::Word), [0..3, 3..4]);
        assert_eq!(extent(&tokens[..3]), 0..1);
    }

    #[test]
    fn a_token_of_no_word_is_one_by_itself() {
        let text = Characters::new("ab");
        let tokens = [0..1, 1..2].map(|characters| Place { characters, word: None });
        assert_eq!(units(&text, &tokens, Unit::Word), [0..1, 1..2]);
    }
}
