//! How often hidden words are guessed.

use std::sync::Arc;

use lt_core::{Module, Scratch};
use lt_kernels::math::exp_f64;
use lt_model::MaskedLm;
use lt_tokenizer::Tokenizer;
use lt_train::TrainError;
use lt_train::data::Order;
use lt_train::loss::CrossEntropy;
use serde::Serialize;

use crate::tasks::mlm::hidden_words;
use crate::texts::max_length;
use crate::{DataSection, Mlm, Result};

/// How words are hidden.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HiddenWords {
    /// How many, and what becomes of them.
    pub mlm: Mlm,
    /// What decides which.
    pub seed: u64,
}

impl HiddenWords {
    /// As training hides them, from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { mlm: Mlm::default(), seed }
    }

    /// With this share of the words hidden.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.mlm.rate = rate;
        self
    }
}

/// How often hidden words are guessed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HiddenWordScores {
    /// The mean of −ln p of the right token.
    pub loss: f64,
    /// e to the loss.
    pub perplexity: f64,
    /// The share whose likeliest token is the right one; of equals the first counts.
    pub accuracy: f64,
    /// How many tokens were to be guessed.
    pub tokens: usize,
}

/// Hides words of the texts of files and lets the model guess them.
///
/// # Errors
/// If a file cannot be read, or the tokenizer has no mask.
pub fn measure_hidden_words(
    model: &MaskedLm,
    tokenizer: &Arc<Tokenizer>,
    data: &DataSection,
    hiding: &HiddenWords,
    scratch: &mut Scratch,
) -> Result<HiddenWordScores> {
    let length = max_length(data.max_length, model.encoder().longest())?;
    let masking = hiding.mlm.masking(tokenizer, hiding.seed)?;
    let source = hidden_words(data, &data.files, Order::AsStored, (tokenizer, length), masking)?;
    let (mut sum, mut right, mut tokens) = (0.0, 0, 0);
    for step in 0..source.steps(1) {
        let shards = source.shards(step).map_err(|source| TrainError::Data { step, source })?;
        for shard in shards.iter().filter(|shard| !shard.labels.is_empty()) {
            let logits = model.forward_in(shard.predict_at()?, scratch)?; // [rows, v]
            sum += CrossEntropy::new().sum(logits.view(), &shard.labels)?.sum;
            tokens += shard.labels.len();
            let guessed = logits.outer_iter().map(|row| {
                let best = row.iter().enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a });
                best.map_or(0, |(token, _)| token)
            });
            right +=
                guessed.zip(&shard.labels).filter(|(at, label)| *at == **label as usize).count();
        }
    }
    if tokens == 0 {
        return Err(TrainError::NoLabels { step: 0 }.into());
    }
    let loss = sum / tokens as f64;
    let accuracy = right as f64 / tokens as f64;
    Ok(HiddenWordScores { loss, perplexity: exp_f64(loss), accuracy, tokens })
}
