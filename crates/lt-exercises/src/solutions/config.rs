//! Solutions of the chapter on configurations.

use std::collections::BTreeMap;

use lt_config::{BertConfig, LlamaConfig};
use serde_json::Value;

/// 335 million: the paper rounds generously.
pub(crate) fn bert_large_with_its_pooler() -> u64 {
    let (tables, d, f, layers) = (30522 + 512 + 2, 1024, 4096, 24);
    let layer = 4 * (d * d + d) + (d * f + f) + (f * d + d) + 2 * (2 * d);
    let pooler = d * d + d;
    tables * d + 2 * d + layers * layer + pooler
}

/// Heads share out the same width: no shape says how many there are. The activation and ε would do
/// as well, but dropout would not.
pub(crate) fn same_shapes_another_model(config: BertConfig) -> BertConfig {
    BertConfig { num_attention_heads: config.num_attention_heads / 2, ..config }
}

/// `null` is absent, and absent is the default.
pub(crate) fn size(value: Option<&Value>, default: usize) -> Option<usize> {
    match value {
        None | Some(Value::Null) => Some(default),
        Some(value) => {
            let size = value.as_u64().filter(|size| (1..=1 << 24).contains(size))?;
            usize::try_from(size).ok()
        }
    }
}

/// As many ids as places, each in its place: none is missing, and none comes twice.
pub(crate) fn names_by_id(id2label: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let mut places = vec![None; id2label.len()];
    for (id, name) in id2label {
        *places.get_mut(id.parse::<usize>().ok()?)? = Some(name.clone());
    }
    let names: Vec<String> = places.into_iter().collect::<Option<_>>()?;
    (!names.is_empty()).then_some(names)
}

/// The count grows with the width: the last that fits is the widest.
pub(crate) fn widest(parameters: u64, layers: usize) -> usize {
    let count = |d: u64| {
        let f = 4 * d;
        let layer = 4 * (d * d + d) + (d * f + f) + (f * d + d) + 2 * (2 * d);
        (30522 + 512 + 2) * d + 2 * d + layers as u64 * layer
    };
    let fit = (1..).map(|step| 64 * step).take_while(|&d| count(d) <= parameters);
    fit.last().map_or(0, |d| d as usize)
}

/// Queries and output have h heads, keys and values g.
pub(crate) fn llama_parameters(config: &LlamaConfig) -> u64 {
    let (d, f, k) = (config.hidden_size, config.intermediate_size, config.head_dim);
    let (queries, keys) = (config.num_attention_heads * k, config.num_key_value_heads * k);
    let mut layer = 2 * queries * d + 2 * keys * d + 3 * d * f + 2 * d;
    if config.attention_bias {
        layer += queries + 2 * keys + d;
    }
    if config.mlp_bias {
        layer += 2 * f + d;
    }
    (config.vocab_size * d + config.num_hidden_layers * layer + d) as u64
}

/// The norm comes before the rows are widened: 2e. The difference says it, 2·(768 − 128) = 1280.
pub(crate) fn wrong_term() -> &'static str {
    "norm"
}

/// Sizes are read off the tables; the layers are counted by their numbers, as numbers.
pub(crate) fn config_of_shapes(shapes: &BTreeMap<String, Vec<usize>>) -> BertConfig {
    let default = BertConfig::default();
    let rows = |name: &str| shapes.get(name).map_or(0, |shape| shape[0]);
    let width = shapes["embeddings.word_embeddings.weight"][1];
    let number = |name: &String| {
        let rest = name.strip_prefix("encoder.layer.")?;
        rest.split_once('.')?.0.parse::<usize>().ok()
    };
    // The heads must divide the width, and one always does.
    let heads = default.num_attention_heads;
    BertConfig {
        vocab_size: rows("embeddings.word_embeddings.weight"),
        max_position_embeddings: rows("embeddings.position_embeddings.weight"),
        type_vocab_size: rows("embeddings.token_type_embeddings.weight"),
        hidden_size: width,
        intermediate_size: rows("encoder.layer.0.intermediate.dense.weight"),
        num_hidden_layers: shapes.keys().filter_map(number).max().map_or(0, |last| last + 1),
        num_attention_heads: if width.is_multiple_of(heads) { heads } else { 1 },
        ..default
    }
}
