//! The KV cache: keys and values that are kept from pass to pass.

use std::collections::HashMap;

use lt_core::{Error, Result};
use lt_kernels::KeyValues;
use ndarray::ArrayView2;

use crate::HiddenStates;

/// The heads of keys and values of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheShape {
    /// How many key heads there are.
    pub heads: usize,
    /// The width of a key, k.
    pub key: usize,
    /// The width of a value, v.
    pub value: usize,
}

/// What one attention layer keeps of each sequence of a batch.
#[derive(Debug, Clone)]
pub struct LayerCache {
    shape: CacheShape,
    kept: Vec<KeyValues>,
    /// How many tokens each sequence had before the last that were added.
    before: Vec<usize>,
}

impl LayerCache {
    /// Of so many sequences, of which nothing is kept yet.
    #[must_use]
    pub fn new(shape: CacheShape, sequences: usize) -> Self {
        let CacheShape { heads, key, value } = shape;
        let kept = (0..sequences).map(|_| KeyValues::new(heads, key, value)).collect();
        Self { shape, kept, before: vec![0; sequences] }
    }

    /// The heads that it is made for.
    #[must_use]
    pub fn shape(&self) -> CacheShape {
        self.shape
    }

    /// The keys and values of each sequence.
    #[must_use]
    pub fn kept(&self) -> &[KeyValues] {
        &self.kept
    }

    /// How many tokens each sequence had before the last that were added.
    pub(crate) fn before(&self) -> &[usize] {
        &self.before
    }

    /// Counts what stands before the tokens that follow.
    pub(crate) fn count(&mut self) -> &[usize] {
        self.before.clear();
        self.before.extend(self.kept.iter().map(KeyValues::len));
        &self.before
    }

    /// Adds the keys `[tokens, g·k]` and values `[tokens, g·v]` of the tokens that follow.
    pub(crate) fn append(
        &mut self,
        input: &HiddenStates<'_>,
        keys: ArrayView2<'_, f32>,
        values: ArrayView2<'_, f32>,
    ) {
        for (kept, rows) in self.kept.iter_mut().zip(input.sequences.ranges()) {
            let rows = ndarray::s![rows, ..];
            kept.append(keys.slice(rows), values.slice(rows));
        }
    }
}

/// Whose a cache is: each model has an owner of its own, and so has a clone of a model, whose
/// weights may go other ways.
#[derive(Debug)]
pub struct Owner(u64);

impl Owner {
    /// Like no other of this program.
    #[must_use]
    pub fn new() -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Owner {
    fn clone(&self) -> Self {
        Self::new()
    }
}

/// What a model is does not depend on which it is.
impl PartialEq for Owner {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What a model keeps of each sequence of a batch, so that a token that follows costs one pass of
/// one token: the keys and values of every layer (KV 缓存).
///
/// Sequences have lengths of their own. What is kept never moves as it grows; sequences that have
/// a beginning in common share it ([`select`](Self::select)), until they part.
///
/// ```
/// use lt_attention::{CacheShape, KvCache, Owner};
/// let owner = Owner::new();
/// let layer = CacheShape { heads: 2, key: 64, value: 64 };
/// let mut cache = KvCache::new(&owner, &[layer, layer], 3);
/// assert_eq!((cache.lengths().collect::<Vec<_>>(), cache.bytes()), (vec![0, 0, 0], 0));
/// cache.select(&[0, 0])?; // two sequences that begin as the first
/// assert_eq!(cache.len(), 2);
/// assert!(cache.truncate(&[1, 0]).is_err()); // there is no token to keep
/// # Ok::<(), lt_attention::lt_core::Error>(())
/// ```
///
/// PyTorch: transformers' `DynamicCache`, with its `reorder_cache` and `crop`.
#[derive(Debug, Clone)]
pub struct KvCache {
    owner: u64,
    sequences: usize,
    layers: Vec<LayerCache>,
    counted: Vec<usize>,
}

impl KvCache {
    /// Of a model with these layers, for so many sequences.
    #[must_use]
    pub fn new(owner: &Owner, layers: &[CacheShape], sequences: usize) -> Self {
        let layers = layers.iter().map(|&shape| LayerCache::new(shape, sequences)).collect();
        Self { owner: owner.0, sequences, layers, counted: Vec::new() }
    }

    /// How many sequences there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sequences
    }

    /// Whether there is no sequence.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sequences == 0
    }

    /// How many tokens of each sequence are kept.
    #[must_use]
    pub fn lengths(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        let of =
            |sequence: usize| self.layers.first().map_or(0, |layer| layer.kept[sequence].len());
        (0..self.sequences).map(of)
    }

    /// How many tokens of each sequence are kept, as a list, whose memory is used again.
    pub fn count(&mut self) -> &[usize] {
        let mut counted = std::mem::take(&mut self.counted);
        counted.clear();
        counted.extend(self.lengths());
        self.counted = counted;
        &self.counted
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &[LayerCache] {
        &self.layers
    }

    /// The memory that is held, in bytes; what sequences share counts once.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let kept = self.layers.iter().flat_map(|layer| &layer.kept);
        kept.flat_map(KeyValues::blocks).collect::<HashMap<_, _>>().values().sum()
    }

    /// Forgets all but the first tokens of each sequence, so many as are named.
    ///
    /// # Errors
    /// [`Error::Config`] if there is not one length for each sequence, or one is longer than the
    /// sequence; nothing is forgotten then.
    pub fn truncate(&mut self, lengths: &[usize]) -> Result<()> {
        let refuse = |field, got: String, expected: String| {
            Err(Error::Config { at: "KvCache::truncate", field, got, expected })
        };
        if lengths.len() != self.sequences {
            let expected = format!("one for each of {} sequences", self.sequences);
            return refuse("lengths", format!("{} numbers", lengths.len()), expected);
        }
        for (number, (&length, kept)) in lengths.iter().zip(self.lengths()).enumerate() {
            if length > kept {
                let expected = format!("at most {kept}, what sequence {number} has");
                return refuse("length", length.to_string(), expected);
            }
        }
        for layer in &mut self.layers {
            for (kept, &length) in layer.kept.iter_mut().zip(lengths) {
                kept.truncate(length);
            }
        }
        Ok(())
    }

    /// Forgets what only some layers have, as when a pass ended early.
    pub fn forget_unfinished(&mut self) {
        for sequence in 0..self.sequences {
            let lengths = self.layers.iter().map(|layer| layer.kept[sequence].len());
            let shortest = lengths.min().unwrap_or(0);
            for layer in &mut self.layers {
                layer.kept[sequence].truncate(shortest);
            }
        }
    }

    /// Sequence i becomes what sequence `parents[i]` was: reorders sequences, repeats them, leaves
    /// them out. Nothing is copied until a sequence that shares its last tokens goes on.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no such sequence; nothing is changed then.
    pub fn select(&mut self, parents: &[usize]) -> Result<()> {
        if let Some(&parent) = parents.iter().find(|&&parent| parent >= self.sequences) {
            let (at, field, got) = ("KvCache::select", "parent", parent.to_string());
            let expected = format!("less than {}, the number of sequences", self.sequences);
            return Err(Error::Config { at, field, got, expected });
        }
        if parents.iter().copied().eq(0..self.sequences) {
            return Ok(());
        }
        for layer in &mut self.layers {
            layer.kept = parents.iter().map(|&parent| layer.kept[parent].clone()).collect();
            layer.before.resize(parents.len(), 0);
        }
        self.sequences = parents.len();
        Ok(())
    }

    /// The layers, to be added to, by the model that it was made for and for so many sequences.
    ///
    /// # Errors
    /// [`Error::Config`] if it was made for another model, or has another number of sequences.
    pub fn layers_mut(
        &mut self,
        at: &'static str,
        owner: &Owner,
        sequences: usize,
    ) -> Result<&mut [LayerCache]> {
        let refuse =
            |field, got: String, expected: String| Err(Error::Config { at, field, got, expected });
        if self.owner != owner.0 {
            let got = "of another model".to_owned();
            return refuse("the cache", got, "one that this model made".to_owned());
        }
        if self.sequences != sequences {
            let got = format!("for {} sequences", self.sequences);
            return refuse("the cache", got, format!("for {sequences}, as the batch has"));
        }
        Ok(&mut self.layers)
    }
}

/// Rows of the tokens that follow, and what is kept of those before them.
///
/// Made by [`HiddenStates::with_cache`]. The layer adds what it keeps of these tokens.
#[derive(Debug)]
#[non_exhaustive]
pub struct WithCache<'a, C> {
    /// The tokens that follow: for each sequence of the cache as many as there are, or none.
    pub states: HiddenStates<'a>,
    /// What is kept: [`LayerCache`] for a layer, [`KvCache`] for a stack of them.
    pub cache: &'a mut C,
}

impl<'a> HiddenStates<'a> {
    /// These tokens follow what is kept in a cache, and are added to it.
    ///
    /// A mask then counts queries and keys from the beginning of the sequence.
    #[must_use]
    pub fn with_cache<C>(self, cache: &'a mut C) -> WithCache<'a, C> {
        WithCache { states: self, cache }
    }
}
