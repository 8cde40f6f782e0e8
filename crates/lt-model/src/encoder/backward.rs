//! The derivative of the body under every head.

use lt_core::{Backward, Params, Path, Result, Scratch, Train, Trainable, Weight};
use lt_embedding::{PredictAt, TextEmbeddings, TokenIds};
use ndarray::Array2;

use super::{TextEncoder, alone, states};
use crate::layers::LayersCache;
use crate::predict_at::{rows_at, rows_back};

/// What the backward pass of a [`TextEncoder`] needs beyond its input.
#[derive(Debug)]
pub struct TextEncoderCache {
    embeddings: <TextEmbeddings as Trainable>::Cache,
    /// What the embeddings gave, `[tokens, e]`, where that is widened.
    narrow: Option<Array2<f32>>,
    /// What the first layer was given, `[tokens, d]`.
    embedded: Array2<f32>,
    layers: LayersCache,
}

impl Trainable for TextEncoder {
    type Cache = TextEncoderCache;
}

/// The vectors of some tokens. What makes one vector of a sequence takes those of all its tokens:
/// [`TextEncoder::hidden_cached`].
impl<'a> Backward<PredictAt<'a>> for TextEncoder {
    /// Ids have no gradient.
    type InputGrad = ();

    fn forward_cached(
        &self,
        input: PredictAt<'a>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, TextEncoderCache)> {
        let (hidden, cache) = self.hidden_cached(input.tokens(), train)?;
        let at = rows_at(&hidden, input.rows(), &mut train.scratch);
        train.scratch.give(hidden);
        Ok((at, cache))
    }

    fn backward(
        &self,
        input: PredictAt<'a>,
        cache: &TextEncoderCache,
        d_output: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let d_hidden = rows_back(&input, d_output, self.width(), scratch)?;
        self.hidden_backward(input.tokens(), cache, &d_hidden, grads, scratch)?;
        scratch.give(d_hidden);
        Ok(())
    }
}

impl TextEncoder {
    /// One vector per token, `[tokens, d]`, as [`hidden`](Self::hidden) gives them where nothing is
    /// dropped, and what [`hidden_backward`](Self::hidden_backward) will want to know.
    ///
    /// # Errors
    /// As for [`hidden`](Self::hidden).
    pub fn hidden_cached(
        &self,
        input: TokenIds<'_>,
        train: &mut Train,
    ) -> Result<(Array2<f32>, TextEncoderCache)> {
        let (mut embedded, embeddings) = self.embeddings.forward_cached(alone(input)?, train)?;
        let mut narrow = None;
        if let Some(project) = &self.embeddings_project {
            let (wide, ()) = project.forward_cached(embedded.view(), train)?; // [tokens, d]
            narrow = Some(std::mem::replace(&mut embedded, wide));
        }
        let (hidden, layers) = self.layers.forward_cached(states(&embedded, &input), train)?;
        Ok((hidden, TextEncoderCache { embeddings, narrow, embedded, layers }))
    }

    /// Given the gradient with respect to the vectors of all tokens, `[tokens, d]`, adds to `grads`
    /// that with respect to each parameter.
    ///
    /// # Errors
    /// If `d_hidden` does not have the shape of the vectors.
    pub fn hidden_backward(
        &self,
        input: TokenIds<'_>,
        cache: &TextEncoderCache,
        d_hidden: &Array2<f32>,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        // forward: e = embeddings(ids), x = W·e + b where it is widened, h = layers(x)
        //   ⇒  backward: from the layers to the tables
        let states = states(&cache.embedded, &input);
        let d_states =
            self.layers.backward(states, &cache.layers, d_hidden, &mut grads.layers, scratch)?;
        let mut d_embedded = d_states.hidden;
        if let (Some(project), Some(grads), Some(narrow)) =
            (&self.embeddings_project, &mut grads.embeddings_project, &cache.narrow)
        {
            let d_narrow = project.backward(narrow.view(), &(), &d_embedded, grads, scratch)?;
            scratch.give(std::mem::replace(&mut d_embedded, d_narrow));
        }
        let grads = &mut grads.embeddings;
        self.embeddings.backward(input, &cache.embeddings, &d_embedded, grads, scratch)?;
        scratch.give(d_embedded);
        Ok(())
    }

    /// As [`hidden_backward`](Self::hidden_backward), where the table of token vectors is also the
    /// matrix of a head, which has found `of_head` for it, `[v, e]`.
    pub(crate) fn hidden_backward_tied(
        &self,
        input: TokenIds<'_>,
        (cache, d_hidden): (&TextEncoderCache, &Array2<f32>),
        of_head: Weight,
        grads: &mut Self,
        scratch: &mut Scratch,
    ) -> Result<()> {
        // forward: a table is used twice  ⇒  backward: its two gradients add up. They do so from
        // zero, and are added to what was there once.
        let before = grads.swap_token_table(Weight::zeros(of_head.shape()));
        self.hidden_backward(input, cache, d_hidden, grads, scratch)?;
        // formula: tied-backward
        let mut found = of_head; // of all words
        found.add_weight(&grads.swap_token_table(before)); // of the words of the text
        grads.add_to_token_table(found);
        Ok(())
    }

    /// Puts another weight in the place of the table of token vectors.
    fn swap_token_table(&mut self, mut weight: Weight) -> Weight {
        self.token_table(|table| std::mem::swap(table, &mut weight));
        weight
    }

    fn add_to_token_table(&mut self, found: Weight) {
        self.token_table(|table| match table.values() {
            lt_core::Values::Zeros => *table = found,
            _ => table.add_weight(&found),
        });
    }

    fn token_table(&mut self, change: impl FnOnce(&mut Weight)) {
        let mut change = Some(change);
        self.embeddings.token_mut().visit_mut(&mut Path::new(), &mut |_, weight| {
            change.take().into_iter().for_each(|change| change(weight));
        });
    }
}
