//! A model that is a table.

use std::sync::atomic::{AtomicUsize, Ordering};

use lt_core::Ragged;

use crate::{LanguageModel, Logits, Wanted};

/// A model whose scores are a function of the last two tokens: to see what decoding does, and to
/// test it, where a real model would be in the way.
///
/// ```
/// use lt_core::Ragged;
/// use lt_generate::{LanguageModel, Logits, TableModel, Wanted};
/// let model = TableModel::new(2, |before, last, next| f32::from(before == Some(last) && last == next));
/// let (mut cache, mut logits) = (model.cache(1), Logits::default());
/// model.read(&[0, 0], &Ragged::single(2), Wanted::All, &mut cache, &mut logits)?;
/// assert_eq!(logits.numbers(), [0.0, 0.0, 1.0, 0.0]); // after 0, and after 0 0
/// # Ok::<(), lt_generate::TableError>(())
/// ```
pub struct TableModel<F> {
    vocabulary: usize,
    longest: Option<usize>,
    score: F,
    passes: AtomicUsize,
}

impl<F: Fn(Option<u32>, u32, u32) -> f32> TableModel<F> {
    /// `score` of the token before the last one if there is one, the last one, and the next one.
    #[must_use]
    pub fn new(vocabulary: usize, score: F) -> Self {
        Self { vocabulary, longest: None, score, passes: AtomicUsize::new(0) }
    }

    /// No sequence longer than this.
    #[must_use]
    pub fn with_longest(mut self, longest: usize) -> Self {
        self.longest = Some(longest);
        self
    }

    /// How often it was asked to read.
    pub fn passes(&self) -> usize {
        self.passes.load(Ordering::Relaxed)
    }
}

/// What a [`TableModel`] refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Sequences, lengths or parents that the memory does not have.
    #[error(
        "expected one entry for each of the {expected} sequences, or fewer tokens than were read; got {got}"
    )]
    Memory {
        /// How many there are.
        expected: usize,
        /// What came.
        got: usize,
    },
    /// A token beyond the vocabulary.
    #[error("token {id} is not in the vocabulary, expected an id below {vocabulary}")]
    UnknownId {
        /// The token.
        id: u32,
        /// How many there are.
        vocabulary: usize,
    },
    /// A sequence that grows beyond the model's longest.
    #[error("a sequence of {length} tokens, expected at most {limit}")]
    TooLong {
        /// Its length.
        length: usize,
        /// The most that fits.
        limit: usize,
    },
}

impl<F: Fn(Option<u32>, u32, u32) -> f32> LanguageModel for TableModel<F> {
    /// The tokens that were read: a memory that is easy to look at.
    type Cache = Vec<Vec<u32>>;
    type Error = TableError;

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn longest(&self) -> Option<usize> {
        self.longest
    }

    fn cache(&self, sequences: usize) -> Self::Cache {
        // Room for some tokens, so that reading them allocates nothing.
        (0..sequences).map(|_| Vec::with_capacity(1024)).collect()
    }

    fn read(
        &self,
        ids: &[u32],
        batch: &Ragged,
        wanted: Wanted,
        cache: &mut Self::Cache,
        logits: &mut Logits,
    ) -> Result<(), TableError> {
        if batch.len() != cache.len() || batch.tokens() != ids.len() {
            return Err(TableError::Memory { expected: cache.len(), got: batch.len() });
        }
        self.passes.fetch_add(1, Ordering::Relaxed);
        logits.clear(self.vocabulary);
        for (memory, range) in cache.iter_mut().zip(batch.ranges()) {
            let asked = wanted.of(range.clone());
            for (place, &id) in range.clone().zip(&ids[range]) {
                if id as usize >= self.vocabulary {
                    return Err(TableError::UnknownId { id, vocabulary: self.vocabulary });
                }
                let before = memory.last().copied();
                memory.push(id);
                if asked.contains(&place) {
                    for (next, logit) in (0..).zip(logits.add_row()) {
                        *logit = (self.score)(before, id, next);
                    }
                }
            }
            if let Some(limit) = self.longest.filter(|&limit| memory.len() > limit) {
                return Err(TableError::TooLong { length: memory.len(), limit });
            }
        }
        Ok(())
    }

    fn select(&self, cache: &mut Self::Cache, parents: &[usize]) -> Result<(), TableError> {
        let (expected, missing) =
            (cache.len(), parents.iter().find(|&&parent| parent >= cache.len()));
        if let Some(&got) = missing {
            return Err(TableError::Memory { expected, got });
        }
        *cache = parents.iter().map(|&parent| cache[parent].clone()).collect();
        Ok(())
    }

    fn cut(&self, cache: &mut Self::Cache, lengths: &[usize]) -> Result<(), TableError> {
        if cache.len() != lengths.len() {
            return Err(TableError::Memory { expected: cache.len(), got: lengths.len() });
        }
        for (memory, &length) in cache.iter_mut().zip(lengths) {
            if length > memory.len() {
                return Err(TableError::Memory { expected: memory.len(), got: length });
            }
            memory.truncate(length);
        }
        Ok(())
    }
}

impl<F> std::fmt::Debug for TableModel<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableModel")
            .field("vocabulary", &self.vocabulary)
            .field("longest", &self.longest)
            .finish_non_exhaustive()
    }
}
