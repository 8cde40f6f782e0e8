//! Examples made of the records of files when they are needed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Foreign;
use super::{Corpus, DataError, Examples, Format, Order, Tokens};

/// Examples of a [`Corpus`] that may be larger than memory: each block is read and tokenized when
/// one of its examples is asked for, and those used last are kept.
///
/// All of it is tokenized once in the beginning, for the lengths: four bytes an example stay.
pub struct Streamed<F, X, E> {
    corpus: Corpus<F>,
    encode: E,
    lengths: Vec<u32>,
    blocks: Vec<u32>,
    /// The number of each block's first example, and behind the last one their number.
    firsts: Vec<u32>,
    kept: Mutex<VecDeque<(usize, Arc<Vec<X>>)>>,
    most_kept: usize,
}

impl<F, X, E> fmt::Debug for Streamed<F, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("examples", &self.lengths.len()).finish_non_exhaustive()
    }
}

impl<F, X, E> Streamed<F, X, E>
where
    F: Format,
    X: Tokens,
    E: Fn(Vec<F::Record>) -> Result<Vec<X>, Foreign>,
{
    /// The examples that `encode` makes of the records of a block. It may make any number of them
    /// (cut long texts, put short ones together), but always the same of the same records.
    ///
    /// # Errors
    /// [`DataError`] if a block cannot be read or encoded, or if there is no example.
    pub fn new(corpus: Corpus<F>, order: Order, encode: E) -> Result<Self, DataError> {
        let (lengths, blocks, firsts) = (Vec::new(), Vec::new(), vec![0]);
        let (kept, most_kept) = (Mutex::default(), order.mixed() + 1);
        let mut this = Self { corpus, encode, lengths, blocks, firsts, kept, most_kept };
        for block in 0..this.corpus.blocks() {
            let examples = this.read(block)?;
            this.lengths.extend(examples.iter().map(|example| example.tokens() as u32));
            this.blocks.push(examples.len() as u32);
            this.firsts.push(this.lengths.len() as u32);
        }
        if this.lengths.is_empty() {
            return Err(DataError::NoExamples { records: this.corpus.len() });
        }
        Ok(this)
    }

    /// The files.
    #[must_use]
    pub fn corpus(&self) -> &Corpus<F> {
        &self.corpus
    }

    fn read(&self, block: usize) -> Result<Vec<X>, DataError> {
        let records = self.corpus.read(block)?;
        let encoded = (self.encode)(records).map_err(|source| {
            let what = format!("block {block} of {}", self.corpus.blocks());
            DataError::Encode { what, source }
        })?;
        Ok(encoded.into_iter().filter(|example| example.tokens() > 0).collect())
    }

    /// The examples of a block, from what is kept if they are there.
    fn block(&self, block: usize) -> Result<Arc<Vec<X>>, Foreign> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|(number, _)| *number == block)
            && let Some((_, examples)) = kept.remove(place)
        {
            kept.push_back((block, Arc::clone(&examples)));
            return Ok(examples);
        }
        if kept.len() >= self.most_kept {
            kept.pop_front();
        }
        let examples = Arc::new(self.read(block)?);
        if Some(examples.len()) != self.blocks.get(block).map(|n| *n as usize) {
            return Err(format!("block {block} has other examples than before").into());
        }
        kept.push_back((block, Arc::clone(&examples)));
        Ok(examples)
    }
}

impl<F, X, E> Examples for Streamed<F, X, E>
where
    F: Format,
    X: Tokens + Clone,
    E: Fn(Vec<F::Record>) -> Result<Vec<X>, Foreign>,
{
    type Example = X;

    fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    fn blocks(&self) -> &[u32] {
        &self.blocks
    }

    fn get(&self, numbers: &[u32]) -> Result<Vec<X>, Foreign> {
        let example = |number: &u32| {
            // The block whose first is the last that is not behind it.
            let block = self.firsts.partition_point(|first| first <= number).saturating_sub(1);
            let examples = self.block(block)?;
            let first = self.firsts.get(block).copied().unwrap_or_default();
            let found = examples.get((number - first) as usize).cloned();
            found.ok_or_else(|| format!("no example {number} of {}", self.lengths.len()).into())
        };
        numbers.iter().map(example).collect()
    }
}
