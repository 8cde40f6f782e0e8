//! Which word stood where the mask is.

use std::path::Path;

use lt_core::Scratch;
use lt_kernels::softmax;
use lt_model::{LoadOptions, MaskedLm};
use lt_tokenizer::{Limit, SpecialToken, Text, Tokenizer};
use ndarray::{ArrayView1, Axis};
use serde::Serialize;

use crate::TaskError;
use crate::in_batches::Tokenized;
use crate::largest::keep_largest;
use crate::mask_predictions::{Masks, mask_predictions};
use crate::word_token::word_token;

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
    targets: Option<Vec<usize>>,
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
        Ok(Self { model, tokenizer, mask, targets: None })
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

    /// The model.
    #[must_use]
    pub fn model(&self) -> &MaskedLm {
        &self.model
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// What to write in a text where a word is to be guessed: `[MASK]` for BERT.
    #[must_use]
    pub fn mask_token(&self) -> &str {
        &self.mask.token
    }

    /// Guesses nothing but these words. Their scores are what they are among all words, so that
    /// they no longer add up to 1.
    ///
    /// # Errors
    /// [`TaskError::NoCandidates`] without words; [`TaskError::Word`] for one that is no single
    /// token, as a mask is one.
    ///
    /// PyTorch: `targets` of transformers' pipeline, which takes the first piece of a word of
    /// several instead, and warns.
    pub fn with_targets(self, words: &[impl AsRef<str>]) -> Result<Self, TaskError> {
        if words.is_empty() {
            return Err(TaskError::NoCandidates);
        }
        let token = |word: &str| word_token(word, &self.tokenizer, self.model.encoder());
        let tokens = words.iter().map(|word| token(word.as_ref()));
        let mut targets: Vec<usize> =
            tokens.map(|token| token.map(|id| id as usize)).collect::<Result<_, _>>()?;
        targets.sort_unstable();
        targets.dedup();
        Ok(Self { targets: Some(targets), ..self })
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
        match self.fill_all(&[text], top, scratch) {
            Ok(mut texts) => Ok(texts.pop().unwrap_or_default()),
            Err(TaskError::Text { source, .. }) => Err(*source),
            Err(other) => Err(other),
        }
    }

    /// As [`fill`](Self::fill) for each of these texts, with the same bits.
    ///
    /// # Errors
    /// [`TaskError::Text`] with the number of the text that could not be filled, and why.
    pub fn fill_all(
        &self,
        texts: &[impl AsRef<str>],
        top: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Vec<Vec<Prediction>>>, TaskError> {
        let texts: Vec<Text<'_>> = texts.iter().map(|text| text.as_ref().into()).collect();
        let tokenize = |text: Text<'_>| self.tokenize(text.first());
        let mut filled = vec![Vec::new(); texts.len()];
        let mut not_finite: Option<usize> = None;
        mask_predictions(&self.model, &texts, &tokenize, scratch, |text, _, logits| {
            let mut scores = logits.to_owned().insert_axis(Axis(0)); // [1, v]
            // formula: masked-word
            softmax(scores.view_mut());
            if scores.iter().any(|score| !score.is_finite()) {
                not_finite = Some(not_finite.map_or(text, |other| other.min(text)));
            }
            filled[text].push(self.likeliest(scores.row(0), top));
        })?;
        not_finite.map_or(Ok(filled), |text| Err(TaskError::NotFinite.of_text(text)))
    }

    fn tokenize(&self, text: &str) -> Result<Tokenized<Masks>, TaskError> {
        let limit = self.model.encoder().longest();
        let encoding = self.tokenizer.encode(text, Limit::At(limit))?;
        if encoding.truncated > 0 {
            let tokens = encoding.len() + encoding.truncated;
            return Err(TaskError::TooLong { tokens, limit });
        }
        let is_mask = |&row: &usize| encoding.ids[row] == self.mask.id && !encoding.special[row];
        let at: Vec<usize> = (0..encoding.len()).filter(is_mask).collect();
        let none = at.is_empty();
        let tokenized = Tokenized::new(encoding, Masks { at, truncated: 0 }, self.model.encoder())?;
        if none {
            return Err(TaskError::NoMask { mask: self.mask.token.clone() });
        }
        Ok(tokenized)
    }

    fn likeliest(&self, scores: ArrayView1<'_, f32>, top: usize) -> Vec<Prediction> {
        let mut numbered: Vec<(usize, f32)> = match &self.targets {
            Some(targets) => targets.iter().map(|&target| (target, scores[target])).collect(),
            None => scores.iter().copied().enumerate().collect(),
        };
        keep_largest(&mut numbered, top);
        let named = |(id, score): (usize, f32)| {
            let id = id as u32; // a row of a table whose rows are counted in u32
            let token = self.tokenizer.token(id).unwrap_or_default();
            Prediction { token, id, score }
        };
        numbered.into_iter().map(named).collect()
    }
}
