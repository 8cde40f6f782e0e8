//! Tagging in which the labels of a sentence are learned together.

use std::marker::PhantomData;

use lt_core::{Backward, Params, Ragged, Result, Scratch, Train, Weight, zeros_like};
use lt_embedding::PredictAt;
use ndarray::Array2;

use super::{LabelledRows, Objective};
use crate::Crf;

/// A model that gives logits for words, and the field over their labels.
#[derive(Debug, Clone)]
pub struct WithCrf<M> {
    /// The model.
    pub model: M,
    /// The field.
    pub crf: Crf,
}

impl<M: Params> Params for WithCrf<M> {
    fn visit<'a>(&'a self, path: &mut lt_core::Path, visit: &mut dyn FnMut(&str, &'a Weight)) {
        path.enter("model", |path| self.model.visit(path, visit));
        path.enter("crf", |path| self.crf.visit(path, visit));
    }

    fn visit_mut(&mut self, path: &mut lt_core::Path, visit: &mut dyn FnMut(&str, &mut Weight)) {
        path.enter("model", |path| self.model.visit_mut(path, visit));
        path.enter("crf", |path| self.crf.visit_mut(path, visit));
    }
}

/// Learns the labels of words with a [`Crf`]: those of a sentence together, so that a sentence is
/// one label, and not each word as for [`Tagging`](super::Tagging).
#[derive(Debug)]
pub struct CrfTagging<M>(PhantomData<fn() -> M>);

impl<M> Default for CrfTagging<M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// The sentences of a shard, counted in words that have a label.
fn sentences(shard: &LabelledRows) -> Ragged {
    let words = shard.batch.sequences.ranges().map(|range| {
        let before = |end: usize| shard.rows.partition_point(|row| (*row as usize) < end);
        before(range.end) - before(range.start)
    });
    Ragged::from_lengths(words)
}

impl<M> Objective for CrfTagging<M>
where
    M: Params + Clone + Send + Sync + for<'a> Backward<PredictAt<'a>, Output = Array2<f32>>,
{
    type Model = WithCrf<M>;
    type Shard = LabelledRows;

    fn labels(&self, shard: &LabelledRows) -> usize {
        sentences(shard).ranges().filter(|words| !words.is_empty()).count()
    }

    fn tokens(&self, shard: &LabelledRows) -> usize {
        shard.batch.ids.len()
    }

    fn gradient(
        &self,
        model: &WithCrf<M>,
        shard: &LabelledRows,
        train: &mut Train,
        scale: f32,
        grads: &mut WithCrf<M>,
    ) -> Result<f64> {
        if shard.labels.is_empty() {
            return Ok(0.0);
        }
        shard.batch.announce(train);
        let input = shard.predict_at()?;
        let (logits, cache) = model.model.forward_cached(input, train)?; // [words, n]
        let words = sentences(shard);
        let found = model.crf.loss(logits.view(), &words, &shard.labels, scale, &mut grads.crf)?;
        let sum = found.sum;
        let d_logits = found.scaled(scale);
        model.model.backward(input, &cache, &d_logits, &mut grads.model, &mut train.scratch)?;
        Ok(sum)
    }

    fn loss(&self, model: &WithCrf<M>, shard: &LabelledRows, scratch: &mut Scratch) -> Result<f64> {
        if shard.labels.is_empty() {
            return Ok(0.0);
        }
        let logits = model.model.forward_in(shard.predict_at()?, scratch)?;
        let mut unused = zeros_like(&model.crf);
        let words = sentences(shard);
        Ok(model.crf.loss(logits.view(), &words, &shard.labels, 0.0, &mut unused)?.sum)
    }
}
