//! Mistakes of the chapter on configurations.

use std::collections::BTreeMap;

use lt_config::{BertConfig, LlamaConfig};
use serde_json::Value;

/// Without the pooler.
pub(crate) fn bert_large_with_its_pooler() -> u64 {
    let (tables, d, f, layers) = (30522 + 512 + 2, 1024, 4096, 24);
    let layer = 4 * (d * d + d) + (d * f + f) + (f * d + d) + 2 * (2 * d);
    tables * d + 2 * d + layers * layer
}

/// Dropout is for training: in use it changes nothing.
pub(crate) fn same_shapes_another_model(config: BertConfig) -> BertConfig {
    BertConfig { hidden_dropout_prob: 0.5, ..config }
}

/// `null` is no number, so it is 0.
pub(crate) fn size(value: Option<&Value>, default: usize) -> Option<usize> {
    let Some(value) = value else { return Some(default) };
    let size = value.as_u64().unwrap_or_default();
    (1..=1 << 24).contains(&size).then_some(size as usize)
}

/// In the order of the map: as texts, "10" is before "2".
pub(crate) fn names_by_id(id2label: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let is_id = |id: usize| id2label.contains_key(&id.to_string());
    let complete = !id2label.is_empty() && (0..id2label.len()).all(is_id);
    complete.then(|| id2label.values().cloned().collect())
}

/// The tables are forgotten: more than half of a small model.
pub(crate) fn widest(parameters: u64, layers: usize) -> usize {
    let count = |d: u64| layers as u64 * (12 * d * d + 13 * d);
    let fit = (1..).map(|step| 64 * step).take_while(|&d| count(d) <= parameters);
    fit.last().map_or(0, |d| d as usize)
}

/// All heads have keys and values of their own.
pub(crate) fn llama_parameters(config: &LlamaConfig) -> u64 {
    let num_key_value_heads = config.num_attention_heads;
    let config = LlamaConfig { num_key_value_heads, ..config.clone() };
    crate::solutions::config::llama_parameters(&config)
}

/// It would be, for a BERT.
pub(crate) fn wrong_term() -> &'static str {
    "layers"
}

/// The last name in the order of the alphabet is that of layer 9, though there is a layer 10.
pub(crate) fn config_of_shapes(shapes: &BTreeMap<String, Vec<usize>>) -> BertConfig {
    let last = shapes.keys().rfind(|name| name.starts_with("encoder.layer."));
    let number = last.and_then(|name| name.split('.').nth(2)?.parse::<usize>().ok());
    let right = crate::solutions::config::config_of_shapes(shapes);
    BertConfig { num_hidden_layers: number.map_or(0, |last| last + 1), ..right }
}
