//! The model that the tour goes through, and what it ends in.

use std::borrow::Cow;
use std::path::Path;

use lt_config::{ModelConfig, SentenceTransformers};
use lt_model::{LoadOptions, MaskedLm, TextEncoder};
use lt_tasks::SentenceEncoder;
use lt_tokenizer::{Encoding, Limit, Tokenizer};

use crate::failure::Result;

/// An encoder with what belongs to it.
pub(crate) enum Checkpoint {
    /// It ends in one vector for the sentence.
    Sentences(Box<SentenceEncoder>),
    /// It ends in a guess for each masked word.
    MaskedLm {
        model: Box<MaskedLm>,
        tokenizer: Box<Tokenizer>,
        /// The most tokens that it takes.
        limit: usize,
    },
}

impl Checkpoint {
    /// Loads a directory: as a masked-LM if that is what it was saved as, otherwise as an encoder
    /// of sentences.
    pub(crate) fn load(dir: &Path, options: &LoadOptions) -> Result<Self> {
        if SentenceTransformers::from_dir(dir)?.is_none() && is_masked_lm(dir)? {
            let tokenizer = Tokenizer::from_dir(dir)?;
            // Without a mask token there is nothing to guess.
            if tokenizer.special_tokens().mask.is_some() {
                let model = MaskedLm::from_dir(dir, options)?.model;
                let positions = model.encoder().longest();
                let limit = tokenizer.model_max_length().map_or(positions, |n| n.min(positions));
                let (model, tokenizer) = (Box::new(model), Box::new(tokenizer));
                return Ok(Self::MaskedLm { model, tokenizer, limit });
            }
        }
        Ok(Self::Sentences(Box::new(SentenceEncoder::from_dir(dir, options)?)))
    }

    pub(crate) fn encoder(&self) -> &TextEncoder {
        match self {
            Self::Sentences(encoder) => encoder.model(),
            Self::MaskedLm { model, .. } => model.encoder(),
        }
    }

    pub(crate) fn tokenizer(&self) -> &Tokenizer {
        match self {
            Self::Sentences(encoder) => encoder.tokenizer(),
            Self::MaskedLm { tokenizer, .. } => tokenizer,
        }
    }

    /// The most tokens that it takes, special tokens included.
    pub(crate) fn limit(&self) -> usize {
        match self {
            Self::Sentences(encoder) => encoder.max_length(),
            Self::MaskedLm { limit, .. } => *limit,
        }
    }

    /// A text as it is tokenized.
    pub(crate) fn prepare<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::Sentences(encoder) => encoder.prepare(text),
            Self::MaskedLm { .. } => text.into(),
        }
    }

    /// The tokens of a text, cut at the limit. Offsets are those in the prepared text.
    pub(crate) fn tokenize(&self, text: &str) -> Result<Encoding> {
        Ok(match self {
            Self::Sentences(encoder) => encoder.tokenize(text)?,
            Self::MaskedLm { tokenizer, limit, .. } => tokenizer.encode(text, Limit::At(*limit))?,
        })
    }
}

fn is_masked_lm(dir: &Path) -> Result<bool> {
    let config = ModelConfig::from_dir(dir)?;
    Ok(config.architectures().first().is_some_and(|class| class.ends_with("ForMaskedLM")))
}
