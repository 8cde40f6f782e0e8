//! Learning how alike two texts are from scores that people gave.

use std::marker::PhantomData;

use lt_core::{Backward, Params, Result, Scratch, Train};
use lt_model::TokenIds;
use lt_train::Objective;
use lt_train::data::{Drawn, Tokens};
use lt_train::objective::{PairShard, Pooling, SentencePair};
use ndarray::{Array2, ArrayView1};

/// Two texts, and how alike they are: a cosine, from −1 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScoredPair {
    pub(crate) pair: SentencePair,
    pub(crate) score: f32,
}

impl Tokens for ScoredPair {
    fn tokens(&self) -> usize {
        self.pair.tokens()
    }
}

/// A shard of pairs, and their scores.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScoredShard {
    pairs: PairShard,
    scores: Vec<f32>,
}

impl ScoredShard {
    pub(crate) fn of_drawn(drawn: Vec<Drawn<ScoredPair>>) -> Self {
        let scores = drawn.iter().map(|of| of.example.score).collect();
        let pairs: Vec<Drawn<SentencePair>> =
            drawn.into_iter().map(|of| Drawn::new(of.example.pair, of.number, of.epoch)).collect();
        Self { pairs: PairShard::of_drawn(&pairs), scores }
    }
}

/// Learns that the cosine of two vectors is the score of their texts: the loss of a pair is
/// (cos − score)².
///
/// [Reimers & Gurevych 2019](https://arxiv.org/abs/1908.10084), section 3, "Regression Objective
/// Function". sentence-transformers: `CosineSimilarityLoss`.
#[derive(Debug)]
pub(crate) struct ScoredPairs<M> {
    pooling: Pooling,
    model: PhantomData<fn() -> M>,
}

impl<M> ScoredPairs<M> {
    pub(crate) fn new(pooling: Pooling) -> Self {
        Self { pooling, model: PhantomData }
    }
}

/// The loss of all pairs, and what it is by each vector, times `scale`.
fn loss(
    (first, second): (&Array2<f32>, &Array2<f32>),
    scores: &[f32],
    scale: f32,
) -> (f64, Array2<f32>, Array2<f32>) {
    let mut sum = 0.0;
    let (mut d_first, mut d_second) =
        (Array2::zeros(first.raw_dim()), Array2::zeros(second.raw_dim()));
    for (row, &score) in scores.iter().enumerate() {
        let (x, y) = (first.row(row), second.row(row));
        let (of_x, of_y) = (dot(x, x).sqrt(), dot(y, y).sqrt());
        if of_x == 0.0 || of_y == 0.0 {
            sum += f64::from(score) * f64::from(score);
            continue;
        }
        let cosine = dot(x, y) / (of_x * of_y);
        let difference = cosine - f64::from(score);
        sum += difference * difference;
        // forward: loss = (c − s)², c = x·y / (|x| |y|)
        //   ⇒  backward: dx = 2 (c − s) (y / (|x| |y|) − c x / |x|²), and dy likewise
        let d_cosine = 2.0 * difference * f64::from(scale);
        for column in 0..x.len() {
            let (x, y) = (f64::from(x[column]), f64::from(y[column]));
            d_first[[row, column]] =
                (d_cosine * (y / (of_x * of_y) - cosine * x / (of_x * of_x))) as f32;
            d_second[[row, column]] =
                (d_cosine * (x / (of_x * of_y) - cosine * y / (of_y * of_y))) as f32;
        }
    }
    (sum, d_first, d_second)
}

fn dot(x: ArrayView1<'_, f32>, y: ArrayView1<'_, f32>) -> f64 {
    x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}

impl<M> Objective for ScoredPairs<M>
where
    M: Params + Clone + Send + Sync + for<'a> Backward<TokenIds<'a>, Output = Array2<f32>>,
{
    type Model = M;
    type Shard = ScoredShard;

    fn labels(&self, shard: &ScoredShard) -> usize {
        shard.scores.len()
    }

    fn tokens(&self, shard: &ScoredShard) -> usize {
        shard.pairs.queries.ids.len() + shard.pairs.documents.ids.len()
    }

    fn gradient(
        &self,
        model: &M,
        shard: &ScoredShard,
        train: &mut Train,
        scale: f32,
        grads: &mut M,
    ) -> Result<f64> {
        let (queries, documents) = (&shard.pairs.queries, &shard.pairs.documents);
        let mut run = |batch: &lt_train::objective::TokenBatch| {
            *train = std::mem::take(train).with_numbers(&batch.numbers, &batch.sequences);
            let (rows, cache) = model.forward_cached(batch.input(), train)?; // [tokens, d]
            Ok((self.pooling.forward(rows.view(), &batch.sequences)?, cache)) // [b, d]
        };
        let (first, of_first): (Array2<f32>, M::Cache) = run(queries)?;
        let (second, of_second) = run(documents)?;
        let (sum, d_first, d_second) = loss((&first, &second), &shard.scores, scale);
        for (batch, cache, d) in [(queries, of_first, d_first), (documents, of_second, d_second)] {
            let d_rows = self.pooling.backward(d.view(), &batch.sequences)?;
            model.backward(batch.input(), &cache, &d_rows, grads, &mut train.scratch)?;
        }
        Ok(sum)
    }

    fn loss(&self, model: &M, shard: &ScoredShard, scratch: &mut Scratch) -> Result<f64> {
        let mut vectors = |batch: &lt_train::objective::TokenBatch| {
            let rows = model.forward_in(batch.input(), scratch)?;
            self.pooling.forward(rows.view(), &batch.sequences)
        };
        let (first, second) = (vectors(&shard.pairs.queries)?, vectors(&shard.pairs.documents)?);
        Ok(loss((&first, &second), &shard.scores, 0.0).0)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let (x, y) = (
            array![[0.3_f32, -0.8, 1.1], [0.0, 0.0, 0.0]],
            array![[0.5_f32, 0.2, -0.4], [1.0, 2.0, 3.0]],
        );
        let scores = [0.25, 0.5];
        let (sum, d_x, d_y) = loss((&x, &y), &scores, 3.0);
        // By hand: the second pair has no direction, so that its cosine counts as 0.
        let cosine = (0.15 - 0.16 - 0.44) / (1.94_f64 * 0.45).sqrt();
        assert!((sum - ((cosine - 0.25).powi(2) + 0.25)).abs() < 1e-6);
        let h = 1e-3_f32;
        for column in 0..3 {
            let at = |of_x: f32, of_y: f32| {
                let (mut x, mut y) = (x.clone(), y.clone());
                x[[0, column]] += of_x;
                y[[0, column]] += of_y;
                loss((&x, &y), &scores, 0.0).0
            };
            let slope_x = 3.0 * (at(h, 0.0) - at(-h, 0.0)) / (2.0 * f64::from(h));
            let slope_y = 3.0 * (at(0.0, h) - at(0.0, -h)) / (2.0 * f64::from(h));
            assert!((slope_x - f64::from(d_x[[0, column]])).abs() < 1e-3);
            assert!((slope_y - f64::from(d_y[[0, column]])).abs() < 1e-3);
        }
        assert!(d_x.row(1).iter().chain(d_y.row(1)).all(|d| *d == 0.0));
    }
}
