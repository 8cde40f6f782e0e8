//! From texts to sequences of token ids.

use lt_tokenizer::{Encoding, Limit, Text, Tokenizer};
use lt_train::objective::Sequence;

use crate::{RecipeError, Result};

/// The longest text, if neither recipe nor model says it.
const USUAL: usize = 512;

/// The most tokens of a text, for a model that takes so many.
pub(crate) fn max_length(wanted: Option<usize>, longest: usize) -> Result<usize> {
    match wanted {
        Some(length) if length > longest => {
            let expected = format!("at most {longest}, what the model takes");
            Err(RecipeError::setting("data.max_length", length, expected))
        }
        Some(length @ (0 | 1)) => {
            Err(RecipeError::setting("data.max_length", length, "at least 2"))
        }
        Some(length) => Ok(length),
        None => Ok(longest.min(USUAL)),
    }
}

/// A text, or a pair of texts, cut at the end.
pub(crate) fn sequence<'a>(
    tokenizer: &Tokenizer,
    text: impl Into<Text<'a>>,
    max_length: usize,
) -> Result<Sequence> {
    let Encoding { ids, segments, special, words, .. } =
        tokenizer.encode(text, Limit::At(max_length))?;
    // All of the first segment is what is meant where nothing is said.
    let segments = if segments.iter().any(|segment| *segment != 0) { segments } else { vec![] };
    Ok(Sequence::new(ids).segments(segments).special(special).words(words))
}

/// The special tokens before and behind a text, and how a long one is cut into several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pieces {
    before: Vec<u32>,
    behind: Vec<u32>,
    max_length: usize,
}

impl Pieces {
    pub(crate) fn new(tokenizer: &Tokenizer, max_length: usize) -> Result<Self> {
        let around = tokenizer.encode("a", Limit::None)?;
        let count = |special: &mut dyn Iterator<Item = &bool>| {
            special.take_while(|special| **special).count()
        };
        let before = count(&mut around.special.iter());
        let behind = count(&mut around.special.iter().rev()).min(around.len() - before);
        if before + behind + 1 > max_length {
            let expected = format!("more than the {} special tokens of a text", before + behind);
            return Err(RecipeError::setting("data.max_length", max_length, expected));
        }
        let before = around.ids.iter().copied().take(before).collect();
        let behind = around.ids[around.len() - behind..].to_vec();
        Ok(Self { before, behind, max_length })
    }

    /// Behind each text, where the tokenizer does not add it itself, its end.
    pub(crate) fn ending_with(mut self, end: Option<u32>) -> Self {
        if let Some(end) = end.filter(|end| self.behind.last() != Some(end)) {
            self.behind.push(end);
        }
        self
    }

    /// What stands behind a text.
    pub(crate) fn behind(&self) -> &[u32] {
        &self.behind
    }

    /// What stands before a text.
    pub(crate) fn before(&self) -> &[u32] {
        &self.before
    }

    /// A text as sequences of at most the maximum length, each with its special tokens.
    pub(crate) fn cut(&self, tokenizer: &Tokenizer, text: &str) -> Result<Vec<Sequence>> {
        let own = tokenizer.encode_bare(text, Limit::None)?;
        let around = self.before.len() + self.behind.len();
        let room = self.max_length.saturating_sub(around).max(1);
        let places: Vec<usize> = (0..own.len()).collect();
        let piece = |places: &[usize]| {
            let of_text = || places.iter().copied();
            let ids = self.before.iter().copied().chain(of_text().map(|place| own.ids[place]));
            let none = |count: usize| std::iter::repeat_n(None, count);
            let words = of_text().map(|place| own.words.get(place).copied().flatten());
            let special = |count: usize| std::iter::repeat_n(true, count);
            Sequence::new(ids.chain(self.behind.iter().copied()).collect())
                .words(
                    none(self.before.len()).chain(words).chain(none(self.behind.len())).collect(),
                )
                .special(
                    special(self.before.len())
                        .chain(of_text().map(|_| false))
                        .chain(special(self.behind.len()))
                        .collect(),
                )
        };
        Ok(places.chunks(room).map(piece).collect())
    }
}

#[cfg(test)]
mod tests {
    use lt_tokenizer::WordPieceSettings;

    use super::*;

    fn tokenizer() -> Tokenizer {
        let pieces = ["[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##b", "c"];
        Tokenizer::from_pieces(pieces, &WordPieceSettings::default()).unwrap()
    }

    #[test]
    fn a_long_text_becomes_several_sequences_and_loses_nothing() {
        let tokenizer = tokenizer();
        let pieces = Pieces::new(&tokenizer, 5).unwrap();
        let cut = pieces.cut(&tokenizer, "a bb c a b").unwrap();
        let ids: Vec<&[u32]> = cut.iter().map(|sequence| &sequence.ids[..]).collect();
        assert_eq!(ids, [[1, 4, 5, 6, 2], [1, 7, 4, 5, 2]]);
        assert_eq!(cut[0].special, [true, false, false, false, true]);
        assert_eq!(cut[0].words, [None, Some(0), Some(1), Some(1), None]);
        assert_eq!(pieces.cut(&tokenizer, "").unwrap(), []);
        assert!(Pieces::new(&tokenizer, 2).is_err(), "there is no room for a text");
    }

    #[test]
    fn an_end_that_is_there_is_not_put_there_again() {
        let pieces = Pieces::new(&tokenizer(), 9).unwrap();
        assert_eq!(pieces.clone().ending_with(Some(2)).behind(), [2]);
        assert_eq!(pieces.ending_with(Some(3)).behind(), [2, 3]);
    }

    #[test]
    fn a_length_has_bounds() {
        assert_eq!(max_length(None, 2048).unwrap(), 512);
        assert_eq!(max_length(None, 64).unwrap(), 64);
        assert_eq!(max_length(Some(8), 64).unwrap(), 8);
        assert!(max_length(Some(65), 64).unwrap_err().to_string().contains("at most 64"));
        assert!(max_length(Some(1), 64).is_err());
    }
}
