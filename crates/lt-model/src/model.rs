//! A model of whatever family and head its directory holds.

use std::path::Path;

use lt_config::ModelConfig;
use lt_core::{Module, Result, Scratch};
use lt_embedding::TokenIds;
use lt_weights::Checkpoint;
use ndarray::Array2;

use crate::{Bert, BertForMaskedLm, BertOutput, LoadOptions, Loaded, ModelError};

/// A model as its checkpoint was saved: the family and head that `config.json` names first in
/// `architectures`, or the bare model if it names none.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
// There is one model in a program, not a list of them: a box would save nothing.
#[allow(clippy::large_enum_variant)]
pub enum Model {
    /// `BertModel`.
    Bert(Bert),
    /// `BertForMaskedLM`.
    BertForMaskedLm(BertForMaskedLm),
}

/// What a [`Model`] gives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelOutput {
    /// Of a bare encoder.
    Encoded(BertOutput),
    /// Of a head that scores each word of the vocabulary for each token: `[tokens, v]`.
    TokenLogits(Array2<f32>),
}

/// The architectures that are loaded whole.
const KNOWN: &[&str] = &["BertModel", "BertForMaskedLM"];

impl Model {
    /// Loads the model that a Hugging Face directory holds.
    ///
    /// # Errors
    /// If a file is absent or damaged, or the head is not known here.
    ///
    /// PyTorch: the class of transformers that `architectures` names, and its `from_pretrained`.
    pub fn from_dir(
        dir: impl AsRef<Path>,
        options: &LoadOptions,
    ) -> Result<Loaded<Self, ModelConfig>, ModelError> {
        let dir = dir.as_ref();
        let source = || Checkpoint::open(dir, options.reading);
        match ModelConfig::from_dir(dir)? {
            ModelConfig::Bert(config) => match config.architectures.first().map(String::as_str) {
                None | Some("BertModel") => {
                    Ok(Bert::from_source(config, &source()?)?.into_any(Self::Bert))
                }
                Some("BertForMaskedLM") => {
                    let loaded = BertForMaskedLm::from_source(config, &source()?)?;
                    Ok(loaded.into_any(Self::BertForMaskedLm))
                }
                Some(other) => {
                    Err(ModelError::Architecture { found: other.to_owned(), known: KNOWN })
                }
            },
            other => Err(ModelError::Family { found: other.family() }),
        }
    }

    /// The encoder under the head.
    #[must_use]
    pub fn bert(&self) -> &Bert {
        match self {
            Self::Bert(bert) => bert,
            Self::BertForMaskedLm(model) => model.bert(),
        }
    }
}

impl<'a> Module<TokenIds<'a>> for Model {
    type Output = ModelOutput;

    fn forward(&self, input: TokenIds<'a>) -> Result<ModelOutput> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<ModelOutput> {
        Ok(match self {
            Self::Bert(bert) => ModelOutput::Encoded(bert.forward_in(input, scratch)?),
            Self::BertForMaskedLm(model) => {
                ModelOutput::TokenLogits(model.forward_in(input, scratch)?)
            }
        })
    }
}
