//! The answers that one window of a context has.

use std::ops::Range;

use lt_kernels::softmax;
use ndarray::Array2;

use super::AnswerOptions;
use super::context_words::WordsInWindow;
use super::spans::best_of_words;
use crate::TaskError;
use crate::windows::ScoredWindow;

/// What a window says.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Pieces of the context, in characters, the likeliest first; no two are the same.
    pub(super) pieces: Vec<(Range<usize>, f32)>,
    /// How likely it is that there is no answer in it; `None` if the model has no token for that.
    pub(super) none: Option<f32>,
}

/// The answers in a window whose scores are the logits `[tokens, 2]` of beginning and ending one.
///
/// Softmax is over the tokens of the context and the first token, if the template put it there:
/// models are trained to point at that where there is no answer.
///
/// # Errors
/// [`TaskError::NotFinite`] if a logit is NaN or infinite.
pub(super) fn candidates(
    window: &ScoredWindow,
    words: &WordsInWindow<'_>,
    options: &AnswerOptions,
) -> Result<Candidates, TaskError> {
    let ScoredWindow { window, scores } = window;
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(TaskError::NotFinite);
    }
    // Every row that may be pointed at, in order.
    let has_first = window.encoding.special.first() == Some(&true);
    let pointed_at = |row: &usize| window.encoding.sequence[*row] == Some(1);
    let context = (0..window.encoding.len()).filter(pointed_at);
    let rows: Vec<usize> = has_first.then_some(0).into_iter().chain(context).collect();
    let mut probabilities =
        Array2::from_shape_fn((2, rows.len()), |(which, place)| scores[[rows[place], which]]);
    softmax(probabilities.view_mut());
    let none = has_first.then(|| probabilities[[0, 0]] * probabilities[[1, 0]]);

    let [start, end] = [0, 1].map(|which| {
        let place = |row: &usize| rows.partition_point(|other| other < row);
        let of = |row: &usize| probabilities[[which, place(row)]];
        words.rows.iter().map(of).collect::<Vec<f32>>()
    });
    let spans = best_of_words(&start, &end, &words.words, options.top, options.longest);
    let pieces = spans.into_iter().map(|span| (words.characters(span.tokens), span.score));
    Ok(Candidates { pieces: pieces.collect(), none })
}
