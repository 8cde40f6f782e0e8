//! What a model has to be able to do for text to be written with it.

use lt_core::Ragged;

use crate::Logits;

/// A model that says what comes next, with a memory of what it has read.
///
/// The memory (KV cache, 键值缓存) belongs to the caller, so that one model serves many texts at a
/// time. It holds a batch of sequences; what is said of one never depends on the others.
///
/// An encoder-decoder is one too: the view of it that has already read a source text. Its
/// sequences begin with the decoder's start token.
///
/// transformers: the part of `GenerationMixin` that a model brings itself (`forward`,
/// `prepare_inputs_for_generation`, `reorder_cache`, `crop`).
///
/// A model that always goes on to the next number, and is a little unsure:
///
/// ```
/// use lt_core::Ragged;
/// use lt_generate::{LanguageModel, Logits, Wanted};
///
/// struct Counts;
/// impl LanguageModel for Counts {
///     type Cache = Vec<usize>; // how many tokens of each sequence were read
///     type Error = std::convert::Infallible;
///     fn vocabulary(&self) -> usize { 10 }
///     fn longest(&self) -> Option<usize> { None }
///     fn cache(&self, sequences: usize) -> Vec<usize> { vec![0; sequences] }
///     fn read(
///         &self, ids: &[u32], batch: &Ragged, wanted: Wanted, cache: &mut Vec<usize>,
///         logits: &mut Logits,
///     ) -> Result<(), Self::Error> {
///         logits.clear(10);
///         for (length, range) in cache.iter_mut().zip(batch.ranges()) {
///             *length += range.len();
///             for &id in &ids[wanted.of(range)] {
///                 logits.add_row()[(id as usize + 1) % 10] = 3.0;
///             }
///         }
///         Ok(())
///     }
///     fn select(&self, cache: &mut Vec<usize>, parents: &[usize]) -> Result<(), Self::Error> {
///         *cache = parents.iter().map(|&parent| cache[parent]).collect();
///         Ok(())
///     }
///     fn cut(&self, cache: &mut Vec<usize>, lengths: &[usize]) -> Result<(), Self::Error> {
///         cache.copy_from_slice(lengths);
///         Ok(())
///     }
/// }
/// let written = lt_generate::Generator::new(&Counts, Default::default())?.generate(&[[3, 4]])?;
/// assert_eq!(written[0].new_ids()[..4], [5, 6, 7, 8]);
/// # Ok::<(), lt_generate::GenerateError>(())
/// ```
pub trait LanguageModel {
    /// What it keeps of a batch of sequences.
    type Cache;
    /// What can go wrong while it reads.
    type Error: std::error::Error + Send + Sync + 'static;

    /// How many tokens it knows, v: ids are below it.
    fn vocabulary(&self) -> usize;

    /// The longest sequence that it may hold; `None` if any. A text may have one token more: nobody
    /// asks what comes behind its last.
    fn longest(&self) -> Option<usize>;

    /// An empty memory for this many sequences.
    fn cache(&self, sequences: usize) -> Self::Cache;

    /// Appends tokens to the sequences of the cache, and writes what may come next.
    ///
    /// # Shapes
    /// `batch` has one run of new ids, maybe an empty one, for each sequence of the cache. `logits`
    /// becomes `[rows, v]`: a row for the last new token of each sequence that has one, or for
    /// every new token, in the order of `ids`. What it held before is cleared; its memory is used
    /// again.
    ///
    /// # Errors
    /// What the model refuses: an unknown id, a sequence that grows too long.
    fn read(
        &self,
        ids: &[u32],
        batch: &Ragged,
        wanted: Wanted,
        cache: &mut Self::Cache,
        logits: &mut Logits,
    ) -> Result<(), Self::Error>;

    /// Sequence i becomes a copy of what sequence `parents[i]` was, shared where the model can:
    /// reorders, repeats and drops sequences. There may be more or fewer of them afterwards.
    ///
    /// # Errors
    /// If a parent does not exist.
    fn select(&self, cache: &mut Self::Cache, parents: &[usize]) -> Result<(), Self::Error>;

    /// Forgets what stands behind the first `lengths[i]` tokens of sequence i.
    ///
    /// # Errors
    /// If there is not one length for each sequence, or a sequence is shorter.
    fn cut(&self, cache: &mut Self::Cache, lengths: &[usize]) -> Result<(), Self::Error>;
}

/// For which tokens the next one is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The last new token of each sequence: to go on writing.
    Last,
    /// Every new token: to check what another model proposed.
    All,
}

impl Wanted {
    /// The part of a sequence's new tokens for which logits are wanted.
    ///
    /// ```
    /// use lt_generate::Wanted;
    /// assert_eq!(Wanted::Last.of(3..7), 6..7);
    /// assert_eq!(Wanted::All.of(3..7), 3..7);
    /// assert_eq!(Wanted::Last.of(3..3), 3..3); // of nothing, nothing
    /// ```
    #[must_use]
    pub fn of(self, tokens: std::ops::Range<usize>) -> std::ops::Range<usize> {
        match self {
            Self::Last => tokens.end.saturating_sub(1).max(tokens.start)..tokens.end,
            Self::All => tokens,
        }
    }
}
