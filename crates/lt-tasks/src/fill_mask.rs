//! Which word stood where the mask is.

use std::path::Path;

use lt_core::{Ragged, Scratch};
use lt_kernels::softmax;
use lt_model::{LoadOptions, MaskedLm};
use lt_tokenizer::{Limit, SpecialToken, Tokenizer};
use ndarray::{ArrayView1, Axis};
use serde::Serialize;

use crate::TaskError;
use crate::sentence_encoder::check_ids;

/// Guesses masked words.
///
/// ```no_run
/// use lt_tasks::{FillMask, LoadOptions, Scratch};
/// let model = FillMask::from_dir("bert-base-uncased", &LoadOptions::default())?;
/// let masks = model.fill("Paris is the [MASK] of France.", 1, &mut Scratch::new())?;
/// assert_eq!(masks[0][0].token, "capital");
/// # Ok::<(), lt_tasks::TaskError>(())
/// ```
///
/// PyTorch: transformers' `pipeline("fill-mask")`.
#[derive(Debug)]
pub struct FillMask {
    model: MaskedLm,
    tokenizer: Tokenizer,
    mask: SpecialToken,
}

/// A word that may have stood where a mask is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Prediction {
    /// The token, as the vocabulary spells it; empty if the model has a row for it and the
    /// tokenizer no name.
    pub token: String,
    /// Its id.
    pub id: u32,
    /// Its probability: those of all tokens add up to 1.
    pub score: f32,
}

impl FillMask {
    /// Of these parts.
    ///
    /// # Errors
    /// [`TaskError::NoMaskToken`] if the tokenizer has none.
    pub fn new(model: MaskedLm, tokenizer: Tokenizer) -> Result<Self, TaskError> {
        let mask = tokenizer.special_tokens().mask.clone().ok_or(TaskError::NoMaskToken)?;
        Ok(Self { model, tokenizer, mask })
    }

    /// Loads a directory with a masked-LM head.
    ///
    /// # Errors
    /// If a file is absent or damaged, the checkpoint has another head or none, or the tokenizer
    /// has no mask token.
    pub fn from_dir(dir: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, TaskError> {
        let dir = dir.as_ref();
        let model = MaskedLm::from_dir(dir, options)?.model;
        Self::new(model, Tokenizer::from_dir(dir)?)
    }

    /// What to write in a text where a word is to be guessed: `[MASK]` for BERT.
    #[must_use]
    pub fn mask_token(&self) -> &str {
        &self.mask.token
    }

    /// For each mask in the text, the `top` likeliest tokens, the likeliest first; of two equally
    /// likely ones the one with the lower id.
    ///
    /// Each mask is guessed as if the others stay masked.
    ///
    /// # Errors
    /// [`TaskError::NoMask`] if the text has none, [`TaskError::TooLong`] if it does not fit the
    /// model, [`TaskError::UnknownId`] and [`TaskError::NotFinite`] if the files are not sound.
    pub fn fill(
        &self,
        text: &str,
        top: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Vec<Prediction>>, TaskError> {
        let limit = self.model.encoder().longest();
        let encoding = self.tokenizer.encode(text, Limit::At(limit))?;
        if encoding.truncated > 0 {
            let tokens = encoding.len() + encoding.truncated;
            return Err(TaskError::TooLong { tokens, limit });
        }
        check_ids(&encoding, self.model.encoder())?;
        let is_mask = |&row: &usize| encoding.ids[row] == self.mask.id && !encoding.special[row];
        let masks: Vec<usize> = (0..encoding.len()).filter(is_mask).collect();
        if masks.is_empty() {
            return Err(TaskError::NoMask { mask: self.mask.token.clone() });
        }

        let sequences = Ragged::single(encoding.len());
        let encoder = self.model.encoder();
        let input = encoder.token_ids(&encoding.ids, &encoding.segments, &sequences);
        let hidden = encoder.hidden(input, scratch)?; // [t, d]
        let masked = hidden.select(Axis(0), &masks); // [masks, d]
        scratch.give(hidden);
        let mut scores = self.model.predict(masked.view(), scratch)?; // [masks, v]
        softmax(scores.view_mut());
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(TaskError::NotFinite);
        }
        let predictions = scores.outer_iter().map(|row| self.likeliest(row, top)).collect();
        scratch.give(scores);
        Ok(predictions)
    }

    fn likeliest(&self, scores: ArrayView1<'_, f32>, top: usize) -> Vec<Prediction> {
        let named = |(id, score): (u32, f32)| {
            let token = self.tokenizer.token(id).unwrap_or_default();
            Prediction { token, id, score }
        };
        largest(scores, top).into_iter().map(named).collect()
    }
}

/// The indices of the largest scores and those scores, the largest first, ties to the lower index.
fn largest(scores: ArrayView1<'_, f32>, top: usize) -> Vec<(u32, f32)> {
    let mut all: Vec<(u32, f32)> = (0..).zip(scores.iter().copied()).collect();
    let before = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if top < all.len() {
        // The vocabulary is long and few are wanted: those are put in front, and sorted alone.
        all.select_nth_unstable_by(top, before);
        all.truncate(top);
    }
    all.sort_unstable_by(before);
    all
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_largest_come_first_and_ties_go_to_the_lowest_id() {
        let scores = array![0.2, 0.1, 0.3, 0.2, 0.2];
        assert_eq!(largest(scores.view(), 3), [(2, 0.3), (0, 0.2), (3, 0.2)]);
        assert_eq!(largest(scores.view(), 0), []);
        assert_eq!(largest(scores.view(), 99).len(), 5);
        assert_eq!(largest(scores.view(), 99)[4], (1, 0.1));
    }
}
