//! A long text in windows that overlap, so that nothing of it is lost.

use std::ops::Range;

use tokenizers::{Encoding as Raw, PostProcessor};

use crate::encode::{count_in_characters, from_raw};
use crate::guard::guard;
use crate::truncate::part;
use crate::{Encoding, Result, Text, Tokenizer, TokenizerError};

/// How a long text is cut into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WindowSize {
    /// The most tokens that a window has, special tokens included.
    pub limit: usize,
    /// How many tokens a window has in common with the one before it.
    pub overlap: usize,
}

/// A part of a long text, as the model gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// Its tokens, the special ones included. Offsets and words are those in the whole text.
    pub encoding: Encoding,
    /// Which tokens of the whole text they are, the special ones not counted.
    pub tokens: Range<usize>,
}

impl Tokenizer {
    /// The tokens of a text in windows that overlap, each with the special tokens of the model's
    /// template. A text that fits is one window. Of a pair the second text is cut, and the first
    /// stands before each part of it: a question before each part of a long context.
    ///
    /// Where the first text leaves windows that are no longer than the overlap, they overlap by
    /// half of what there is.
    ///
    /// ```
    /// use lt_tokenizer::{Tokenizer, WindowSize, WordPieceSettings};
    /// let pieces = ["[UNK]", "[CLS]", "[SEP]", "who", "a", "b", "c", "d", "e"];
    /// let tokenizer = Tokenizer::from_pieces(pieces, &WordPieceSettings::default())?;
    ///
    /// let size = WindowSize { limit: 7, overlap: 1 };
    /// let windows = tokenizer.encode_windows(("who", "a b c d e"), size)?;
    /// let tokens: Vec<String> = windows.iter().map(|it| it.encoding.tokens.join(" ")).collect();
    /// assert_eq!(tokens, ["[CLS] who [SEP] a b c [SEP]", "[CLS] who [SEP] c d e [SEP]"]);
    /// assert_eq!(windows[1].tokens, 2..5);
    /// assert_eq!(windows[1].encoding.offsets[3], 4..5); // c, in the whole text
    /// # Ok::<(), lt_tokenizer::TokenizerError>(())
    /// ```
    ///
    /// transformers: `tokenizer(first, second, truncation="only_second", max_length=limit,
    /// stride=overlap, return_overflowing_tokens=True)`.
    ///
    /// # Errors
    /// [`TokenizerError::NoRoom`] if no token of the text fits beside the others;
    /// [`TokenizerError::Encode`] if the vocabulary lacks its own unknown token and needs it.
    pub fn encode_windows<'a>(
        &self,
        text: impl Into<Text<'a>>,
        size: WindowSize,
    ) -> Result<Vec<Window>> {
        let (first, long) = match text.into() {
            Text::Single(text) => (None, self.placed_tokens(text, 0)?),
            Text::Pair(first, second) => {
                (Some(self.placed_tokens(first, 0)?), self.placed_tokens(second, 1)?)
            }
        };
        let template = self.inner.get_post_processor();
        let added = template.map_or(0, |template| template.added_tokens(first.is_some()));
        let taken = added + first.as_ref().map_or(0, Raw::len);
        let room = size.limit.saturating_sub(taken);
        if room == 0 {
            return Err(TokenizerError::NoRoom { limit: size.limit, taken });
        }
        let overlap = if size.overlap < room { size.overlap } else { room / 2 };
        let window = |tokens: Range<usize>| {
            let cut = part(&long, tokens.clone());
            let (first, second) = match &first {
                None => (cut, None),
                Some(first) => (first.clone(), Some(cut)),
            };
            let encoding = guard(|| Ok(from_raw(&self.inner.post_process(first, second, true)?)))
                .map_err(|source| TokenizerError::Encode { source })?;
            Ok(Window { encoding, tokens })
        };
        ranges(long.len(), room, overlap).map(window).collect()
    }

    /// The tokens of a text, without special ones; offsets in characters.
    fn placed_tokens(&self, text: &str, segment: u32) -> Result<Raw> {
        let tokens = || {
            let mut tokens = self.text_tokens(text, segment)?;
            count_in_characters(&mut tokens, text);
            Ok(tokens)
        };
        guard(tokens).map_err(|source| TokenizerError::Encode { source })
    }
}

/// Windows of `room` tokens over `length` of them; the last one may be shorter, and there is one
/// even over nothing. The overlap is less than the room.
fn ranges(length: usize, room: usize, overlap: usize) -> impl Iterator<Item = Range<usize>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start: usize = next.take()?;
        let end = start.saturating_add(room).min(length);
        next = (end < length).then(|| end - overlap);
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limit, WordPieceSettings};

    #[test]
    fn windows_overlap_as_asked_and_the_last_ends_with_the_text() {
        let all = |length, room, overlap| {
            ranges(length, room, overlap).map(|it| (it.start, it.end)).collect::<Vec<_>>()
        };
        assert_eq!(all(10, 4, 1), [(0, 4), (3, 7), (6, 10)]);
        assert_eq!(all(11, 4, 2), [(0, 4), (2, 6), (4, 8), (6, 10), (8, 11)]);
        assert_eq!(all(3, 1, 0), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(all(4, 4, 3), [(0, 4)]);
        assert_eq!(all(0, 4, 3), [(0, 0)]);
        assert_eq!(all(4, usize::MAX, 3), [(0, 4)]);
    }

    fn tokenizer() -> Tokenizer {
        let pieces = ["[UNK]", "[CLS]", "[SEP]", "a", "##b"];
        Tokenizer::from_pieces(pieces, &WordPieceSettings::default()).expect("a tokenizer")
    }

    #[test]
    fn a_text_that_fits_is_one_window_as_encode_has_it() {
        for text in ["", "a ab abb", "我 a"] {
            let size = WindowSize { limit: 8, overlap: 3 };
            let windows = tokenizer().encode_windows(text, size).expect("windows");
            let whole = tokenizer().encode(text, Limit::None).expect("tokens");
            assert_eq!(windows, [Window { tokens: 0..whole.len() - 2, encoding: whole }]);
        }
    }

    #[test]
    fn each_window_is_a_part_of_the_whole() {
        let text = "a ab 我 abb é a ab a";
        let whole = tokenizer().encode_bare(text, Limit::None).expect("tokens");
        for (limit, overlap) in [(3, 0), (4, 1), (6, 3), (6, 99)] {
            let windows =
                tokenizer().encode_windows(text, WindowSize { limit, overlap }).expect("windows");
            assert_eq!(windows.last().map(|last| last.tokens.end), Some(whole.len()));
            for Window { encoding, tokens } in windows {
                let own = 1..encoding.len() - 1;
                assert_eq!(encoding.ids[own.clone()], whole.ids[tokens.clone()]);
                assert_eq!(encoding.offsets[own.clone()], whole.offsets[tokens.clone()]);
                assert_eq!(encoding.words[own.clone()], whole.words[tokens]);
                assert!(encoding.special[0] && !encoding.special[own].contains(&true));
            }
        }
    }

    #[test]
    fn a_window_without_room_is_refused_with_the_least_that_would_do() {
        let windows =
            |limit| tokenizer().encode_windows(("a a", "ab"), WindowSize { limit, overlap: 0 });
        let error = windows(5).expect_err("[CLS] a a [SEP] [SEP] fill it");
        assert!(error.to_string().contains("at least 6"), "{error}");
        assert_eq!(windows(6).expect("room for one").len(), 2);
    }
}
