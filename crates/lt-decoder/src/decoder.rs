//! The whole decoder.

#[cfg(feature = "train")]
mod backward;

use std::borrow::Cow;

use lt_attention::{CacheShape, HiddenStates, KvCache, Owner, WithCache};
use lt_core::{Error, Mask, Module, Result, Scratch, params};
use lt_embedding::Alibi;
use lt_layers::AnyNorm;
use ndarray::{Array2, Array3};

use crate::DecoderLayer;

#[cfg(feature = "train")]
pub use backward::DecoderCache;

/// The decoder: a stack of decoder layers in which no token looks ahead, and with pre-LN one norm
/// more at the end.
///
/// # Shapes
/// `[tokens, d]` to `[tokens, d]`.
///
/// PyTorch: the layers of transformers' `GPT2Model`, `LlamaModel`.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoder {
    layers: Vec<DecoderLayer>,
    norm: Option<AnyNorm>,
    alibi: Option<Alibi>,
    owner: Owner,
    causal: Causal,
}

params!(Decoder { layers, norm });

/// A causal mask, made once, so that a token costs no new one.
#[derive(Debug, Clone)]
struct Causal(Mask);

impl PartialEq for Causal {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Everything a decoder computed on its way.
#[derive(Debug, Clone)]
pub struct DecoderTrace {
    /// What each layer was given, `[tokens, d]`, and last the output: one more than layers.
    pub hidden_states: Vec<Array2<f32>>,
    /// For each layer, for each sequence, the attention weights `[h, t, t]`.
    pub attentions: Vec<Vec<Array3<f32>>>,
}

impl Decoder {
    /// A decoder of these layers, with a norm at the end if there is one.
    #[must_use]
    pub fn new(layers: Vec<DecoderLayer>, norm: impl Into<Option<AnyNorm>>) -> Self {
        let (norm, causal) = (norm.into(), Causal(Mask::causal()));
        Self { layers, norm, alibi: None, owner: Owner::new(), causal }
    }

    /// With scores that fall with the distance, in all layers.
    ///
    /// # Errors
    /// [`Error::Config`] if a layer has another number of heads.
    pub fn with_alibi(self, alibi: Alibi) -> Result<Self> {
        let heads = |layer: &DecoderLayer| layer.attention().config().heads;
        match self.layers.iter().map(heads).find(|&heads| heads != alibi.slopes().len()) {
            None => Ok(Self { alibi: Some(alibi), ..self }),
            Some(heads) => Err(Error::Config {
                at: "Decoder::with_alibi",
                field: "alibi.heads",
                got: alibi.slopes().len().to_string(),
                expected: format!("{heads}, as the layers have"),
            }),
        }
    }

    /// The layers, the first first.
    #[must_use]
    pub fn layers(&self) -> &[DecoderLayer] {
        &self.layers
    }

    /// The norm at the end, if there is one.
    #[must_use]
    pub fn norm(&self) -> Option<&AnyNorm> {
        self.norm.as_ref()
    }

    /// A cache for so many sequences, of which nothing is kept yet. It serves this decoder alone: a
    /// clone has caches of its own.
    #[must_use]
    pub fn cache(&self, sequences: usize) -> KvCache {
        let shapes: Vec<CacheShape> = self.layers.iter().map(DecoderLayer::cache_shape).collect();
        KvCache::new(&self.owner, &shapes, sequences)
    }

    /// The output, and everything on the way to it.
    ///
    /// The output has the bits of [`Module::forward`].
    ///
    /// # Errors
    /// As for [`Module::forward`].
    pub fn trace(&self, input: HiddenStates<'_>, scratch: &mut Scratch) -> Result<DecoderTrace> {
        input.sequences.check("Decoder::trace", input.hidden.nrows())?;
        let mask = self.mask(input.mask);
        let input = self.looking_back(&input, &mask);
        let mut trace = DecoderTrace { hidden_states: Vec::new(), attentions: Vec::new() };
        let mut hidden = input.hidden.to_owned();
        for layer in &self.layers {
            trace.attentions.push(layer.attention_weights(input.with(hidden.view()))?);
            let next = layer.forward_in(input.with(hidden.view()), scratch)?;
            trace.hidden_states.push(std::mem::replace(&mut hidden, next));
        }
        trace.hidden_states.push(self.finish(hidden, scratch)?);
        Ok(trace)
    }

    /// What the mask of an input allows of what stands before.
    fn mask(&self, mask: &Mask) -> Cow<'_, Mask> {
        match mask.is_all() || mask.is_causal() {
            true => Cow::Borrowed(&self.causal.0),
            false => Cow::Owned(self.causal.0.clone() & mask.clone()),
        }
    }

    /// The input with this mask, and with what is taken off for the distance.
    fn looking_back<'b>(&'b self, input: &'b HiddenStates<'_>, mask: &'b Mask) -> HiddenStates<'b> {
        let back = input.with(input.hidden.reborrow()).mask(mask);
        match &self.alibi {
            Some(alibi) => back.bias(alibi.bias()),
            None => back,
        }
    }

    fn finish(&self, hidden: Array2<f32>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        let Some(norm) = &self.norm else { return Ok(hidden) };
        let normed = norm.forward_in(hidden.view(), scratch)?;
        scratch.give(hidden);
        Ok(normed)
    }

    fn run_with_cache(
        &self,
        states: &HiddenStates<'_>,
        cache: &mut KvCache,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        let sequences = states.sequences.len();
        let layers = cache.layers_mut("Decoder::forward", &self.owner, sequences)?;
        let mut hidden = scratch.take_any(states.hidden.nrows(), states.hidden.ncols());
        hidden.assign(&states.hidden);
        for (layer, cache) in self.layers.iter().zip(layers) {
            let next = layer.forward_in(states.with(hidden.view()).with_cache(cache), scratch)?;
            scratch.give(std::mem::replace(&mut hidden, next));
        }
        self.finish(hidden, scratch)
    }
}

impl<'a> Module<HiddenStates<'a>> for Decoder {
    type Output = Array2<f32>;

    fn forward(&self, input: HiddenStates<'a>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(&self, input: HiddenStates<'a>, scratch: &mut Scratch) -> Result<Array2<f32>> {
        input.sequences.check("Decoder::forward", input.hidden.nrows())?;
        let mask = self.mask(input.mask);
        let states = self.looking_back(&input, &mask);
        let mut hidden = scratch.take_any(input.hidden.nrows(), input.hidden.ncols());
        hidden.assign(&input.hidden);
        for layer in &self.layers {
            let next = layer.forward_in(states.with(hidden.view()), scratch)?;
            scratch.give(std::mem::replace(&mut hidden, next));
        }
        self.finish(hidden, scratch)
    }
}

/// With a cache: the bits of the whole text read at once. If anything is refused, nothing is kept.
impl<'a> Module<WithCache<'a, KvCache>> for Decoder {
    type Output = Array2<f32>;

    fn forward(&self, input: WithCache<'a, KvCache>) -> Result<Array2<f32>> {
        self.forward_in(input, &mut Scratch::new())
    }

    fn forward_in(
        &self,
        WithCache { states, cache, .. }: WithCache<'a, KvCache>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        states.sequences.check("Decoder::forward", states.hidden.nrows())?;
        let mask = self.mask(states.mask);
        let result = self.run_with_cache(&self.looking_back(&states, &mask), cache, scratch);
        if result.is_err() {
            cache.forget_unfinished();
        }
        result
    }
}
