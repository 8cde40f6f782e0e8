//! A model that text is written with.

use lt_attention::KvCache;
use lt_core::{Ragged, Result, Scratch, Threads};
use lt_embedding::TokenIds;
use lt_generate::{LanguageModel, Logits, Wanted};

use crate::CausalLm;

/// A [`CausalLm`] on some threads, ready for [`lt_generate`]: it says what comes next, and keeps
/// what it has read.
///
/// Made by [`CausalLm::writer`].
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    model: &'a CausalLm,
    threads: &'a Threads,
}

/// What a [`Writer`] keeps of a batch of sequences, and the buffers it works with.
#[derive(Debug)]
pub struct WriterCache {
    kept: KvCache,
    scratch: Scratch,
}

impl WriterCache {
    /// The keys and values that are kept.
    #[must_use]
    pub fn kept(&self) -> &KvCache {
        &self.kept
    }
}

impl CausalLm {
    /// The model on these threads, to write with.
    ///
    /// ```
    /// use lt_generate::{Generator, Settings};
    /// use lt_model::lt_config::{Gpt2Config, ModelConfig};
    /// use lt_model::lt_core::Threads;
    /// use lt_model::{CausalLm, Decoder};
    ///
    /// let config = Gpt2Config { n_embd: 12, n_head: 3, n_layer: 2, vocab_size: 7, ..Gpt2Config::default() };
    /// let model = CausalLm::zeros(&ModelConfig::Gpt2(config), Decoder::Tied)?;
    /// let threads = Threads::single();
    /// // Zeros score all words alike, and of equals the first is taken.
    /// let written = Generator::new(&model.writer(&threads), Settings::default())?.generate(&[[3, 1]])?;
    /// assert_eq!(written[0].new_ids(), [0; 20]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn writer<'a>(&'a self, threads: &'a Threads) -> Writer<'a> {
        Writer { model: self, threads }
    }
}

impl LanguageModel for Writer<'_> {
    type Cache = WriterCache;
    type Error = lt_core::Error;

    fn vocabulary(&self) -> usize {
        self.model.vocabulary()
    }

    fn longest(&self) -> Option<usize> {
        self.model.encoder().context()
    }

    fn cache(&self, sequences: usize) -> WriterCache {
        let scratch = Scratch::with_threads(self.threads.clone());
        WriterCache { kept: self.model.cache(sequences), scratch }
    }

    fn read(
        &self,
        ids: &[u32],
        batch: &Ragged,
        wanted: Wanted,
        cache: &mut WriterCache,
        logits: &mut Logits,
    ) -> Result<()> {
        let WriterCache { kept, scratch } = cache;
        let input = TokenIds::new(ids, batch);
        let hidden = self.model.encoder().hidden_with_cache(input, kept, scratch)?;
        let rows = || {
            let read = batch.ranges().filter(|range| !range.is_empty());
            read.flat_map(|range| wanted.of(range))
        };
        let mut asked = scratch.take_any(rows().count(), hidden.ncols()); // [n, d]
        for (row, mut asked) in rows().zip(asked.rows_mut()) {
            asked.assign(&hidden.row(row));
        }
        scratch.give(hidden);
        let scores = self.model.predict(asked.view(), scratch)?; // [n, v]
        scratch.give(asked);
        logits.clear(scores.ncols());
        let numbers = logits.add_rows(scores.nrows());
        numbers.iter_mut().zip(&scores).for_each(|(number, score)| *number = *score);
        scratch.give(scores);
        Ok(())
    }

    fn select(&self, cache: &mut WriterCache, parents: &[usize]) -> Result<()> {
        cache.kept.select(parents)
    }

    fn cut(&self, cache: &mut WriterCache, lengths: &[usize]) -> Result<()> {
        cache.kept.truncate(lengths)
    }
}
