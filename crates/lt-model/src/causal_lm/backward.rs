//! The derivative of the causal language model.

use lt_core::{Backward, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_embedding::PredictAt;
use ndarray::Array2;

use super::CausalLm;
use crate::encoder::TextEncoderCache;
use crate::predict_at::rows_back;
use crate::words::WordsGrad;

/// What the backward pass of a [`CausalLm`] needs beyond its input.
#[derive(Debug)]
pub struct CausalLmCache {
    encoder: TextEncoderCache,
    /// The vectors of the rows that are followed, `[rows, d]`.
    at: Array2<f32>,
    /// The scores, `[rows, v]`, where they are bent towards a cap.
    capped: Option<Array2<f32>>,
}

impl Trainable for CausalLm {
    type Cache = CausalLmCache;
}

impl<'a> Backward<PredictAt<'a>> for CausalLm {
    /// Ids have no gradient.
    type InputGrad = ();

    fn forward_cached(
        &self,
        input: PredictAt<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, CausalLmCache)> {
        let (at, encoder) = self.encoder.forward_cached(input, train)?; // [rows, d]
        let logits = self.predict(at.view(), &mut train.scratch)?; // [rows, v]
        let capped = self.cap.map(|_| logits.clone());
        Ok((logits, CausalLmCache { encoder, at, capped }))
    }

    fn backward(
        &self,
        input: PredictAt<'a>,
        cache: &CausalLmCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let words = self.words();
        check_shape(
            "CausalLm::backward",
            dims![input.rows().len(), words.shape()[0]],
            d_output.shape(),
        )?;
        // forward: y = c·tanh(z/c)  ⇒  backward: dz = dy·(1 − (y/c)²)
        let uncapped = self.cap.zip(cache.capped.as_ref()).map(|(cap, capped)| {
            let mut d_logits = d_output.clone();
            d_logits.zip_mut_with(capped, |d, y| *d *= 1.0 - (y / cap) * (y / cap));
            d_logits
        });
        let d_logits = uncapped.as_ref().unwrap_or(d_output);
        // forward: z = h·Eᵀ  ⇒  backward: that of a linear layer, whose matrix is E
        let found = WordsGrad::find((words, None), cache.at.view(), d_logits, scratch)?;
        let d_hidden = rows_back(&input, &found.d_rows, self.encoder.width(), scratch)?;
        let (tokens, down) = (input.tokens(), (&cache.encoder, &d_hidden));
        match &mut grads.head {
            Some(sum) => {
                sum.add_weight(&found.words);
                self.encoder.hidden_backward(tokens, down.0, down.1, &mut grads.encoder, scratch)
            }
            None => {
                let grads = &mut grads.encoder;
                self.encoder.hidden_backward_tied(tokens, down, found.words, grads, scratch)
            }
        }
    }
}
