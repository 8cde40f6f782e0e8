//! Long texts through an encoder and its head, in windows.

use lt_core::{Result as ForwardResult, Scratch};
use lt_model::TextEncoder;
use lt_tokenizer::{Limit, Text, Tokenizer, TokenizerError, Window, WindowSize};
use ndarray::{Array2, ArrayView2, Axis, Slice};

use crate::TaskError;
use crate::in_batches::{at_a_time, check_ids, encode_all, tokenize_all};
use crate::token_batch::Ids;

/// A window, and what the head gives for its tokens: `[tokens, n]`.
#[derive(Debug)]
pub(crate) struct ScoredWindow {
    pub(crate) window: Window,
    pub(crate) scores: Array2<f32>,
}

/// Cuts texts into windows and computes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    pub(crate) encoder: &'a TextEncoder,
    pub(crate) tokenizer: &'a Tokenizer,
    pub(crate) size: WindowSize,
}

impl Windows<'_> {
    /// What `head` makes of the vectors of each text's tokens, and `finish` of that, in the order
    /// of the texts.
    ///
    /// Windows of several texts go through the model together, in batches of about one size.
    /// Nothing is padded, so that a text has the same bits with any others.
    ///
    /// # Errors
    /// [`TaskError::Text`] with the number of the text that could not be done.
    pub(crate) fn each<T>(
        &self,
        texts: &[Text<'_>],
        mut head: impl FnMut(ArrayView2<'_, f32>, &mut Scratch) -> ForwardResult<Array2<f32>>,
        finish: impl Fn(usize, &[ScoredWindow]) -> Result<T, TaskError>,
        scratch: &mut Scratch,
    ) -> Result<Vec<T>, TaskError> {
        let mut done = Vec::with_capacity(texts.len());
        while done.len() < texts.len() {
            let first = done.len();
            let some = &texts[first..first + at_a_time(&texts[first..])];
            let tokenize = |text: Text<'_>| self.tokenize(text);
            let tokenized = tokenize_all(some, first, &tokenize, scratch.threads())?;
            let mut scores = self.compute(&tokenized, &mut head, scratch)?.into_iter();
            for (number, windows) in tokenized.into_iter().enumerate() {
                let scored = windows.into_iter().zip(&mut scores);
                let scored: Vec<ScoredWindow> =
                    scored.map(|(window, scores)| ScoredWindow { window, scores }).collect();
                let number = first + number;
                done.push(finish(number, &scored).map_err(|error| error.of_text(number))?);
            }
        }
        Ok(done)
    }

    /// The scores of each window of each text, one text behind the other.
    fn compute(
        &self,
        tokenized: &[Vec<Window>],
        head: &mut impl FnMut(ArrayView2<'_, f32>, &mut Scratch) -> ForwardResult<Array2<f32>>,
        scratch: &mut Scratch,
    ) -> Result<Vec<Array2<f32>>, TaskError> {
        let ids: Vec<Ids> = tokenized
            .iter()
            .flatten()
            .map(|Window { encoding, .. }| Ids {
                ids: encoding.ids.clone(),
                segments: encoding.segments.clone(),
            })
            .collect();
        let ids: Vec<&Ids> = ids.iter().collect();
        let mut scores = vec![Array2::zeros((0, 0)); ids.len()];
        encode_all(self.encoder, &ids, scratch, |numbers, input, hidden, scratch| {
            let all = head(hidden, scratch)?; // [tokens, n]
            for (&number, rows) in numbers.iter().zip(input.sequences.ranges()) {
                scores[number] = all.slice_axis(Axis(0), Slice::from(rows)).to_owned();
            }
            scratch.give(all);
            Ok(())
        })?;
        Ok(scores)
    }

    fn tokenize(&self, text: Text<'_>) -> Result<Vec<Window>, TaskError> {
        let windows = match self.tokenizer.encode_windows(text, self.size) {
            Err(TokenizerError::NoRoom { limit, taken }) if text.second().is_some() => {
                return Err(TaskError::LongQuestion { tokens: taken, limit });
            }
            windows => windows?,
        };
        for Window { encoding, .. } in &windows {
            check_ids(encoding, self.encoder)?;
        }
        Ok(windows)
    }
}

/// Windows of a size that somebody asks for, over texts like `empty`, which has no tokens.
///
/// # Errors
/// [`TaskError::MaxLength`] if the model has no positions for so many tokens, or none would be
/// left beside the special ones; [`TaskError::Overlap`] if windows would not move on.
pub(crate) fn check_size(
    size: WindowSize,
    encoder: &TextEncoder,
    tokenizer: &Tokenizer,
    empty: Text<'_>,
) -> Result<WindowSize, TaskError> {
    let special = tokenizer.encode(empty, Limit::None)?.len();
    let (least, most) = (special + 1, encoder.longest());
    if !(least..=most).contains(&size.limit) {
        return Err(TaskError::MaxLength { got: size.limit, least, most });
    }
    let most = size.limit - least;
    if size.overlap > most {
        return Err(TaskError::Overlap { got: size.overlap, most });
    }
    Ok(size)
}
