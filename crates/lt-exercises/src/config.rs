//! Chapter: config. `cargo xtask grade config`
//!
//! Fill in one function at a time.

use std::collections::BTreeMap;

use lt_config::{BertConfig, LlamaConfig};
use serde_json::Value;

/// ★ The paper gives BERT large 340 million parameters: d = 1024, f = 4096, 24 layers, 16 heads, and
/// for the rest what BERT has if nothing is said.
///
/// Return how many they are by the formula, and with a pooler.
pub fn bert_large_with_its_pooler() -> u64 {
    todo!()
}

/// ★ Break it: a program compares the names and shapes of all tensors, and takes two models for
/// the same if they agree.
///
/// Return a configuration with the same tensors as this one, whose model computes something else
/// with them. (Of this one the width is 8, and there are 4 heads.)
pub fn same_shapes_another_model(config: BertConfig) -> BertConfig {
    todo!()
}

/// ★★ A size as a file has it. One that is absent, or `null`, is the default; a whole number from 1 to
/// 2²⁴ is itself; anything else is refused: `None`.
///
/// With the default 3072, `null` is `Some(3072)`, `12` is `Some(12)`, and `0`, `1.5` and `"12"` are `None`.
/// Held against `intermediate_size` of [`BertConfig`].
pub fn size(value: Option<&Value>, default: usize) -> Option<usize> {
    todo!()
}

/// ★★ The labels of a classifier, by their ids: `id2label`, whose keys are texts.
///
/// Return the names in the order of the ids. These must be 0, 1, 2, … without a gap, each once, and there
/// must be one at least; else `None`.
/// Held against [`lt_config::Labels`].
pub fn names_by_id(id2label: &BTreeMap<String, String>) -> Option<Vec<String>> {
    todo!()
}

/// ★★ There are so many parameters to spend on a BERT with a vocabulary of 30522, 512 positions, 2
/// segments, f = 4d and this number of layers; without a pooler.
///
/// Return the largest width d that is a multiple of 64; 0 if there is none. With 20 million parameters
/// and 6 layers it is 320. What is it with 12 layers?
pub fn widest(parameters: u64, layers: usize) -> usize {
    todo!()
}

/// ★★ Count the parameters of a Llama, by the table of decoders: queries `[hk, d]`, keys and values
/// `[gk, d]`, output `[d, hk]`; matrices of the feed-forward layer `[f, d]` twice and `[d, f]`; two gains
/// `[d]` a layer, and one behind the last; a bias for each matrix only if `attention_bias`, or
/// `mlp_bias`, says so; and the table of tokens.
///
/// k is `head_dim`: it need not be d/h.
/// Held against [`LlamaConfig::parameter_count`].
pub fn llama_parameters(config: &LlamaConfig) -> u64 {
    todo!()
}

/// ★★ Break it: the parameters of an ALBERT were counted, and one of the four terms is wrong:
///
/// ```text
/// let (e, d, f) = (config.embedding_size, config.hidden_size, config.intermediate_size);
/// let tables = (config.vocab_size + config.max_position_embeddings + config.type_vocab_size) * e;
/// let norm = 2 * d;
/// let widened = e * d + d;
/// let layers = config.num_hidden_groups * config.inner_group_num * layer(d, f);
/// tables + norm + widened + layers
/// ```
///
/// Return its name. For ALBERT base (e = 128, d = 768) 11 094 272 comes out, and the chapter says how
/// many there are. `layer` is right: it is that of BERT.
pub fn wrong_term() -> &'static str {
    todo!()
}

/// ★★★ A checkpoint of a BERT has come without its `config.json`. There are the names of its tensors,
/// and their shapes:
///
/// ```text
/// embeddings.word_embeddings.weight            [v, d]
/// embeddings.position_embeddings.weight        [p, d]
/// embeddings.token_type_embeddings.weight      [g, d]
/// encoder.layer.0.intermediate.dense.weight    [f, d]
/// …
/// ```
///
/// Return a configuration that the checkpoint can be loaded with. What shapes do not say stays as it is
/// in [`BertConfig::default`], if that is possible: what must divide what?
/// Held by loading it: files that the library wrote, of 1 to 12 layers.
pub fn config_of_shapes(shapes: &BTreeMap<String, Vec<usize>>) -> BertConfig {
    todo!()
}
