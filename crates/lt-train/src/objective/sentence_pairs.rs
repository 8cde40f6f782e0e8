//! Sentence vectors (句向量): of texts that belong together, close to each other.

use std::marker::PhantomData;

use lt_core::{Backward, Params, Result, Scratch, Train};
use lt_embedding::TokenIds;
use ndarray::Array2;

use super::{Objective, Pooling, Sequence, TokenBatch};
use crate::data::{Drawn, Tokens};
use crate::loss::InfoNce;

/// Two texts that belong together: a question and what answers it, a sentence and its paraphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentencePair {
    /// What is searched with.
    pub query: Sequence,
    /// What is to be found.
    pub document: Sequence,
}

impl SentencePair {
    /// These two.
    #[must_use]
    pub fn new(query: Sequence, document: Sequence) -> Self {
        Self { query, document }
    }
}

impl Tokens for SentencePair {
    fn tokens(&self) -> usize {
        self.query.tokens() + self.document.tokens()
    }
}

/// A shard of pairs: query i belongs to document i, and all other documents of the shard are what
/// must not be found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairShard {
    /// The queries.
    pub queries: TokenBatch,
    /// The documents.
    pub documents: TokenBatch,
}

impl PairShard {
    /// Of those that were drawn.
    ///
    /// ```
    /// use lt_train::{data::Drawn, objective::{PairShard, Sequence, SentencePair}};
    /// let pair = SentencePair::new(Sequence::new(vec![1]), Sequence::new(vec![2, 3]));
    /// let shard = PairShard::of_drawn(&[Drawn::new(pair, 4, 0)]);
    /// assert_eq!((shard.queries.numbers, shard.documents.numbers), (vec![8], vec![9]));
    /// ```
    #[must_use]
    pub fn of_drawn(drawn: &[Drawn<SentencePair>]) -> Self {
        let queries = drawn.iter().map(|of| (2 * of.number, &of.example.query));
        let documents = drawn.iter().map(|of| (2 * of.number + 1, &of.example.document));
        Self { queries: TokenBatch::of(queries), documents: TokenBatch::of(documents) }
    }
}

/// How a model takes token ids, if not as [`TokenIds`] themselves.
///
/// A model may give several things for the same ids, and tell by the type of its input which.
pub trait Reads {
    /// The input.
    type Input<'a>: Copy;

    /// The input with these ids.
    fn input(ids: TokenIds<'_>) -> Self::Input<'_>;
}

/// Takes [`TokenIds`].
#[derive(Debug, Clone, Copy)]
pub struct ReadsIds;

impl Reads for ReadsIds {
    type Input<'a> = TokenIds<'a>;

    fn input(ids: TokenIds<'_>) -> TokenIds<'_> {
        ids
    }
}

/// Learns sentence vectors by InfoNCE: of all documents of the shard, the query's own is to be the
/// most similar. More pairs in a shard are more to tell apart, so that how a step is cut is part
/// of what is learned: it is in the recipe.
///
/// The model gives hidden states `[tokens, d]`; they are pooled here.
///
/// [Reimers & Gurevych 2019](https://arxiv.org/abs/1908.10084), section 3;
/// [Henderson et al. 2017](https://arxiv.org/abs/1705.00652), section 4.
#[derive(Debug)]
pub struct SentencePairs<M, R = ReadsIds> {
    loss: InfoNce,
    pooling: Pooling,
    model: PhantomData<fn() -> (M, R)>,
}

impl<M, R> SentencePairs<M, R> {
    /// With this loss, of vectors that are pooled in this way.
    #[must_use]
    pub fn new(loss: InfoNce, pooling: Pooling) -> Self {
        Self { loss, pooling, model: PhantomData }
    }
}

impl<M, R> Objective for SentencePairs<M, R>
where
    R: Reads,
    M: Params + Clone + Send + Sync + for<'a> Backward<R::Input<'a>, Output = Array2<f32>>,
{
    type Model = M;
    type Shard = PairShard;

    fn labels(&self, shard: &PairShard) -> usize {
        shard.queries.sequences.len()
    }

    fn tokens(&self, shard: &PairShard) -> usize {
        shard.queries.ids.len() + shard.documents.ids.len()
    }

    fn gradient(
        &self,
        model: &M,
        shard: &PairShard,
        train: &mut Train,
        scale: f32,
        grads: &mut M,
    ) -> Result<f64> {
        let (first, second) = (&shard.queries, &shard.documents);
        first.announce(train);
        let (queries, query_cache) = model.forward_cached(R::input(first.input()), train)?;
        second.announce(train);
        let (documents, document_cache) = model.forward_cached(R::input(second.input()), train)?;
        let loss = self.loss.sum(
            self.pooling.forward(queries.view(), &first.sequences)?.view(), // [b, d]
            self.pooling.forward(documents.view(), &second.sequences)?.view(),
        )?;
        let scratch = &mut train.scratch;
        for (batch, cache, d_vectors) in
            [(first, query_cache, loss.d_queries), (second, document_cache, loss.d_documents)]
        {
            let d_vectors = d_vectors * scale;
            let d_rows = self.pooling.backward(d_vectors.view(), &batch.sequences)?;
            model.backward(R::input(batch.input()), &cache, &d_rows, grads, scratch)?;
        }
        Ok(loss.sum)
    }

    fn loss(&self, model: &M, shard: &PairShard, scratch: &mut Scratch) -> Result<f64> {
        let mut vectors = |batch: &TokenBatch| {
            let rows = model.forward_in(R::input(batch.input()), scratch)?;
            self.pooling.forward(rows.view(), &batch.sequences)
        };
        let (queries, documents) = (vectors(&shard.queries)?, vectors(&shard.documents)?);
        Ok(self.loss.sum(queries.view(), documents.view())?.sum)
    }
}
