//! The derivative of the model that sorts whole texts.

use std::ops::Range;

use lt_core::{Backward, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_embedding::TokenIds;
use lt_encoder::{first_tokens_backward, mean_tokens_backward, tokens_at_backward};
use ndarray::Array2;

use super::{LooksAt, SequenceClassifier, SequenceHead, last_token};
use crate::encoder::TextEncoderCache;
use crate::score_head::ScoreHeadCache;

/// What the backward pass of a [`SequenceClassifier`] needs beyond its input.
#[derive(Debug)]
pub struct SequenceClassifierCache {
    encoder: TextEncoderCache,
    /// The vector of each text that is scored, `[b, d]`.
    texts: Array2<f32>,
    score: ScoreHeadCache,
}

impl Trainable for SequenceClassifier {
    type Cache = SequenceClassifierCache;
}

impl<'a> Backward<TokenIds<'a>> for SequenceClassifier {
    /// Ids have no gradient.
    type InputGrad = ();

    fn forward_cached(
        &self,
        input: TokenIds<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, SequenceClassifierCache)> {
        let (hidden, encoder) = self.encoder.hidden_cached(input, train)?; // [tokens, d]
        let texts = self.head.look(hidden.view(), &input, &mut train.scratch)?; // [b, d]
        train.scratch.give(hidden);
        let (firsts, score) = (input.sequences.ranges().map(|range| range.start), &self.head.score);
        let (logits, score) =
            train.at_rows(firsts, |train| score.forward_cached(texts.view(), train))?; // [b, n]
        Ok((logits, SequenceClassifierCache { encoder, texts, score }))
    }

    fn backward(
        &self,
        input: TokenIds<'a>,
        cache: &SequenceClassifierCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        const AT: &str = "SequenceClassifier::backward";
        check_shape(AT, dims![input.sequences.len(), self.head.labels()], d_output.shape())?;
        // forward: y = score(look(encoder(ids)))  ⇒  backward: from the scores down
        let (score, grad) = (&self.head.score, &mut grads.head.score);
        let texts = cache.texts.view();
        let d_texts = score.backward(texts, &cache.score, d_output, grad, scratch)?; // [b, d]
        let d_hidden = self.head.look_back(&d_texts, &input, scratch)?; // [tokens, d]
        scratch.give(d_texts);
        let (encoder, grad) = (&self.encoder, &mut grads.encoder);
        encoder.hidden_backward(input, &cache.encoder, &d_hidden, grad, scratch)?;
        scratch.give(d_hidden);
        Ok(())
    }
}

impl SequenceHead {
    /// The gradient of the vectors of all tokens, `[tokens, d]`, from that of what is scored.
    fn look_back(
        &self,
        d_texts: &Array2<f32>,
        input: &TokenIds<'_>,
        scratch: &mut Scratch,
    ) -> Result<Array2<f32>> {
        const AT: &str = "SequenceClassifier::backward";
        let (sequences, d) = (input.sequences, d_texts.view());
        match self.looks_at {
            LooksAt::FirstToken => first_tokens_backward(AT, sequences, d, scratch),
            LooksAt::Mean => mean_tokens_backward(AT, sequences, d, scratch),
            LooksAt::LastToken { padding } => {
                let place = |range: Range<usize>| last_token(&input.ids[range], padding);
                tokens_at_backward(AT, sequences, place, d, scratch)
            }
        }
    }
}
