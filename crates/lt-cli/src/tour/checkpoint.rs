//! The model that the tour goes through, and what it ends in.

use std::borrow::Cow;
use std::path::Path;

use lt_config::{ModelConfig, SentenceTransformers};
use lt_model::{LoadOptions, MaskedLm, ModelError, TextEncoder};
use lt_tasks::{SentenceEncoder, TaskError, TextGenerator};
use lt_tokenizer::{Encoding, Limit, Tokenizer};

use crate::built_in::BuiltIn;
use crate::failure::Result;

/// A model with what belongs to it.
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
    /// It ends in a guess for the next token.
    CausalLm(Box<TextGenerator>),
}

impl Checkpoint {
    /// Loads a directory: as a masked-LM or as a language model if that is what it was saved as,
    /// otherwise as an encoder of sentences. What is in a directory of sentence-transformers is one
    /// of those, whatever it was before.
    pub(crate) fn load(dir: &Path, options: &LoadOptions) -> Result<Self> {
        let class = match SentenceTransformers::from_dir(dir)? {
            Some(_) => None,
            None => ModelConfig::from_dir(dir)?.architectures().first().cloned(),
        };
        let class = class.as_deref().unwrap_or_default();
        if class.ends_with("ForMaskedLM") {
            let tokenizer = Tokenizer::from_dir(dir)?;
            // Without a mask token there is nothing to guess.
            if tokenizer.special_tokens().mask.is_some() {
                return Ok(Self::masked_lm(MaskedLm::from_dir(dir, options)?.model, tokenizer));
            }
        }
        if class.ends_with("ForCausalLM") || class.ends_with("LMHeadModel") {
            match TextGenerator::from_dir(dir, options) {
                Ok(generator) => return Ok(Self::CausalLm(Box::new(generator))),
                // An encoder can have such a head: what it can be used for here is its vectors.
                Err(TaskError::Model(error)) if matches!(*error, ModelError::Head { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self::Sentences(Box::new(SentenceEncoder::from_dir(dir, options)?)))
    }

    /// One that is built in.
    pub(crate) fn built_in(model: BuiltIn) -> Result<Self> {
        Ok(match model {
            BuiltIn::Bert => Self::masked_lm(lt_tiny_bert::model()?, lt_tiny_bert::tokenizer()?),
            BuiltIn::MiniLm => Self::Sentences(Box::new(lt_tiny_minilm::sentence_encoder()?)),
            BuiltIn::Gpt => Self::CausalLm(Box::new(lt_tiny_gpt::text_generator()?)),
        })
    }

    fn masked_lm(model: MaskedLm, tokenizer: Tokenizer) -> Self {
        let positions = model.encoder().longest();
        let limit = tokenizer.model_max_length().map_or(positions, |n| n.min(positions));
        let (model, tokenizer) = (Box::new(model), Box::new(tokenizer));
        Self::MaskedLm { model, tokenizer, limit }
    }

    pub(crate) fn encoder(&self) -> &TextEncoder {
        match self {
            Self::Sentences(encoder) => encoder.model(),
            Self::MaskedLm { model, .. } => model.encoder(),
            Self::CausalLm(generator) => generator.model().encoder(),
        }
    }

    pub(crate) fn tokenizer(&self) -> &Tokenizer {
        match self {
            Self::Sentences(encoder) => encoder.tokenizer(),
            Self::MaskedLm { tokenizer, .. } => tokenizer,
            Self::CausalLm(generator) => generator.tokenizer(),
        }
    }

    /// The most tokens that it takes, special tokens included.
    pub(crate) fn limit(&self) -> usize {
        match self {
            Self::Sentences(encoder) => encoder.max_length(),
            Self::MaskedLm { limit, .. } => *limit,
            Self::CausalLm(generator) => {
                let encoder = generator.model().encoder();
                encoder.context().unwrap_or(encoder.longest())
            }
        }
    }

    /// A text as it is tokenized.
    pub(crate) fn prepare<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::Sentences(encoder) => encoder.prepare(text),
            Self::MaskedLm { .. } | Self::CausalLm(_) => text.into(),
        }
    }

    /// The tokens of a text, cut at the limit. A text to be continued is not cut, but refused:
    /// what comes behind it would not be what comes behind its beginning. Offsets are those in the
    /// prepared text.
    pub(crate) fn tokenize(&self, text: &str) -> Result<Encoding> {
        Ok(match self {
            Self::Sentences(encoder) => encoder.tokenize(text)?,
            Self::MaskedLm { tokenizer, limit, .. } => tokenizer.encode(text, Limit::At(*limit))?,
            Self::CausalLm(generator) => {
                let encoding = generator.tokenizer().encode(text, Limit::None)?;
                check(generator, &encoding)?;
                encoding
            }
        })
    }
}

/// Refuses what the model cannot read.
fn check(generator: &TextGenerator, encoding: &Encoding) -> Result<(), TaskError> {
    let (tokens, rows) = (encoding.len(), generator.model().vocabulary());
    if tokens == 0 {
        return Err(TaskError::NoTokens);
    }
    if let Some(limit) = generator.model().encoder().context().filter(|&most| tokens > most) {
        return Err(TaskError::TooLong { tokens, limit });
    }
    let mut known = encoding.ids.iter().zip(&encoding.tokens);
    match known.find(|(id, _)| **id as usize >= rows) {
        None => Ok(()),
        Some((&id, token)) => Err(TaskError::UnknownId { token: token.clone(), id, rows }),
    }
}
