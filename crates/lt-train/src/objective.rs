//! What is trained for: from token ids to inputs and labels, and from labels to a gradient.

mod answering;
mod causal;
mod classification;
mod crf_tagging;
mod language_modelling;
mod masking;
mod pooling;
mod sentence_pairs;
mod sequence;
mod span_corruption;
mod tagging;
mod vector_distillation;

pub use answering::{AnswerShard, AnswerWindow, Answering, Scores};
pub use causal::next_tokens;
pub use classification::{Classification, LabelledSequence, LabelledTexts};
pub use crf_tagging::{CrfTagging, WithCrf};
pub use language_modelling::{LanguageModelling, Tagging};
pub use masking::{Masked, Masking, Whole};
pub use pooling::Pooling;
pub use sentence_pairs::{PairShard, Reads, ReadsIds, SentencePair, SentencePairs};
pub use sequence::{LabelledRows, Sequence, TokenBatch};
pub use span_corruption::{Corrupted, SpanCorruption};
pub use tagging::{TaggedSequence, first_pieces};
pub use vector_distillation::{TaughtSequence, TaughtTexts, VectorDistillation};

use lt_core::{Params, Result, Scratch, Train};

/// What a model is trained for: how a shard of a batch becomes a loss and a gradient.
///
/// A *shard* (分片) is the part of a step's data that one thread computes at a time. How a step is
/// cut into shards is settled by the recipe, never by the machine, because it decides in which
/// order gradients are added.
pub trait Objective: Sync {
    /// The model: `Clone`, because a gradient is a model of zeros.
    type Model: Params + Clone + Send + Sync;
    /// The data of one shard.
    type Shard: Send + Sync;

    /// How many labels a shard has: what its loss is a sum over. A step divides by those of all
    /// its shards, and has to know them before any gradient.
    fn labels(&self, shard: &Self::Shard) -> usize;

    /// How many tokens a shard has: for the log alone.
    fn tokens(&self, shard: &Self::Shard) -> usize {
        self.labels(shard)
    }

    /// The loss summed over the labels of a shard; adds `scale` times its gradient to `grads`.
    ///
    /// Computes with one thread (that of `train.scratch`), and depends on nothing but its
    /// arguments: then a step has the same bits on any number of workers.
    ///
    /// # Errors
    /// What the model refuses.
    fn gradient(
        &self,
        model: &Self::Model,
        shard: &Self::Shard,
        train: &mut Train,
        scale: f32,
        grads: &mut Self::Model,
    ) -> Result<f64>;

    /// The loss summed over the labels of a shard, as in use: nothing is dropped.
    ///
    /// # Errors
    /// What the model refuses.
    fn loss(&self, model: &Self::Model, shard: &Self::Shard, scratch: &mut Scratch) -> Result<f64>;
}
