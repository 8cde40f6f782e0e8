//! Learning labels of rows: language modelling, and tagging.

use std::marker::PhantomData;

use lt_core::{Backward, Params, Result, Scratch, Train};
use lt_embedding::PredictAt;
use ndarray::Array2;

use super::{LabelledRows, Objective};
use crate::loss::CrossEntropy;

/// Learns the labels of rows by cross-entropy: the next token, or the hidden one. The model gives
/// logits `[rows, v]` for the rows that have a label, and for no others.
#[derive(Debug)]
pub struct LanguageModelling<M> {
    loss: CrossEntropy,
    model: PhantomData<fn() -> M>,
}

/// Learns the label of each word, each by itself: the same, with tags for tokens.
pub type Tagging<M> = LanguageModelling<M>;

impl<M> LanguageModelling<M> {
    /// With this cross-entropy.
    #[must_use]
    pub fn new(loss: CrossEntropy) -> Self {
        Self { loss, model: PhantomData }
    }
}

impl<M> Default for LanguageModelling<M> {
    /// With plain cross-entropy.
    fn default() -> Self {
        Self::new(CrossEntropy::new())
    }
}

impl<M> Objective for LanguageModelling<M>
where
    M: Params + Clone + Send + Sync + for<'a> Backward<PredictAt<'a>, Output = Array2<f32>>,
{
    type Model = M;
    type Shard = LabelledRows;

    fn labels(&self, shard: &LabelledRows) -> usize {
        shard.labels.len()
    }

    fn tokens(&self, shard: &LabelledRows) -> usize {
        shard.batch.ids.len()
    }

    fn gradient(
        &self,
        model: &M,
        shard: &LabelledRows,
        train: &mut Train,
        scale: f32,
        grads: &mut M,
    ) -> Result<f64> {
        if shard.labels.is_empty() {
            return Ok(0.0);
        }
        shard.batch.announce(train);
        let (logits, cache) = model.forward_cached(shard.predict_at()?, train)?; // [rows, v]
        let loss = self.loss.sum(logits.view(), &shard.labels)?;
        let sum = loss.sum;
        let d_logits = loss.scaled(scale);
        model.backward(shard.predict_at()?, &cache, &d_logits, grads, &mut train.scratch)?;
        Ok(sum)
    }

    fn loss(&self, model: &M, shard: &LabelledRows, scratch: &mut Scratch) -> Result<f64> {
        if shard.labels.is_empty() {
            return Ok(0.0);
        }
        let logits = model.forward_in(shard.predict_at()?, scratch)?;
        Ok(self.loss.sum(logits.view(), &shard.labels)?.sum)
    }
}
