//! Learning a label for each text, or pair of texts.

use std::marker::PhantomData;

use lt_core::{Backward, Params, Result, Scratch, Train};
use lt_embedding::TokenIds;
use ndarray::Array2;

use super::{Objective, Sequence, TokenBatch};
use crate::data::{Drawn, Tokens};
use crate::loss::CrossEntropy;

/// A text, or a pair of texts in one sequence, and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelledSequence {
    /// The tokens; of a pair, `segments` says which text each is from.
    pub sequence: Sequence,
    /// The label.
    pub label: u32,
}

impl LabelledSequence {
    /// This text with this label.
    #[must_use]
    pub fn new(sequence: Sequence, label: u32) -> Self {
        Self { sequence, label }
    }
}

impl Tokens for LabelledSequence {
    fn tokens(&self) -> usize {
        self.sequence.tokens()
    }
}

/// A batch, and the label of each of its sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LabelledTexts {
    /// The batch.
    pub batch: TokenBatch,
    /// The labels, `[b]`.
    pub labels: Vec<u32>,
}

impl LabelledTexts {
    /// Of those that were drawn.
    ///
    /// ```
    /// use lt_train::{data::Drawn, objective::{LabelledSequence, LabelledTexts, Sequence}};
    /// let text = LabelledSequence::new(Sequence::new(vec![2, 5, 3]), 1);
    /// let shard = LabelledTexts::of_drawn(&[Drawn::new(text.clone(), 0, 0), Drawn::new(text, 1, 0)]);
    /// assert_eq!((shard.batch.ids.len(), shard.labels), (6, vec![1, 1]));
    /// ```
    #[must_use]
    pub fn of_drawn(drawn: &[Drawn<LabelledSequence>]) -> Self {
        let batch = TokenBatch::of(drawn.iter().map(|of| (of.number, &of.example.sequence)));
        Self { batch, labels: drawn.iter().map(|of| of.example.label).collect() }
    }
}

/// Learns the labels of texts by cross-entropy: the model gives logits `[b, n]`.
#[derive(Debug)]
pub struct Classification<M> {
    loss: CrossEntropy,
    model: PhantomData<fn() -> M>,
}

impl<M> Classification<M> {
    /// With this cross-entropy.
    #[must_use]
    pub fn new(loss: CrossEntropy) -> Self {
        Self { loss, model: PhantomData }
    }
}

impl<M> Default for Classification<M> {
    /// With plain cross-entropy.
    fn default() -> Self {
        Self::new(CrossEntropy::new())
    }
}

impl<M> Objective for Classification<M>
where
    M: Params + Clone + Send + Sync + for<'a> Backward<TokenIds<'a>, Output = Array2<f32>>,
{
    type Model = M;
    type Shard = LabelledTexts;

    fn labels(&self, shard: &LabelledTexts) -> usize {
        shard.labels.len()
    }

    fn tokens(&self, shard: &LabelledTexts) -> usize {
        shard.batch.ids.len()
    }

    fn gradient(
        &self,
        model: &M,
        shard: &LabelledTexts,
        train: &mut Train,
        scale: f32,
        grads: &mut M,
    ) -> Result<f64> {
        shard.batch.announce(train);
        let input = shard.batch.input();
        let (logits, cache) = model.forward_cached(input, train)?; // [b, n]
        let loss = self.loss.sum(logits.view(), &shard.labels)?;
        let sum = loss.sum;
        model.backward(input, &cache, &loss.scaled(scale), grads, &mut train.scratch)?;
        Ok(sum)
    }

    fn loss(&self, model: &M, shard: &LabelledTexts, scratch: &mut Scratch) -> Result<f64> {
        let logits = model.forward_in(shard.batch.input(), scratch)?;
        Ok(self.loss.sum(logits.view(), &shard.labels)?.sum)
    }
}
