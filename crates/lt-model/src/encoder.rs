//! The body under every head: text in, one vector per token out.

#[cfg(feature = "train")]
mod backward;

use lt_attention::{HiddenStates, KvCache, MultiHeadAttention};
use lt_config::ModelConfig;
use lt_core::{Error, Module, Params, Path, Ragged, Result, Scratch, Weight};
use lt_embedding::{Rotary, RotaryScaling, TextEmbeddings, TokenIds};
use lt_encoder::{Pooler, Sequences};
use lt_layers::Linear;
use ndarray::{Array2, Array3};

use crate::Layers;
use crate::family::{Names, family};

#[cfg(feature = "train")]
pub use backward::TextEncoderCache;

/// An encoder of text, of whatever family: ids in, one vector per token out, and one per sequence
/// if there is a pooler.
///
/// In the layers of an encoder every token looks at all others; in those of a decoder it looks
/// back only, and what follows a text can be read without reading the text again
/// ([`hidden_with_cache`](Self::hidden_with_cache)). Families differ in what their embeddings add
/// up and in what their layers hold; each has a file in `families/` that builds one from its
/// configuration.
///
/// # Shapes
/// ids `[tokens]` to `[tokens, d]` and `[b, d]`.
///
/// [Devlin et al. 2018](https://arxiv.org/abs/1810.04805). PyTorch: transformers' `AutoModel`, so
/// `BertModel` and its kin.
#[derive(Debug, Clone, PartialEq)]
pub struct TextEncoder {
    names: &'static Names,
    embeddings: TextEmbeddings,
    embeddings_project: Option<Linear>,
    layers: Layers,
    pub(crate) pooler: Option<Pooler>,
    longest: usize,
}

/// The layers go by what they are, `encoder` or `decoder`.
impl Params for TextEncoder {
    fn visit<'a>(&'a self, path: &mut Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        path.enter("embeddings", |path| self.embeddings.visit(path, visit));
        path.enter("embeddings_project", |path| self.embeddings_project.visit(path, visit));
        path.enter(self.layers.kind(), |path| self.layers.visit(path, visit));
        path.enter("pooler", |path| self.pooler.visit(path, visit));
    }

    fn visit_mut(&mut self, path: &mut Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        path.enter("embeddings", |path| self.embeddings.visit_mut(path, visit));
        path.enter("embeddings_project", |path| self.embeddings_project.visit_mut(path, visit));
        path.enter(self.layers.kind(), |path| self.layers.visit_mut(path, visit));
        path.enter("pooler", |path| self.pooler.visit_mut(path, visit));
    }
}

/// What stands on top of the layers of a [`TextEncoder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Top {
    /// Nothing: what the last layer gives is the output.
    Nothing,
    /// A pooler, which makes one vector of each sequence.
    Pooler,
}

/// What a [`TextEncoder`] gives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EncoderOutput {
    /// One vector per token, `[tokens, d]`.
    pub last_hidden_state: Array2<f32>,
    /// One vector per sequence, `[b, d]`, if the checkpoint has a pooler.
    pub pooler_output: Option<Array2<f32>>,
}

/// What a [`TextEncoder`] gives, and everything on the way to it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EncoderTrace {
    /// What the first layer is given, then the output of each layer: `[tokens, d]`.
    pub hidden_states: Vec<Array2<f32>>,
    /// For each layer, for each sequence, the attention weights `[h, t, t]`.
    pub attentions: Vec<Vec<Array3<f32>>>,
    /// One vector per sequence, `[b, d]`, if the checkpoint has a pooler.
    pub pooler_output: Option<Array2<f32>>,
}

impl TextEncoder {
    /// A model of these sizes whose numbers are all zero, which takes no memory: to be loaded
    /// into.
    ///
    /// # Errors
    /// If a setting cannot be built: an activation that is not known, sizes that do not fit, a
    /// pooler where the family has none. If the family has no encoder here.
    pub fn zeros(config: &ModelConfig, top: Top) -> Result<Self> {
        let encoder = family(config)?.encoder()?;
        if top == Top::Nothing {
            return Ok(encoder);
        }
        if encoder.names.pooler.is_none() {
            return Err(Error::Config {
                at: "TextEncoder::zeros",
                field: "top",
                got: format!("{top:?}"),
                expected: format!("{:?}: the family has no pooler", Top::Nothing),
            });
        }
        let d = encoder.width();
        Ok(Self { pooler: Some(Pooler::new(Linear::zeros(d, d)?)), ..encoder })
    }

    /// Without a pooler. `longest` is the longest text of training.
    pub(crate) fn new(
        names: &'static Names,
        embeddings: TextEmbeddings,
        layers: impl Into<Layers>,
        longest: usize,
    ) -> Self {
        let (longest, layers) = (embeddings.limit().unwrap_or(longest), layers.into());
        Self { names, embeddings, embeddings_project: None, layers, pooler: None, longest }
    }

    /// With embeddings that are narrower than the layers, and are widened for them.
    pub(crate) fn widened(self, embeddings_project: Linear) -> Self {
        Self { embeddings_project: Some(embeddings_project), ..self }
    }

    /// How its checkpoints are written.
    pub(crate) fn names(&self) -> &'static Names {
        self.names
    }

    /// The width d of a token's vector.
    #[must_use]
    pub fn width(&self) -> usize {
        let narrow = self.embeddings.token().width();
        self.embeddings_project.as_ref().map_or(narrow, Linear::outputs)
    }

    /// The longest text that it was made for, in tokens, special tokens included.
    ///
    /// Where there is a table of positions a longer one is refused; where positions are computed
    /// it is not ([`TextEmbeddings::limit`]), but the model has seen none in training.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The longest text that it takes as a whole: none is too long where its angles grow with the
    /// text (dynamic scaling of rotary positions).
    #[must_use]
    pub fn context(&self) -> Option<usize> {
        let rotary = |layer: &MultiHeadAttention| layer.rotary().map(Rotary::scaling);
        let scaling = self.layers.attentions().first().copied().and_then(rotary);
        match scaling {
            Some(RotaryScaling::Dynamic { .. }) => None,
            _ => Some(self.longest),
        }
    }

    /// The matrix that widens the embeddings for the layers, where they are narrower.
    #[must_use]
    pub fn embeddings_project(&self) -> Option<&Linear> {
        self.embeddings_project.as_ref()
    }

    /// What the first layer is given, `[tokens, d]`.
    pub(crate) fn embed(&self, input: TokenIds<'_>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let embedded = self.embeddings.forward_in(input, scratch)?;
        let Some(project) = &self.embeddings_project else { return Ok(embedded) };
        let wide = project.forward_in(embedded.view(), scratch)?; // [tokens, e] → [tokens, d]
        scratch.give(embedded);
        Ok(wide)
    }

    /// The layer that turns ids into vectors.
    #[must_use]
    pub fn embeddings(&self) -> &TextEmbeddings {
        &self.embeddings
    }

    /// The layers that let tokens look at each other.
    #[must_use]
    pub fn layers(&self) -> &Layers {
        &self.layers
    }

    /// A cache for so many sequences, if its layers look back only.
    ///
    /// # Errors
    /// [`Error::Config`] if they do not.
    pub fn cache(&self, sequences: usize) -> Result<KvCache> {
        match &self.layers {
            Layers::Decoder(decoder) => Ok(decoder.cache(sequences)),
            Layers::Encoder(_) => Err(Error::Config {
                at: "TextEncoder::cache",
                field: "the layers",
                got: "those of an encoder, whose tokens look ahead".to_owned(),
                expected: "those of a decoder".to_owned(),
            }),
        }
    }

    /// The layer that makes one vector of a sequence, if the checkpoint has it.
    #[must_use]
    pub fn pooler(&self) -> Option<&Pooler> {
        self.pooler.as_ref()
    }

    /// Ids and segments as a tokenizer gives them; without the segments where the family has none.
    #[must_use]
    pub fn token_ids<'a>(
        &self,
        ids: &'a [u32],
        segments: &'a [u32],
        sequences: &'a Ragged,
    ) -> TokenIds<'a> {
        let input = TokenIds::new(ids, sequences);
        match self.embeddings.segment() {
            Some(_) => input.segments(segments),
            None => input,
        }
    }

    /// One vector per token, `[tokens, d]`, without the pooler.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn hidden(&self, input: TokenIds<'_>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        // formula: bert
        let embedded = self.embed(alone(input)?, scratch)?;
        let hidden = self.layers.forward_in(states(&embedded, &input), scratch)?;
        scratch.give(embedded);
        Ok(hidden)
    }

    /// One vector for each of the tokens that follow what is kept in a cache, `[tokens, d]`: the
    /// bits that they have in the whole text. What is kept of them is added; if anything is
    /// refused, nothing is.
    ///
    /// # Errors
    /// As for [`Module::forward`], and if the cache is of another model or batch.
    pub fn hidden_with_cache(
        &self,
        input: TokenIds<'_>,
        cache: &mut KvCache,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let input = alone(input)?;
        let embedded = self.embed(input.before(cache.count()), scratch)?;
        let states = HiddenStates::new(embedded.view(), input.sequences);
        let hidden = self.layers.forward_with_cache(states, cache, scratch)?;
        scratch.give(embedded);
        Ok(hidden)
    }

    /// The output, and everything on the way to it, with the same bits.
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn trace(&self, input: TokenIds<'_>, scratch: &mut Scratch) -> Result<EncoderTrace> {
        let embedded = self.embed(alone(input)?, scratch)?;
        let trace = self.layers.trace(states(&embedded, &input), scratch)?;
        let (hidden_states, attentions) = (trace.hidden_states, trace.attentions);
        let last = hidden_states.last().unwrap_or(&embedded);
        let pooler_output = self.pool(last, &input, scratch)?;
        Ok(EncoderTrace { hidden_states, attentions, pooler_output })
    }

    fn pool(
        &self,
        hidden: &Array2<f32>,
        input: &TokenIds<'_>,
        scratch: &mut Scratch,
    ) -> Result<Option<Array2<f32>>> {
        let Some(pooler) = &self.pooler else { return Ok(None) };
        let sequences = Sequences { hidden: hidden.view(), sequences: input.sequences };
        pooler.forward_in(sequences, scratch).map(Some)
    }
}

/// Refuses tokens before which others stand: those are in a cache, which knows how many.
fn alone(input: TokenIds<'_>) -> Result<TokenIds<'_>> {
    if input.before.is_empty() {
        return Ok(input);
    }
    Err(Error::Config {
        at: "TextEncoder::hidden",
        field: "before",
        got: format!("{:?}", input.before),
        expected: "none: what stands before is kept in a cache, which counts it".to_owned(),
    })
}

/// Rows and where they begin; who looks at whom is for the layers to say.
fn states<'a>(hidden: &'a Array2<f32>, input: &'a TokenIds<'_>) -> HiddenStates<'a> {
    HiddenStates::new(hidden.view(), input.sequences)
}

impl<'a> Module<TokenIds<'a>> for TextEncoder {
    type Output = EncoderOutput;

    fn forward(&self, input: TokenIds<'a>) -> Result<EncoderOutput> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: TokenIds<'a>, scratch: &mut Scratch) -> Result<EncoderOutput> {
        let last_hidden_state = self.hidden(input, scratch)?;
        let pooler_output = self.pool(&last_hidden_state, &input, scratch)?;
        Ok(EncoderOutput { last_hidden_state, pooler_output })
    }
}
