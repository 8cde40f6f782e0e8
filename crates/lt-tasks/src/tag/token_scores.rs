//! What a model says about one token.

use std::ops::Range;

use ndarray::{Array2, ArrayView1};

use crate::windows::ScoredWindow;

/// The probability of each label for one token of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenScores {
    /// Which characters of the text the token is, counted as in
    /// [`Encoding::offsets`](lt_tokenizer::Encoding::offsets).
    pub offsets: Range<usize>,
    /// Which word of the text it is a part of; `None` if it is one by itself.
    pub word: Option<u32>,
    /// The probabilities, in the order of the labels.
    pub probabilities: Vec<f32>,
}

impl TokenScores {
    /// The label with the highest probability, and that; of two equal ones the first.
    pub(crate) fn best(&self) -> Option<(usize, f32)> {
        highest(&self.probabilities)
    }
}

/// Where the highest number stands, and that number; of two equal ones the first.
pub(crate) fn highest(numbers: &[f32]) -> Option<(usize, f32)> {
    let numbered = numbers.iter().copied().enumerate();
    numbered.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// The tokens of a text, each with the probabilities from the window that shows most of what is
/// around it. The scores of the windows are probabilities.
pub(crate) fn with_most_context(windows: &[ScoredWindow]) -> Vec<TokenScores> {
    let total = windows.iter().map(|it| it.window.tokens.end).max().unwrap_or(0);
    let mut best: Vec<Option<(usize, TokenScores)>> = vec![None; total];
    for ScoredWindow { window, scores } in windows {
        let encoding = &window.encoding;
        let own = (0..encoding.len()).filter(|&row| !encoding.special[row]);
        for (token, row) in window.tokens.clone().zip(own) {
            let context = context(window.tokens.start, window.tokens.end, total, token);
            let more = best[token].as_ref().is_none_or(|(before, _)| context > *before);
            if more {
                best[token] = Some((context, token_scores(encoding, row, scores)));
            }
        }
    }
    best.into_iter().flatten().map(|(_, token)| token).collect()
}

/// How many tokens stand between this one and where the text was cut, on the nearer side. The
/// ends of the text are no cuts: nothing is missing there.
fn context(start: usize, end: usize, total: usize, token: usize) -> usize {
    let before = if start == 0 { usize::MAX } else { token - start };
    let behind = if end == total { usize::MAX } else { end - 1 - token };
    before.min(behind)
}

fn token_scores(
    encoding: &lt_tokenizer::Encoding,
    row: usize,
    scores: &Array2<f32>,
) -> TokenScores {
    let probabilities: ArrayView1<'_, f32> = scores.row(row);
    TokenScores {
        offsets: encoding.offsets[row].clone(),
        word: encoding.words[row],
        probabilities: probabilities.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_windows_each_half_of_the_overlap_is_seen_in_one() {
        // Windows 0..6 and 4..10: 4 stands one before the cut of the first, at the cut of the other.
        let first = |token| context(0, 6, 10, token);
        let second = |token| context(4, 10, 10, token);
        assert_eq!((first(4), second(4)), (1, 0));
        assert_eq!((first(5), second(5)), (0, 1));
        assert_eq!(first(0), 5, "nothing is missing before the text");
    }

    #[test]
    fn of_equal_numbers_the_first_is_highest() {
        assert_eq!(highest(&[0.1, 0.4, 0.4, 0.1]), Some((1, 0.4)));
        assert_eq!(highest(&[]), None);
    }
}
