//! Stage 1: text becomes pieces, and pieces become ids.

use lt_tokenizer::{Encoding, Tokenizer, slice};
use serde::Serialize;

use super::spelling::Spelling;

/// How vocabularies write the space before a word.
pub(crate) const SPACES: [char; 2] = ['Ġ', '▁'];

/// A text in pieces.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<Piece>,
    /// How many characters the text has.
    pub(crate) characters: usize,
    /// How many pieces were cut off, because the model takes no more than `limit`.
    pub(crate) truncated: usize,
    pub(crate) limit: usize,
}

/// A piece of a text (a token), or one that was added to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Piece {
    /// As the vocabulary spells it.
    pub(crate) token: String,
    /// As people would write it, if the vocabulary does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) readable: Option<String>,
    pub(crate) id: u32,
    /// What it stands for in the text; empty for one that was added.
    pub(crate) text: String,
    /// Where that is, in characters.
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Added by the tokenizer's template.
    pub(crate) special: bool,
    /// Stands for what the vocabulary has no pieces for.
    pub(crate) unknown: bool,
    /// Which word of the text it is a part of, counted from 0.
    pub(crate) word: Option<u32>,
}

impl Pieces {
    pub(crate) fn new(
        text: &str,
        encoding: &Encoding,
        tokenizer: &Tokenizer,
        limit: usize,
    ) -> Self {
        let unknown = tokenizer.special_tokens().unk.as_ref().map(|unk| unk.id);
        let spelling = Spelling::new(tokenizer);
        let piece = |at: usize| {
            let text = slice(text, encoding.offsets[at].clone()).unwrap_or_default();
            Piece {
                readable: spelling.readable(&encoding.tokens[at], text),
                token: encoding.tokens[at].clone(),
                id: encoding.ids[at],
                text: text.to_owned(),
                from: encoding.offsets[at].start,
                to: encoding.offsets[at].end,
                special: encoding.special[at],
                unknown: Some(encoding.ids[at]) == unknown && !spelling.is_in_bytes(),
                word: encoding.words[at],
            }
        };
        Self {
            pieces: (0..encoding.len()).map(piece).collect(),
            characters: text.chars().count(),
            truncated: encoding.truncated,
            limit,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Where the pieces of the text are; where the added ones are if there are no others.
    pub(crate) fn subjects(&self) -> Vec<usize> {
        let of_text: Vec<usize> = self.of_text().map(|(at, _)| at).collect();
        if of_text.is_empty() { (0..self.len()).collect() } else { of_text }
    }

    /// The pieces of the text, and where they are.
    pub(crate) fn of_text(&self) -> impl Iterator<Item = (usize, &Piece)> {
        self.pieces.iter().enumerate().filter(|(_, piece)| !piece.special)
    }

    /// The pieces that each word was cut into, where they are more than one.
    pub(crate) fn split_words(&self) -> Vec<Vec<&Piece>> {
        let of_text: Vec<&Piece> = self.of_text().map(|(_, piece)| piece).collect();
        let words = of_text.chunk_by(|a, b| b.goes_on(a));
        words.filter(|word| word.len() > 1).map(<[&Piece]>::to_vec).collect()
    }

    /// Which piece to mask, so that its guess says something: the longest that is a word of its own,
    /// of equally long ones the first.
    pub(crate) fn worth_guessing(&self) -> Option<usize> {
        let alone =
            |piece: &Piece| self.of_text().filter(|(_, p)| p.word == piece.word).count() == 1;
        let words = self.of_text().filter(|&(at, piece)| self.starts_word(at) && alone(piece));
        let length = |piece: &Piece| piece.to - piece.from;
        let longest = words.reduce(|a, b| if length(b.1) > length(a.1) { b } else { a });
        longest.or_else(|| self.of_text().next()).map(|(at, _)| at)
    }

    /// Whether this piece is a word or the start of one: no punctuation, no `##er`.
    pub(crate) fn starts_word(&self, at: usize) -> bool {
        let piece = &self.pieces[at];
        let before = at.checked_sub(1).map(|before| &self.pieces[before]);
        !piece.special
            && !piece.unknown
            && piece.text.trim_start().starts_with(char::is_alphanumeric)
            && !before.is_some_and(|before| piece.goes_on(before))
    }

    /// What part of the text the pieces come from, in characters.
    pub(crate) fn span(&self) -> std::ops::Range<usize> {
        let from = self.of_text().map(|(_, piece)| piece.from).min().unwrap_or(0);
        from..self.of_text().map(|(_, piece)| piece.to).max().unwrap_or(0)
    }
}

impl Piece {
    /// Whether it is a further part of the word that the piece before it is of.
    fn goes_on(&self, before: &Self) -> bool {
        self.word.is_some() && self.word == before.word && !self.token.starts_with(SPACES)
    }

    /// Whether it and the piece before it are parts of one character.
    pub(crate) fn straddles(&self, before: &Self) -> bool {
        !self.special && self.from < before.to
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn a_word_in_several_pieces_is_seen_as_split() {
        let pieces = sample::pieces();
        let words = pieces.split_words();
        let tokens = |word: &Vec<&super::Piece>| -> Vec<String> {
            word.iter().map(|piece| piece.token.clone()).collect()
        };
        assert_eq!(words.iter().map(tokens).collect::<Vec<_>>(), [["京", "##e\u{301}"]]);
    }

    #[test]
    fn the_longest_whole_word_is_worth_guessing() {
        let mut pieces = sample::pieces();
        assert_eq!(pieces.worth_guessing(), Some(1));
        pieces.pieces[4].to += 1;
        assert_eq!(pieces.worth_guessing(), Some(4));
        pieces.pieces.retain(|piece| piece.special);
        assert_eq!(pieces.worth_guessing(), None);
    }

    #[test]
    fn where_words_are_not_told_apart_a_space_begins_one() {
        let mut pieces = sample::pieces();
        for (at, token) in [(1, "▁Can"), (2, "京"), (3, "e\u{301}"), (4, "▁can"), (5, "👍")]
        {
            pieces.pieces[at].token = token.to_owned();
            pieces.pieces[at].word = Some(0);
            pieces.pieces[at].unknown = false;
        }
        let starts: Vec<usize> = (0..pieces.len()).filter(|&at| pieces.starts_word(at)).collect();
        assert_eq!(starts, [1, 4]);
        assert_eq!(pieces.split_words().iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
    }
}
