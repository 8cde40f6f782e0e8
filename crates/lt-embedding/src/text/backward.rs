//! The derivative of the input of a model.

use lt_core::{Backward, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_layers::Dropped;
use ndarray::Array2;

use super::{TextEmbeddings, TokenIds};
use crate::Embedding;

/// What the backward pass of [`TextEmbeddings`] needs beyond its input.
#[derive(Debug, Clone)]
pub struct TextEmbeddingsCache {
    /// The sum of the vectors, `[tokens, d]`, which the norm was applied to; `None` without one.
    pub sum: Option<Array2<f32>>,
    /// What was dropped from the output.
    pub dropped: Dropped,
}

impl Trainable for TextEmbeddings {
    type Cache = TextEmbeddingsCache;
}

impl<'a> Backward<TokenIds<'a>> for TextEmbeddings {
    /// Ids have no gradient.
    type InputGrad = ();

    fn forward_cached(
        &self,
        input: TokenIds<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, TextEmbeddingsCache)> {
        self.check(input)?;
        let numbers = self.numbers(input, &mut train.scratch);
        let mut rows = self.gather(input, &numbers, None, &mut train.scratch); // [tokens, d]
        numbers.give_back(&mut train.scratch);
        let sum = self.norm.is_some().then(|| rows.clone());
        if let Some(norm) = &self.norm {
            norm.forward_in_place(&mut rows, &mut train.scratch)?;
        }
        let dropped = self.dropout.apply(&mut rows, train);
        Ok((rows, TextEmbeddingsCache { sum, dropped }))
    }

    fn backward(
        &self,
        input: TokenIds<'a>,
        cache: &TextEmbeddingsCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.check(input)?;
        let expected = dims![input.ids.len(), self.token.width()];
        check_shape("TextEmbeddings::backward", expected, d_output.shape())?;
        // forward: y = norm(e)∘m  ⇒  backward: de from the norm, given dy∘m
        let mut d_sum = d_output.clone(); // [tokens, d]
        cache.dropped.apply(0, d_sum.view_mut());
        if let (Some(norm), Some(sum), Some(grads)) = (&self.norm, &cache.sum, &mut grads.norm) {
            d_sum = norm.backward(sum.view(), &(), &d_sum, grads, scratch)?;
        }
        // forward: e = scale·T[id] + S[segment] + P[position]
        //   ⇒  backward: dT[id] += scale·de, dS[segment] += de, dP[position] += de
        grads.token.add_by_id(input.ids, d_sum.view(), self.scale, scratch);
        let numbers = self.numbers(input, scratch);
        if let Some(segment) = &mut grads.segment {
            let segments = input.segments.unwrap_or(&numbers.segments);
            segment.add_by_id(segments, d_sum.view(), 1.0, scratch);
        }
        if let Some(position) = &mut grads.position {
            position.table_mut().add_by_id(&numbers.positions, d_sum.view(), 1.0, scratch);
        }
        numbers.give_back(scratch);
        Ok(())
    }
}

impl TextEmbeddings {
    /// The table of token vectors, to be added to: of a gradient, where the table is tied to the
    /// last layer, [`Embedding::scores_backward`].
    pub fn token_mut(&mut self) -> &mut Embedding {
        &mut self.token
    }
}
