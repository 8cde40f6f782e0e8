//! The words of a context, whatever windows cut them.

use std::ops::Range;

use crate::TaskError;
use crate::characters::Characters;
use crate::windows::ScoredWindow;
use crate::words::{Place, Unit, extent, units};

/// The words of a context and the tokens that they have.
#[derive(Debug, Default)]
pub(super) struct ContextWords {
    /// Which token of the context each place is: those of nothing but white space are none.
    tokens: Vec<usize>,
    /// The places of each word.
    words: Vec<Range<usize>>,
    /// The characters of each word.
    extents: Vec<Range<usize>>,
}

/// The words that a window shows, some of them perhaps in part.
#[derive(Debug)]
pub(super) struct WordsInWindow<'a> {
    /// Which rows of the window their tokens are.
    pub(super) rows: Vec<usize>,
    /// Which of these rows each word has.
    pub(super) words: Vec<Range<usize>>,
    /// The characters of each word, all of them.
    extents: &'a [Range<usize>],
}

impl ContextWords {
    /// The words of the context that these windows show together.
    ///
    /// # Errors
    /// [`TaskError::Offsets`] if a token is not in the context.
    pub(super) fn new(
        context: &Characters<'_>,
        windows: &[ScoredWindow],
    ) -> Result<Self, TaskError> {
        let (mut tokens, mut places) = (Vec::new(), Vec::new());
        let mut seen = 0;
        for ScoredWindow { window, .. } in windows {
            let encoding = &window.encoding;
            for (token, row) in window.tokens.clone().zip(own_rows(encoding)) {
                if token < seen {
                    continue;
                }
                seen = token + 1;
                let Some(characters) = context.trimmed(encoding.offsets[row].clone()) else {
                    let Range { start, end } = encoding.offsets[row];
                    return Err(TaskError::Offsets { start, end, characters: context.count() });
                };
                if !characters.is_empty() {
                    tokens.push(token);
                    places.push(Place { characters, word: encoding.words[row] });
                }
            }
        }
        let words = units(context, &places, Unit::Word);
        let extents = words.iter().map(|word| extent(&places[word.clone()])).collect();
        Ok(Self { tokens, words, extents })
    }

    /// Those of one window.
    pub(super) fn in_window(
        &self,
        ScoredWindow { window, .. }: &ScoredWindow,
    ) -> WordsInWindow<'_> {
        let before = |token: usize| self.tokens.partition_point(|&other| other < token);
        let places = before(window.tokens.start)..before(window.tokens.end);
        let own: Vec<usize> = own_rows(&window.encoding).collect();
        let row = |&token: &usize| own[token - window.tokens.start];
        let first = self.words.partition_point(|word| word.end <= places.start);
        let behind = self.words.partition_point(|word| word.start < places.end).max(first);
        let cut = |word: &Range<usize>| {
            let (start, end) = (word.start.max(places.start), word.end.min(places.end));
            start - places.start..end - places.start
        };
        WordsInWindow {
            rows: self.tokens[places.clone()].iter().map(row).collect(),
            words: self.words[first..behind].iter().map(cut).collect(),
            extents: &self.extents[first..behind],
        }
    }
}

impl WordsInWindow<'_> {
    /// The characters from the word of the first of these tokens to that of the last.
    pub(super) fn characters(&self, tokens: Range<usize>) -> Range<usize> {
        let extent = |token: usize| {
            let word = self.words.partition_point(|word| word.end <= token);
            self.extents.get(word).cloned().unwrap_or_default()
        };
        extent(tokens.start).start..extent(tokens.end.saturating_sub(1)).end
    }
}

/// The rows of a window that are tokens of the context.
fn own_rows(encoding: &lt_tokenizer::Encoding) -> impl Iterator<Item = usize> {
    (0..encoding.len()).filter(|&row| encoding.sequence[row] == Some(1))
}
