//! The derivatives of the models whose head scores the vectors of tokens.

use lt_core::{Backward, Result, Scratch, Train, Trainable};
use lt_embedding::PredictAt;
use ndarray::Array2;

use super::backward::ScoreHeadCache;
use crate::encoder::TextEncoderCache;
use crate::{QuestionAnswering, ReplacedTokens, TokenClassifier};

/// What the backward pass of a model that scores tokens needs beyond its input.
#[derive(Debug)]
pub struct TokenScoresCache {
    encoder: TextEncoderCache,
    /// The vectors that were scored, `[rows, d]`.
    at: Array2<f32>,
    head: ScoreHeadCache,
}

macro_rules! scores_tokens {
    ($model:ident) => {
        impl Trainable for $model {
            type Cache = TokenScoresCache;
        }

        impl<'a> Backward<PredictAt<'a>> for $model {
            /// Ids have no gradient.
            type InputGrad = ();

            fn forward_cached(
                &self,
                input: PredictAt<'a>,
                train: &mut Train,
            ) -> Result<(Array2<f32>, TokenScoresCache)> {
                let (at, encoder) = self.encoder.forward_cached(input, train)?; // [rows, d]
                let rows = input.rows().iter().map(|&row| row as usize);
                let (scores, head) =
                    train.at_rows(rows, |train| self.head.forward_cached(at.view(), train))?; // [rows, n]
                Ok((scores, TokenScoresCache { encoder, at, head }))
            }

            fn backward(
                &self,
                input: PredictAt<'a>,
                cache: &TokenScoresCache,
                d_output: &Array2<f32>,
                grads: &mut Self,
                scratch: &mut Scratch,
            ) -> Result<()> {
                // forward: y = head(encoder(ids) at the rows)  ⇒  backward: from the head down
                let (at, head) = (cache.at.view(), &mut grads.head);
                let d_at = self.head.backward(at, &cache.head, d_output, head, scratch)?;
                self.encoder.backward(input, &cache.encoder, &d_at, &mut grads.encoder, scratch)
            }
        }
    };
}

scores_tokens!(TokenClassifier);
scores_tokens!(QuestionAnswering);
scores_tokens!(ReplacedTokens);
