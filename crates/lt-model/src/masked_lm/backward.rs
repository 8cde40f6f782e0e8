//! The derivative of the masked language model.

use lt_core::{Backward, Result, Scratch, Train, Trainable, check_shape, dims};
use lt_embedding::PredictAt;
use ndarray::Array2;

use super::MaskedLm;
use crate::encoder::TextEncoderCache;
use crate::head_transform::HeadTransformCache;
use crate::predict_at::rows_back;
use crate::words::WordsGrad;

/// What the backward pass of a [`MaskedLm`] needs beyond its input.
#[derive(Debug)]
pub struct MaskedLmCache {
    encoder: TextEncoderCache,
    /// The vectors of the rows that are predicted, `[rows, d]`.
    at: Array2<f32>,
    transform: HeadTransformCache,
    /// What was compared with the words, `[rows, e]`.
    transformed: Array2<f32>,
}

impl Trainable for MaskedLm {
    type Cache = MaskedLmCache;
}

impl<'a> Backward<PredictAt<'a>> for MaskedLm {
    /// Ids have no gradient.
    type InputGrad = ();

    fn forward_cached(
        &self,
        input: PredictAt<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, MaskedLmCache)> {
        let (at, encoder) = self.encoder.forward_cached(input, train)?; // [rows, d]
        self.check(&at.view())?;
        let (transformed, transform) = self.head.transform.forward_cached(at.view(), train)?;
        let logits = self.compare(transformed.view(), &mut train.scratch); // [rows, v]
        Ok((logits, MaskedLmCache { encoder, at, transform, transformed }))
    }

    fn backward(
        &self,
        input: PredictAt<'a>,
        cache: &MaskedLmCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (words, bias) = (self.words(), self.head.bias.as_ref());
        check_shape(
            "MaskedLm::backward",
            dims![input.rows().len(), words.shape()[0]],
            d_output.shape(),
        )?;
        // forward: logits = t·Eᵀ + c  ⇒  backward: that of a linear layer, whose matrix is E
        let found = WordsGrad::find((words, bias), cache.transformed.view(), d_output, scratch)?;
        if let (Some(sum), Some(bias)) = (&mut grads.head.bias, &found.bias) {
            sum.add_weight(bias);
        }
        // forward: t = transform(h)  ⇒  backward: that of the transform
        let (transform, grad) = (&self.head.transform, &mut grads.head.transform);
        let d_at =
            transform.backward(cache.at.view(), &cache.transform, &found.d_rows, grad, scratch)?;
        let d_hidden = rows_back(&input, &d_at, self.encoder.width(), scratch)?;
        let (tokens, down) = (input.tokens(), (&cache.encoder, &d_hidden));
        match &mut grads.head.decoder {
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
