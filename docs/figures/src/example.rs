//! The running example: one sentence through the small BERT that is built in.

use anyhow::{Context as _, Result};
use lt_core::{Ragged, Scratch};
use lt_model::{EmbeddingParts, EncoderTrace, MaskedLm, TokenIds};
use lt_tokenizer::{Encoding, Limit};
use ndarray::Array2;

/// The sentence of the figures.
pub(crate) const SENTENCE: &str = "The bank of the river is steep.";

/// The model, and the sentence as it takes it.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) model: MaskedLm,
    pub(crate) encoding: Encoding,
    pub(crate) batch: Ragged,
}

impl Example {
    pub(crate) fn new() -> Result<Self> {
        let encoding = lt_tiny_bert::tokenizer()?.encode(SENTENCE, Limit::None)?;
        let batch = Ragged::single(encoding.len());
        Ok(Self { model: lt_tiny_bert::model()?, encoding, batch })
    }

    fn ids(&self) -> TokenIds<'_> {
        TokenIds::new(&self.encoding.ids, &self.batch).segments(&self.encoding.segments)
    }

    /// The sentence's pieces, special ones included.
    pub(crate) fn tokens(&self) -> &[String] {
        &self.encoding.tokens
    }

    /// What the embeddings add up.
    pub(crate) fn parts(&self) -> Result<EmbeddingParts> {
        Ok(self.model.encoder().embeddings().parts(self.ids())?)
    }

    /// Everything on the way through the layers.
    pub(crate) fn trace(&self) -> Result<EncoderTrace> {
        Ok(self.model.encoder().trace(self.ids(), &mut Scratch::new())?)
    }

    /// The attention weights of a head, `[t, t]`; both numbers count from 0.
    pub(crate) fn head(&self, layer: usize, head: usize) -> Result<Array2<f32>> {
        let trace = self.trace()?;
        let weights = trace.attentions.get(layer).and_then(|sequences| sequences.first());
        let weights = weights.context("the model has this layer")?;
        Ok(weights.index_axis(ndarray::Axis(0), head).to_owned())
    }
}
