//! The likeliest pieces of a text, given where an answer may begin and where it may end.

use std::cmp::Ordering;
use std::ops::Range;

use crate::TaskError;

/// Tokens that may be the answer, and how likely that is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SpanScore {
    /// Which tokens: the end is not included.
    pub tokens: Range<usize>,
    /// The probability that the answer begins at the first, times that it ends at the last.
    pub score: f32,
}

/// The `top` likeliest pieces of at most `longest` tokens: pᵢⱼ = sᵢ · eⱼ for i ≤ j < i + longest,
/// the likeliest first; of equals the one that begins first, then the shorter one.
///
/// That is the upper triangle of a matrix, and why it has to be: here the likeliest beginning
/// stands behind the likeliest end.
///
/// ```
/// use lt_tasks::answer::best_spans;
/// // p      e₀     e₁     e₂         the whole matrix has its maximum at (2, 0):
/// // s₀   0.1875 0.0625 0.125        an answer that ends before it begins
/// // s₁   0.0625  …     0.0625
/// // s₂   0.375  0.125  0.25         the triangle has its own at (2, 2)
/// let (start, end) = ([0.25, 0.125, 0.625], [0.5, 0.125, 0.375]);
/// let spans = best_spans(&start, &end, 2, 3)?;
/// assert_eq!((spans[0].tokens.clone(), spans[0].score), (2..3, 0.625 * 0.375));
/// assert_eq!((spans[1].tokens.clone(), spans[1].score), (0..1, 0.25 * 0.5));
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// # Shapes
/// `start` and `end`: one probability each for the t tokens of the text.
///
/// transformers 4: `decode_spans(start, end, topk, max_answer_len, …)` of the question-answering
/// pipeline (after [DrQA](https://arxiv.org/abs/1704.00051), section 3.2).
///
/// # Errors
/// [`TaskError::Spans`] if there are not as many of one as of the other, [`TaskError::NotFinite`]
/// if one is NaN or infinite.
pub fn best_spans(
    start: &[f32],
    end: &[f32],
    top: usize,
    longest: usize,
) -> Result<Vec<SpanScore>, TaskError> {
    if start.len() != end.len() {
        return Err(TaskError::Spans { starts: start.len(), ends: end.len() });
    }
    if start.iter().chain(end).any(|probability| !probability.is_finite()) {
        return Err(TaskError::NotFinite);
    }
    let tokens: Vec<Range<usize>> = (0..start.len()).map(|token| token..token + 1).collect();
    Ok(best_of_words(start, end, &tokens, top, longest))
}

/// As [`best_spans`], but of the pieces that begin in the same word and end in the same word only
/// the likeliest, so that no two are the same words.
///
/// `words` are the tokens of each word; all have as many tokens as `start` and `end`.
pub(super) fn best_of_words(
    start: &[f32],
    end: &[f32],
    words: &[Range<usize>],
    top: usize,
    longest: usize,
) -> Vec<SpanScore> {
    let mut spans = Best::new(top);
    for (number, first) in words.iter().enumerate() {
        let furthest = first.end.saturating_add(longest);
        for last in words[number..].iter().take_while(|last| last.start < furthest) {
            spans.extend(likeliest(start, end, first, last, longest));
        }
    }
    spans.finish()
}

/// The likeliest piece that begins in one word and ends in the other.
fn likeliest(
    start: &[f32],
    end: &[f32],
    first: &Range<usize>,
    last: &Range<usize>,
    longest: usize,
) -> Option<SpanScore> {
    let ends = |i: usize| last.start.max(i)..last.end.min(i.saturating_add(longest));
    let pieces = first.clone().flat_map(|i| {
        // formula: answer-span
        ends(i).map(move |j| SpanScore { tokens: i..j + 1, score: start[i] * end[j] })
    });
    pieces.min_by(order)
}

/// The likeliest first; ties in the order of the text, the shorter before the longer.
fn order(a: &SpanScore, b: &SpanScore) -> Ordering {
    let place = |span: &SpanScore| (span.tokens.start, span.tokens.end);
    b.score.total_cmp(&a.score).then_with(|| place(a).cmp(&place(b)))
}

/// Keeps the likeliest of many pieces. A text has as many as the square of its length.
struct Best {
    top: usize,
    spans: Vec<SpanScore>,
}

impl Best {
    fn new(top: usize) -> Self {
        Self { top, spans: Vec::new() }
    }

    fn extend(&mut self, span: Option<SpanScore>) {
        const SPARE: usize = 1024;
        self.spans.extend(span);
        if self.spans.len() >= self.top.saturating_mul(2).saturating_add(SPARE) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        self.spans.sort_unstable_by(order);
        self.spans.truncate(self.top);
    }

    fn finish(mut self) -> Vec<SpanScore> {
        self.prune();
        self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(spans: &[SpanScore]) -> Vec<Range<usize>> {
        spans.iter().map(|span| span.tokens.clone()).collect()
    }

    #[test]
    fn of_equals_the_first_and_the_shorter_comes_first() {
        let even = [0.25; 3];
        let spans = best_spans(&even, &even, 9, 2).expect("spans");
        assert_eq!(places(&spans), [0..1, 0..2, 1..2, 1..3, 2..3]);
    }

    #[test]
    fn pieces_of_the_same_words_come_once() {
        // Two words of two tokens: three pairs of words, of which the likeliest pieces are given.
        let (start, end) = ([0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]);
        let spans = best_of_words(&start, &end, &[0..2, 2..4], 9, 4);
        assert_eq!(places(&spans), [0..4, 0..2, 2..4]);
        let short = best_of_words(&start, &end, &[0..2, 2..4], 9, 2);
        assert_eq!(places(&short), [1..3, 0..2, 2..4]);
    }

    #[test]
    fn many_pieces_are_pruned_without_loss() {
        let start: Vec<f32> = (0..100).map(|n| (n * 37 % 101) as f32 / 5000.0).collect();
        let end: Vec<f32> = (0..100).map(|n| (n * 61 % 103) as f32 / 5000.0).collect();
        let all = best_spans(&start, &end, usize::MAX, usize::MAX).expect("spans");
        assert_eq!(all.len(), 100 * 101 / 2);
        assert_eq!(best_spans(&start, &end, 7, usize::MAX).expect("spans"), all[..7]);
        assert!(best_spans(&start, &end, 0, 5).expect("none").is_empty());
        assert!(best_spans(&start, &end, 5, 0).expect("none").is_empty());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let error = best_spans(&[0.5, 0.5], &[1.0], 1, 1).expect_err("two and one");
        assert!(matches!(error, TaskError::Spans { starts: 2, ends: 1 }), "{error}");
        let error = best_spans(&[f32::NAN], &[1.0], 1, 1).expect_err("NaN");
        assert!(matches!(error, TaskError::NotFinite), "{error}");
    }
}
