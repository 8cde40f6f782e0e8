//! Solutions of the chapter on models.

use std::error::Error;

use lt_attention::{AttentionConfig, HiddenStates, MultiHeadAttention, Projections};
use lt_config::BertConfig;
use lt_core::{Module, Ragged, Scratch, Weight};
use lt_layers::{Activation, FeedForward, LayerNorm, Linear};
use lt_model::{TextEncoder, TokenIds};
use lt_weights::TensorSource;
use ndarray::{Array2, ArrayView2, Axis, s};

use crate::model::{Holds, WordHead};

/// Three tables with a norm, the layers, the pooler: the lines of the table, added up.
pub(crate) fn parameters(vocabulary: usize, layers: usize) -> usize {
    let embeddings = vocabulary * 384 + 768 + 196_608 + 768;
    let layer = 4 * 147_840 + 768 + 591_360 + 590_208 + 768;
    embeddings + layers * layer + 147_840
}

/// Row t has read the words up to t, and is asked for the next. The last has none.
pub(crate) fn rows_and_labels(ids: &[u32]) -> Vec<(usize, u32)> {
    ids.iter().skip(1).copied().enumerate().collect()
}

/// A layer of its own first; then each word's score is how like its vector is.
pub(crate) fn word_scores(head: &WordHead, x: ArrayView2<'_, f32>) -> lt_core::Result<Array2<f32>> {
    let mut z = head.dense.forward(x)?; // [n, d]
    z.mapv_inplace(|number| Activation::Gelu.apply(number));
    let z = head.norm.forward(z.view())?;
    let words = head.own.as_ref().unwrap_or(&head.words);
    Ok(z.dot(&words.t()) + &head.bias) // [n, v]
}

/// A third of the columns each, turned. Nothing would fail without turning them: they are square.
pub(crate) fn queries_keys_values(c_attn: ArrayView2<'_, f32>) -> [Array2<f32>; 3] {
    let d = c_attn.nrows();
    [0, 1, 2].map(|third| c_attn.slice(s![.., third * d..(third + 1) * d]).t().to_owned())
}

/// Of the head: every word was compared. Of the embedding: the rows of the words that stand in the
/// text, as often as they stand there.
pub(crate) fn tied_gradient(
    ids: &[u32],
    d_embedded: ArrayView2<'_, f32>,
    compared: ArrayView2<'_, f32>,
    d_logits: ArrayView2<'_, f32>,
) -> Array2<f32> {
    let mut gradient = d_logits.t().dot(&compared); // [v, d]
    for (&id, row) in ids.iter().zip(d_embedded.rows()) {
        let mut sum = gradient.row_mut(id as usize);
        sum += &row;
    }
    gradient
}

/// The order of the data: tables, then layer by layer.
pub(crate) fn bert(
    source: &dyn TensorSource,
    config: &BertConfig,
    ids: &[u32],
    texts: &Ragged,
) -> Result<Vec<Array2<f32>>, Box<dyn Error>> {
    let tables = ["word_embeddings", "position_embeddings", "token_type_embeddings"];
    let positions = texts.ranges().flat_map(|range| 0..range.len()); // from 0 in each text
    let mut sum = Array2::zeros((ids.len(), config.hidden_size));
    for (name, rows) in tables.into_iter().zip([
        ids.iter().map(|&id| id as usize).collect(),
        positions.collect(),
        vec![0; ids.len()], // segment 0 has a row too, and it is added to every token
    ]) {
        let rows: Vec<usize> = rows;
        sum += &table(source, name)?.matrix().select(Axis(0), &rows);
    }
    bert_from(source, config, &sum, texts)
}

/// A table of the embeddings.
pub(crate) fn table(source: &dyn TensorSource, name: &str) -> Result<Weight, Box<dyn Error>> {
    Ok(source.weight(&format!("embeddings.{name}.weight"))?)
}

/// From the sum of the tables on.
pub(crate) fn bert_from(
    source: &dyn TensorSource,
    config: &BertConfig,
    sum: &Array2<f32>,
    texts: &Ragged,
) -> Result<Vec<Array2<f32>>, Box<dyn Error>> {
    let pair = |name: &str| -> Result<(Weight, Weight), Box<dyn Error>> {
        let weight = source.weight(&format!("{name}.weight"))?;
        Ok((weight, source.weight(&format!("{name}.bias"))?))
    };
    let linear = |name: &str| -> Result<Linear, Box<dyn Error>> {
        let (weight, bias) = pair(name)?;
        Ok(Linear::new(weight, Some(bias))?)
    };
    let norm = |name: &str, x: &Array2<f32>| -> Result<Array2<f32>, Box<dyn Error>> {
        let (gain, bias) = pair(name)?;
        Ok(LayerNorm::new(gain, bias, config.layer_norm_eps)?.forward(x.view())?)
    };
    let mut states = vec![norm("embeddings.LayerNorm", sum)?]; // H⁰
    for layer in 0..config.num_hidden_layers {
        let here = |name: &str| format!("encoder.layer.{layer}.{name}");
        let projections = Projections {
            query: linear(&here("attention.self.query"))?,
            key: linear(&here("attention.self.key"))?,
            value: linear(&here("attention.self.value"))?,
            output: linear(&here("attention.output.dense"))?,
        };
        let heads = AttentionConfig::new(config.num_attention_heads);
        let attention = MultiHeadAttention::new(projections, heads)?;
        let up = linear(&here("intermediate.dense"))?;
        let wide = FeedForward::new(up, Activation::Gelu, linear(&here("output.dense"))?)?;

        // The norms stand behind the sums.
        let x = &states[layer];
        let attended = attention.forward(HiddenStates::new(x.view(), texts))? + x;
        let x = norm(&here("attention.output.LayerNorm"), &attended)?;
        let fed = wide.forward(x.view())? + &x;
        states.push(norm(&here("output.LayerNorm"), &fed)?);
    }
    Ok(states)
}

/// The two mistakes undo each other, and wrong matrices are as deterministic as right ones. Only
/// the numbers of somebody else tell.
pub(crate) fn with_query_and_key_exchanged() -> Holds {
    Holds {
        loads: true,
        saved_loads_to_the_same_bits: true,
        same_ids_have_the_same_bits: true,
        computes_what_pytorch_computes: false,
    }
}

/// As if all texts were one: each sees its neighbours, and counts its places from their beginning.
pub(crate) fn wrong_in_company(
    model: &TextEncoder,
    ids: &[u32],
    _: &Ragged,
) -> lt_core::Result<Array2<f32>> {
    model.hidden(TokenIds::new(ids, &Ragged::single(ids.len())), &mut Scratch::new())
}
