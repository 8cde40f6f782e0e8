//! Tagging in which the labels of a sentence are learned together.

use std::marker::PhantomData;

use lt_core::{Backward, Params, Ragged, Result, Scratch, Train, Weight, weights};
use lt_embedding::PredictAt;
use ndarray::Array2;

use super::{Crf, LabelledRows, Objective};

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

/// Learns the labels of words with a [`Crf`]. The loss is that of whole sentences; it is divided by
/// words, as that of [`Tagging`](super::Tagging) is.
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
        shard.labels.len()
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
        let loss = model.crf.sum(logits.view(), &sentences(shard), &shard.labels)?;
        let d_logits = loss.d_logits * scale;
        model.model.backward(input, &cache, &d_logits, &mut grads.model, &mut train.scratch)?;
        let mut found = weights(&loss.d_crf).into_iter();
        grads.crf.visit_mut(&mut lt_core::Path::default(), &mut |_, total| {
            let Some((_, found)) = found.next() else { return };
            total.add(&found.f32().iter().map(|d| scale * d).collect::<Vec<f32>>());
        });
        Ok(loss.sum)
    }

    fn loss(&self, model: &WithCrf<M>, shard: &LabelledRows, scratch: &mut Scratch) -> Result<f64> {
        if shard.labels.is_empty() {
            return Ok(0.0);
        }
        let logits = model.model.forward_in(shard.predict_at()?, scratch)?;
        Ok(model.crf.sum(logits.view(), &sentences(shard), &shard.labels)?.sum)
    }
}
