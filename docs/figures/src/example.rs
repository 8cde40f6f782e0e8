//! The running example: one sentence through the small BERT that is built in.

use anyhow::{Context as _, Result};
use lt_core::{Ragged, Scratch};
use lt_encoder::EncoderLayer;
use lt_model::{EmbeddingParts, EncoderTrace, MaskedLm, TokenIds};
use lt_tokenizer::{Encoding, Limit};
use ndarray::{Array2, s};

/// The sentence of the figures.
pub(crate) const SENTENCE: &str = "The bank of the river is steep.";
/// The same, with a word to be guessed.
pub(crate) const MASKED: &str = "The bank of the [MASK] is steep.";
/// Another bank, at the same place.
pub(crate) const OTHER: &str = "The bank raised its interest rates.";
/// The sentence in other words.
pub(crate) const STREAM: &str = "The side of the stream is very steep.";
/// What a decoder goes on with.
pub(crate) const BEGINNING: &str = "The bank of the river";

/// The model, and the sentence as it takes it.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) model: MaskedLm,
    pub(crate) encoding: Encoding,
    pub(crate) batch: Ragged,
}

impl Example {
    pub(crate) fn new() -> Result<Self> {
        Self::of(SENTENCE)
    }

    /// Another text in place of the sentence.
    pub(crate) fn of(text: &str) -> Result<Self> {
        let encoding = lt_tiny_bert::tokenizer()?.encode(text, Limit::None)?;
        let batch = Ragged::single(encoding.len());
        Ok(Self { model: lt_tiny_bert::model()?, encoding, batch })
    }

    /// Another text of as many pieces, in the same model.
    pub(crate) fn with(&self, encoding: Encoding) -> Self {
        Self { model: self.model.clone(), encoding, batch: self.batch.clone() }
    }

    pub(crate) fn ids(&self) -> TokenIds<'_> {
        TokenIds::new(&self.encoding.ids, &self.batch).segments(&self.encoding.segments)
    }

    /// The sentence's pieces, special ones included.
    pub(crate) fn tokens(&self) -> &[String] {
        &self.encoding.tokens
    }

    /// Where a piece stands, first.
    pub(crate) fn place(&self, piece: &str) -> Result<usize> {
        let place = self.tokens().iter().position(|token| token == piece);
        place.with_context(|| format!("the text has no piece {piece}"))
    }

    /// The layers of the model.
    pub(crate) fn layers(&self) -> Result<&[EncoderLayer]> {
        let encoder = self.model.encoder().layers().encoder();
        Ok(encoder.context("BERT is an encoder")?.layers())
    }

    /// The scores of the words that may stand at a place.
    pub(crate) fn logits(&self, place: usize) -> Result<Vec<f32>> {
        let scratch = &mut Scratch::new();
        let hidden = self.model.encoder().hidden(self.ids(), scratch)?;
        let row = hidden.slice(s![place..=place, ..]);
        Ok(self.model.predict(row, scratch)?.into_iter().collect())
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
