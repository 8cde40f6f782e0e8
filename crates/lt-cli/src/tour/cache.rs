//! Stage 6 of a language model: a few more tokens, read with what is kept of those before them.

use lt_core::{Params, Path, Ragged, Scratch};
use lt_generate::{LanguageModel, Logits, Wanted};
use lt_kernels::KeyValues;
use lt_model::{CausalLm, KvCache, TokenIds};
use ndarray::{Axis, Slice};
use serde::Serialize;

use super::next_token::{Candidate, likeliest};
use super::sight::Sight;
use super::spelling::{Spelling, Token};
use crate::failure::Result;

/// How many tokens are written.
const TOKENS: usize = 5;

/// The keys and values of a text while it grows by the likeliest token each time (KV cache,
/// 键值缓存).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cache {
    /// What each layer keeps of a token.
    pub(crate) layers: Vec<KeptByLayer>,
    /// What all of them keep of a token, in bytes.
    pub(crate) bytes_per_token: usize,
    /// The text is read first, then each token that was written but the last.
    pub(crate) steps: Vec<Step>,
    /// Why there are no more.
    pub(crate) end: Stop,
}

/// The sizes of what a layer keeps of a token: `heads` keys of `key` numbers, and as many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct KeptByLayer {
    pub(crate) heads: usize,
    pub(crate) key: usize,
    pub(crate) value: usize,
    pub(crate) query_heads: usize,
    pub(crate) window: Option<usize>,
}

/// Why a text is not continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stop {
    /// That was enough to see it.
    EnoughSeen,
    /// The model takes no longer text.
    ContextFull,
    /// The likeliest token is one that ends a text.
    EndToken,
}

/// Tokens are read, and the next one is foretold.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    /// The token that is read; `None` in the first step, which reads the whole text.
    pub(crate) token: Option<Token>,
    /// How many tokens the cache holds behind it.
    pub(crate) kept: usize,
    /// How large their keys and values are.
    pub(crate) bytes: usize,
    /// How much memory the cache takes: it grows in blocks of tokens.
    pub(crate) memory: usize,
    /// How many keys the queries of this step look at, in each layer.
    pub(crate) keys: Vec<u64>,
    pub(crate) with_cache: Work,
    /// What reading the whole text anew takes.
    pub(crate) without_cache: Work,
    /// Whether all scores have the bits that they have without a cache: both were computed.
    pub(crate) same_bits: bool,
    pub(crate) next: Candidate,
}

/// What a step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Work {
    /// How many tokens go through the layers.
    pub(crate) tokens: usize,
    /// How many keys a head looks at for them, in all layers together.
    pub(crate) keys: u64,
    /// Of two numbers: in the matrices of the layers, in attention, and for the scores.
    pub(crate) multiplications: u64,
}

impl Cache {
    /// Continues these ids. A token in `ends` is not read any more.
    pub(crate) fn new(
        model: &CausalLm,
        spelling: Spelling<'_>,
        ids: &[u32],
        ends: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Self> {
        let threads = scratch.threads().clone();
        let writer = model.writer(&threads);
        let (mut cache, mut logits) = (writer.cache(1), Logits::default());
        let costs = Costs::of(model);
        let (mut ids, mut read) = (ids.to_vec(), 0);
        let mut steps = Vec::new();
        let end = loop {
            let new = &ids[read..];
            writer.read(new, &Ragged::single(new.len()), Wanted::Last, &mut cache, &mut logits)?;
            let next = likeliest(logits.row(0), spelling)?;
            let kept = cache.kept();
            let [with_cache, without_cache] =
                [read..ids.len(), 0..ids.len()].map(|new| costs.work(new, ids.len()));
            let keys = costs.sights.iter().map(|it| it.pairs(read..ids.len(), ids.len())).collect();
            steps.push(Step {
                token: ids.last().filter(|_| read > 0).map(|&id| spelling.token(id)),
                kept: kept.lengths().next().unwrap_or(0),
                bytes: bytes(kept),
                memory: kept.bytes(),
                keys,
                with_cache,
                without_cache,
                same_bits: same_bits(logits.row(0), &without(model, &ids, scratch)?),
                next: next.clone(),
            });
            if ends.contains(&(next.token.id as usize)) {
                break Stop::EndToken;
            }
            if steps.len() == TOKENS {
                break Stop::EnoughSeen;
            }
            if model.encoder().context().is_some_and(|most| ids.len() >= most) {
                break Stop::ContextFull;
            }
            read = ids.len();
            ids.push(next.token.id);
        };
        let bytes_per_token = costs.layers.iter().map(KeptByLayer::bytes).sum();
        Ok(Self { layers: costs.layers, bytes_per_token, steps, end })
    }
}

impl KeptByLayer {
    /// Of one token.
    fn bytes(&self) -> usize {
        self.heads * (self.key + self.value) * size_of::<f32>()
    }
}

/// How large the keys and values are that are kept.
fn bytes(kept: &KvCache) -> usize {
    let of_layers = kept.layers().iter().map(|layer| {
        let (shape, tokens) = (layer.shape(), layer.kept().iter().map(KeyValues::len));
        shape.heads * (shape.key + shape.value) * size_of::<f32>() * tokens.sum::<usize>()
    });
    of_layers.sum()
}

/// The scores behind the last of these ids, without a cache.
fn without(model: &CausalLm, ids: &[u32], scratch: &mut Scratch) -> Result<Vec<f32>> {
    let sequences = Ragged::single(ids.len());
    let hidden = model.encoder().hidden(TokenIds::new(ids, &sequences), scratch)?; // [n, d]
    let last = hidden.slice_axis(Axis(0), Slice::from(-1..)); // [1, d]
    let logits = model.predict(last, scratch)?; // [1, v]
    scratch.give(hidden);
    Ok(logits.into_iter().collect())
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// What a model multiplies for a token and for a key.
struct Costs {
    layers: Vec<KeptByLayer>,
    sights: Vec<Sight>,
    /// How many numbers the matrices of the layers have.
    matrices: u64,
    /// How many the matrix of the scores has.
    scores: u64,
}

impl Costs {
    fn of(model: &CausalLm) -> Self {
        let (encoder, layers) = (model.encoder(), model.encoder().layers());
        let kept = layers.attentions().into_iter().map(|layer| {
            let (config, shape) = (layer.config(), layer.cache_shape());
            KeptByLayer {
                heads: shape.heads,
                key: shape.key,
                value: shape.value,
                query_heads: config.heads,
                window: config.window,
            }
        });
        let mut matrices = 0;
        layers.visit(&mut Path::new(), &mut |_, weight| {
            if let &[rows, columns] = weight.shape() {
                matrices += (rows * columns) as u64;
            }
        });
        let scores = (model.vocabulary() * encoder.width()) as u64;
        Self { layers: kept.collect(), sights: Sight::of_layers(layers), matrices, scores }
    }

    /// Of reading these of so many tokens.
    fn work(&self, read: std::ops::Range<usize>, length: usize) -> Work {
        let pairs: Vec<u64> =
            self.sights.iter().map(|sight| sight.pairs(read.clone(), length)).collect();
        let attention = |(layer, pairs): (&KeptByLayer, &u64)| {
            (layer.query_heads * (layer.key + layer.value)) as u64 * pairs
        };
        let attention: u64 = self.layers.iter().zip(&pairs).map(attention).sum();
        Work {
            tokens: read.len(),
            keys: pairs.iter().sum(),
            multiplications: self.matrices * read.len() as u64 + attention + self.scores,
        }
    }
}
