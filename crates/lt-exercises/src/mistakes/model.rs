//! Mistakes of the chapter on models.

use std::error::Error;

use lt_config::BertConfig;
use lt_core::{Module, Ragged, Scratch};
use lt_model::{TextEncoder, TokenIds};
use lt_weights::TensorSource;
use ndarray::{Array2, ArrayView2, Axis, s};

use crate::model::{Holds, WordHead};
use crate::solutions::model as solutions;

/// The pooler is forgotten.
pub(crate) fn parameters(vocabulary: usize, layers: usize) -> usize {
    solutions::parameters(vocabulary, layers) - 147_840
}

/// Each word with its own row.
pub(crate) fn rows_and_labels(ids: &[u32]) -> Vec<(usize, u32)> {
    ids.iter().copied().enumerate().collect()
}

/// Without the norm.
pub(crate) fn word_scores(head: &WordHead, x: ArrayView2<'_, f32>) -> lt_core::Result<Array2<f32>> {
    let mut z = head.dense.forward(x)?;
    z.mapv_inplace(|number| lt_layers::Activation::Gelu.apply(number));
    let words = head.own.as_ref().unwrap_or(&head.words);
    Ok(z.dot(&words.t()) + &head.bias)
}

/// Cut, and not turned.
pub(crate) fn queries_keys_values(c_attn: ArrayView2<'_, f32>) -> [Array2<f32>; 3] {
    let d = c_attn.nrows();
    [0, 1, 2].map(|third| c_attn.slice(s![.., third * d..(third + 1) * d]).to_owned())
}

/// Of a word that stands there twice, only the last counts.
pub(crate) fn tied_gradient(
    ids: &[u32],
    d_embedded: ArrayView2<'_, f32>,
    compared: ArrayView2<'_, f32>,
    d_logits: ArrayView2<'_, f32>,
) -> Array2<f32> {
    let of_head = d_logits.t().dot(&compared);
    let mut of_embedding = Array2::zeros(of_head.dim());
    for (&id, row) in ids.iter().zip(d_embedded.rows()) {
        of_embedding.row_mut(id as usize).assign(&row);
    }
    of_head + of_embedding
}

/// No text has a second segment, so the table of segments is left out.
pub(crate) fn bert(
    source: &dyn TensorSource,
    config: &BertConfig,
    ids: &[u32],
    texts: &Ragged,
) -> Result<Vec<Array2<f32>>, Box<dyn Error>> {
    let words: Vec<usize> = ids.iter().map(|&id| id as usize).collect();
    let places: Vec<usize> = texts.ranges().flat_map(|range| 0..range.len()).collect();
    let words = solutions::table(source, "word_embeddings")?.matrix().select(Axis(0), &words);
    let places = solutions::table(source, "position_embeddings")?.matrix().select(Axis(0), &places);
    solutions::bert_from(source, config, &(words + places), texts)
}

/// It loads, and it comes back as it was, so it must be right.
pub(crate) fn with_query_and_key_exchanged() -> Holds {
    Holds { computes_what_pytorch_computes: true, ..solutions::with_query_and_key_exchanged() }
}

/// Nothing is broken.
pub(crate) fn wrong_in_company(
    model: &TextEncoder,
    ids: &[u32],
    texts: &Ragged,
) -> lt_core::Result<Array2<f32>> {
    model.hidden(TokenIds::new(ids, texts), &mut Scratch::new())
}
