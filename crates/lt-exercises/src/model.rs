//! Chapter: model. `cargo xtask grade model`
//!
//! The parts of the chapters before may be used: `lt_layers`, `lt_attention`, `lt_kernels`.

use std::error::Error;

use lt_config::BertConfig;
use lt_core::Ragged;
use lt_layers::{LayerNorm, Linear};
use lt_model::TextEncoder;
use lt_weights::TensorSource;
use ndarray::{Array1, Array2, ArrayView2};

/// ★ How many numbers would all-MiniLM-L6-v2 have with another vocabulary and another number of
/// layers? All else stays as the table *In the real model* has it, the pooler included.
///
/// With 30522 words and 6 layers there are 22 713 216. Held by the model itself, whose parameters
/// are counted.
pub fn parameters(vocabulary: usize, layers: usize) -> usize {
    todo!()
}

/// ★ A decoder is trained to say what comes next. It reads the text once and gives a row of scores
/// for each of its words.
///
/// Return each row that has something to predict, with the word that it is to predict, in order.
/// Held by a decoder that knows this text by heart: in row t the word that you name must have the
/// highest score.
pub fn rows_and_labels(ids: &[u32]) -> Vec<(usize, u32)> {
    todo!()
}

/// The head that predicts masked words, taken apart.
#[derive(Debug, Clone)]
pub struct WordHead {
    /// W `[d, d]` and b `[d]`.
    pub dense: Linear,
    /// The layer norm.
    pub norm: LayerNorm,
    /// E `[v, d]`, the table of word vectors.
    pub words: Array2<f32>,
    /// A matrix `[v, d]` in the place of E, if the checkpoint stores one that differs: it is used
    /// as it is stored.
    pub own: Option<Array2<f32>>,
    /// c `[v]`, a number for each word.
    pub bias: Array1<f32>,
}

/// ★★ The scores of each word, `[n, v]`, for the vectors x `[n, d]` of some masks: the formula of
/// the masked-language-model head, up to the softmax. φ is `lt_layers::Activation::Gelu`.
///
/// Held by the head of a `MaskedLm`, tied and not.
///
/// # Errors
/// If the vectors are of another width.
pub fn word_scores(head: &WordHead, x: ArrayView2<'_, f32>) -> lt_core::Result<Array2<f32>> {
    todo!()
}

/// ★★ GPT-2 stores the matrices of queries, keys and values as one, `c_attn.weight`, and the way
/// round that `x.dot(&c_attn)` wants: `[in, out]`, so `[d, 3·d]`. Queries come first.
///
/// Return the three as `nn.Linear` and this library have them, `[out, in]`, so `[d, d]`. With d = 1
/// `[[5, 6, 7]]` becomes `[[5]]`, `[[6]]` and `[[7]]`. Held by what the loader makes of a checkpoint.
pub fn queries_keys_values(c_attn: ArrayView2<'_, f32>) -> [Array2<f32>; 3] {
    todo!()
}

/// ★★ The gradient `[v, d]` of a table of word vectors that is tied: it was used first, to look up
/// the words, and last, to compare.
///
/// `ids` are the words of the text, `d_embedded` `[tokens, d]` is the gradient of the vectors that
/// were looked up for them. `compared` `[rows, d]` are the vectors T that the head compared with
/// all words, and `d_logits` `[rows, v]` is the gradient of what came out. See the formula under
/// *Backward*. Held by the gradient that a decoder's backward pass finds.
pub fn tied_gradient(
    ids: &[u32],
    d_embedded: ArrayView2<'_, f32>,
    compared: ArrayView2<'_, f32>,
    d_logits: ArrayView2<'_, f32>,
) -> Array2<f32> {
    todo!()
}

/// ★★★ BERT whole, from the arrays of its checkpoint: return H⁰ … Hᴸ, each `[tokens, d]`, what the
/// embeddings give and then what each layer gives. Every segment is 0. There is no pooler.
///
/// `source.weight("embeddings.LayerNorm.weight")?` is an array. Names are those of the table *In
/// the real model*, with `.weight` and `.bias` behind those of layers (`nn.Linear`, `nn.LayerNorm`)
/// and n counted from 0. The configuration says how many layers and heads there are, and which ε.
/// The activation is `Activation::Gelu`. `Linear::new`, `LayerNorm::new`,
/// `lt_attention::MultiHeadAttention::new` take arrays as they are stored.
///
/// Held by [`TextEncoder::trace`]; what is said is the first of the H that differs.
///
/// # Errors
/// If an array is missing or does not fit.
pub fn bert(
    source: &dyn TensorSource,
    config: &BertConfig,
    ids: &[u32],
    texts: &Ragged,
) -> Result<Vec<Array2<f32>>, Box<dyn Error>> {
    todo!()
}

/// What is true of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds {
    /// It loads: no name is missing, none is left over, every shape fits.
    pub loads: bool,
    /// `lt_laws::saving`: what is saved loads to the same bits.
    pub saved_loads_to_the_same_bits: bool,
    /// `lt_laws::same_bits`: the same ids have the same bits in any batch.
    pub same_ids_have_the_same_bits: bool,
    /// It gives the hidden states that PyTorch computes with the same checkpoint.
    pub computes_what_pytorch_computes: bool,
}

/// ★ Break it: in BERT's map of names, `query` and `key` have changed places. It is one map, read in
/// both directions: loading takes the stored matrix of keys for queries, and saving writes queries
/// under the name of keys.
///
/// Return what still holds. It is tried.
pub fn with_query_and_key_exchanged() -> Holds {
    todo!()
}

/// ★★ Break it: run the model so that each text that is alone comes out right, to the bit, and a
/// batch comes out wrong, so that the law "same ids, same bits" finds it.
///
/// Right would be `model.hidden(TokenIds::new(ids, texts), &mut Scratch::new())`. A batch must still
/// give a row for each of its tokens. The model has 64 positions, and no batch has more tokens.
///
/// # Errors
/// If the model refuses the ids.
pub fn wrong_in_company(
    model: &TextEncoder,
    ids: &[u32],
    texts: &Ragged,
) -> lt_core::Result<Array2<f32>> {
    todo!()
}
