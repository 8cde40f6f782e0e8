//! How the next token is chosen.

use crate::processors::{MinP, Temperature, TopK, TopP};
use crate::{GenerateError, Processors, Result};

/// How the next token is chosen; each way with its own settings, so that none can be set that has
/// no meaning.
///
/// ```
/// use lt_generate::{Beam, Sampling, Strategy};
/// let careful = Strategy::Beam(Beam { beams: 4, ..Beam::default() });
/// let creative = Strategy::Sample(Sampling { temperature: 0.8, top_p: Some(0.9), ..Default::default() });
/// assert_ne!(careful, creative);
/// assert_eq!(Strategy::default(), Strategy::Greedy);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Strategy {
    /// The likeliest token, of equal ones the lowest id.
    #[default]
    Greedy,
    /// A token drawn at random, as often as its probability says.
    Sample(Sampling),
    /// The likeliest text among those that several beams find.
    Beam(Beam),
}

/// How tokens are drawn. What is applied is applied in the order of the fields.
///
/// transformers: `do_sample=True` with these settings. The default changes nothing; transformers'
/// own has `top_k=50`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// See [`Temperature`]; 1 changes nothing.
    pub temperature: f32,
    /// See [`TopK`].
    pub top_k: Option<usize>,
    /// See [`TopP`].
    pub top_p: Option<f32>,
    /// See [`MinP`].
    pub min_p: Option<f32>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: None, top_p: None, min_p: None }
    }
}

impl Sampling {
    /// Adds its filters to a list of processors.
    pub(crate) fn add_to(&self, processors: &mut Processors) -> Result<()> {
        let temperature = Temperature::new(self.temperature)?;
        if self.temperature != 1.0 {
            processors.push(temperature);
        }
        if let Some(k) = self.top_k {
            processors.push(TopK::new(k)?);
        }
        if let Some(p) = self.top_p {
            processors.push(TopP::new(p)?);
        }
        if let Some(p) = self.min_p {
            processors.push(MinP::new(p)?);
        }
        Ok(())
    }
}

/// How beams are carried and compared.
///
/// transformers: `num_beams` with these settings and its defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beam {
    /// How many beams are carried, K (`num_beams`). One beam is greedy search.
    pub beams: usize,
    /// The score of a text is the logarithm of its probability divided by its length to this power
    /// (`length_penalty`). Logarithms are negative: above 0 favours long texts, below 0 short ones.
    pub length_penalty: f32,
    /// When to stop.
    pub early_stopping: EarlyStopping,
    /// How many texts come back for each prompt, the best first (`num_return_sequences`).
    pub best: usize,
}

impl Default for Beam {
    fn default() -> Self {
        Self { beams: 4, length_penalty: 1.0, early_stopping: EarlyStopping::default(), best: 1 }
    }
}

impl Beam {
    /// Refuses what cannot be, for a vocabulary of v tokens.
    pub(crate) fn check(&self, vocabulary: usize) -> Result<()> {
        if self.beams == 0 || self.beams > vocabulary {
            let expected = format!("1 to {vocabulary}, as many as there are tokens");
            return Err(GenerateError::setting("beams", self.beams, &expected));
        }
        if self.best == 0 || self.best > self.beams {
            let expected = format!("1 to {}, the number of beams", self.beams);
            return Err(GenerateError::setting("best", self.best, &expected));
        }
        if !self.length_penalty.is_finite() {
            return Err(GenerateError::setting("length_penalty", self.length_penalty, "a number"));
        }
        Ok(())
    }
}

/// When beam search stops, once K texts are finished.
///
/// transformers: `early_stopping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EarlyStopping {
    /// When the best open beam, ended where it is, would not be better than the worst finished text
    /// (`False`): a guess, since it could become better with a length penalty.
    #[default]
    WhenUnlikelyToImprove,
    /// At once (`True`).
    AtOnce,
    /// Only when no open beam can become better than the worst finished text, as long as it may
    /// still grow (`"never"`).
    WhenNothingCanImprove,
}
