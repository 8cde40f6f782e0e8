//! Sentence vectors learned from another model's.

use std::marker::PhantomData;

use lt_core::{Backward, Params, Result, Scratch, Shape, Train, shape};
use ndarray::Array2;

use super::{Objective, Pooling, Reads, ReadsIds, Sequence, TokenBatch};
use crate::data::{Drawn, Tokens};
use crate::loss::{Loss, cosine_distance};

/// A text, and the vector that another model has for it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaughtSequence {
    /// The tokens.
    pub sequence: Sequence,
    /// The vector, `[d]`.
    pub vector: Vec<f32>,
}

impl TaughtSequence {
    /// This text with this vector.
    #[must_use]
    pub fn new(sequence: Sequence, vector: Vec<f32>) -> Self {
        Self { sequence, vector }
    }
}

impl Tokens for TaughtSequence {
    fn tokens(&self) -> usize {
        self.sequence.tokens()
    }
}

/// A batch, and the vector that each of its texts is to have.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaughtTexts {
    /// The batch.
    pub batch: TokenBatch,
    /// The vectors, `[b, d]`.
    pub vectors: Array2<f32>,
}

impl TaughtTexts {
    /// Of those that were drawn.
    ///
    /// # Errors
    /// [`lt_core::Error::Shape`] if the vectors are not all of one width.
    pub fn of_drawn(drawn: &[Drawn<TaughtSequence>]) -> Result<Self> {
        let batch = TokenBatch::of(drawn.iter().map(|of| (of.number, &of.example.sequence)));
        let d = drawn.first().map_or(0, |of| of.example.vector.len());
        let vectors = drawn.iter().flat_map(|of| of.example.vector.iter().copied()).collect();
        let vectors = match drawn.iter().find(|of| of.example.vector.len() != d) {
            Some(other) => Err(Shape::of(&[other.example.vector.len()])),
            None => Array2::from_shape_vec((drawn.len(), d), vectors).map_err(|_| Shape::of(&[])),
        };
        let expected = || shape![d];
        let vectors = vectors.map_err(|got| lt_core::Error::Shape {
            at: "TaughtTexts::of_drawn",
            expected: expected(),
            got,
        })?;
        Ok(Self { batch, vectors })
    }
}

/// Learns to have the vectors of another model, by cosine distance.
///
/// [Reimers & Gurevych 2020](https://arxiv.org/abs/2004.09813), section 3, with the cosine in place
/// of the squared distance.
#[derive(Debug)]
pub struct VectorDistillation<M, R = ReadsIds> {
    pooling: Pooling,
    model: PhantomData<fn() -> (M, R)>,
}

impl<M, R> VectorDistillation<M, R> {
    /// Of vectors that are pooled in this way.
    #[must_use]
    pub fn new(pooling: Pooling) -> Self {
        Self { pooling, model: PhantomData }
    }

    fn distance(&self, rows: &Array2<f32>, shard: &TaughtTexts) -> Result<Loss> {
        let vectors = self.pooling.forward(rows.view(), &shard.batch.sequences)?; // [b, d]
        cosine_distance(vectors.view(), shard.vectors.view())
    }
}

impl<M, R> Objective for VectorDistillation<M, R>
where
    R: Reads,
    M: Params + Clone + Send + Sync + for<'a> Backward<R::Input<'a>, Output = Array2<f32>>,
{
    type Model = M;
    type Shard = TaughtTexts;

    fn labels(&self, shard: &TaughtTexts) -> usize {
        shard.vectors.nrows()
    }

    fn tokens(&self, shard: &TaughtTexts) -> usize {
        shard.batch.ids.len()
    }

    fn gradient(
        &self,
        model: &M,
        shard: &TaughtTexts,
        train: &mut Train,
        scale: f32,
        grads: &mut M,
    ) -> Result<f64> {
        shard.batch.announce(train);
        let input = R::input(shard.batch.input());
        let (rows, cache) = model.forward_cached(input, train)?;
        let loss = self.distance(&rows, shard)?;
        let sum = loss.sum;
        let d_rows = self.pooling.backward(loss.scaled(scale).view(), &shard.batch.sequences)?;
        model.backward(input, &cache, &d_rows, grads, &mut train.scratch)?;
        Ok(sum)
    }

    fn loss(&self, model: &M, shard: &TaughtTexts, scratch: &mut Scratch) -> Result<f64> {
        let rows = model.forward_in(R::input(shard.batch.input()), scratch)?;
        Ok(self.distance(&rows, shard)?.sum)
    }
}
