//! The layers of a model, of an encoder or of a decoder.

#[cfg(feature = "train")]
mod backward;

use lt_attention::{HiddenStates, KvCache, MultiHeadAttention};
use lt_core::{Error, Module, Params, Path, Result, Scratch, Weight};
use lt_decoder::{Decoder, DecoderLayer, DecoderTrace};
use lt_encoder::{Encoder, EncoderLayer};
use ndarray::Array2;

#[cfg(feature = "train")]
pub use backward::LayersCache;

/// The layers of a model.
///
/// Its parameters have the names of the stack inside, as if there were nothing around it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Layers {
    /// Every token looks at every token of its text: BERT and its kin.
    Encoder(Encoder),
    /// Every token looks back only: GPT-2, Llama and their kin.
    Decoder(Decoder),
}

impl From<Encoder> for Layers {
    fn from(encoder: Encoder) -> Self {
        Self::Encoder(encoder)
    }
}

impl From<Decoder> for Layers {
    fn from(decoder: Decoder) -> Self {
        Self::Decoder(decoder)
    }
}

impl Layers {
    /// What the stack is called in the names of parameters.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Encoder(_) => "encoder",
            Self::Decoder(_) => "decoder",
        }
    }

    /// The encoder, if it is one.
    #[must_use]
    pub fn encoder(&self) -> Option<&Encoder> {
        match self {
            Self::Encoder(encoder) => Some(encoder),
            Self::Decoder(_) => None,
        }
    }

    /// The decoder, if it is one.
    #[must_use]
    pub fn decoder(&self) -> Option<&Decoder> {
        match self {
            Self::Encoder(_) => None,
            Self::Decoder(decoder) => Some(decoder),
        }
    }

    /// How many layers there are, each once.
    #[must_use]
    pub fn stored(&self) -> usize {
        match self {
            Self::Encoder(encoder) => encoder.layers().len(),
            Self::Decoder(decoder) => decoder.layers().len(),
        }
    }

    /// The attention of each layer, in the order in which they run.
    #[must_use]
    pub fn attentions(&self) -> Vec<&MultiHeadAttention> {
        match self {
            Self::Encoder(encoder) => {
                encoder.stack().running().map(EncoderLayer::attention).collect()
            }
            Self::Decoder(decoder) => {
                decoder.layers().iter().map(DecoderLayer::attention).collect()
            }
        }
    }

    /// What each layer is given and gives, and the attention weights of each.
    pub(crate) fn trace(
        &self,
        input: HiddenStates<'_>,
        scratch: &mut Scratch,
    ) -> Result<DecoderTrace> {
        match self {
            Self::Encoder(encoder) => {
                let trace = encoder.trace(input, scratch)?;
                let (hidden_states, attentions) = (trace.hidden_states, trace.attentions);
                Ok(DecoderTrace { hidden_states, attentions })
            }
            Self::Decoder(decoder) => decoder.trace(input, scratch),
        }
    }

    /// The rows of tokens that follow what is kept.
    pub(crate) fn forward_with_cache(
        &self,
        states: HiddenStates<'_>,
        cache: &mut KvCache,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        match self {
            Self::Decoder(decoder) => {
                let states = states.with(states.hidden.reborrow());
                decoder.forward_in(states.with_cache(cache), scratch)
            }
            Self::Encoder(_) => Err(Error::Config {
                at: "TextEncoder::hidden_with_cache",
                field: "the layers",
                got: "those of an encoder, whose tokens look ahead".to_owned(),
                expected: "those of a decoder".to_owned(),
            }),
        }
    }
}

impl Params for Layers {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        match self {
            Self::Encoder(encoder) => encoder.visit(path, visit),
            Self::Decoder(decoder) => decoder.visit(path, visit),
        }
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        match self {
            Self::Encoder(encoder) => encoder.visit_mut(path, visit),
            Self::Decoder(decoder) => decoder.visit_mut(path, visit),
        }
    }
}

impl<'a> Module<HiddenStates<'a>> for Layers {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        match self {
            Self::Encoder(encoder) => encoder.forward_in(input, scratch),
            Self::Decoder(decoder) => decoder.forward_in(input, scratch),
        }
    }
}
