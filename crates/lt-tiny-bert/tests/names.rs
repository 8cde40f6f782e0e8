//! What the chapters say of the parameters: their names here, their names in the file, their shapes.
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::collections::HashMap;

use lt_config::ModelConfig;
use lt_core::{Weight, weights};
use lt_weights::{SafetensorsBytes, TensorSource as _};

// d, f and v of this model.
const D: usize = 384;
const F: usize = 1536;
const V: usize = 9000;

/// A name here, a name in the file, a shape.
type Row = (&'static str, &'static str, &'static [usize]);

/// Behind `encoder.encoder.layers.n.` here, and `bert.encoder.layer.n.` there.
const OF_A_LAYER: [Row; 16] = [
    ("attention.query.weight", "attention.self.query.weight", &[D, D]),
    ("attention.query.bias", "attention.self.query.bias", &[D]),
    ("attention.key.weight", "attention.self.key.weight", &[D, D]),
    ("attention.key.bias", "attention.self.key.bias", &[D]),
    ("attention.value.weight", "attention.self.value.weight", &[D, D]),
    ("attention.value.bias", "attention.self.value.bias", &[D]),
    ("attention.output.weight", "attention.output.dense.weight", &[D, D]),
    ("attention.output.bias", "attention.output.dense.bias", &[D]),
    ("attention_norm.gain", "attention.output.LayerNorm.weight", &[D]),
    ("attention_norm.bias", "attention.output.LayerNorm.bias", &[D]),
    ("feed_forward.up.weight", "intermediate.dense.weight", &[F, D]),
    ("feed_forward.up.bias", "intermediate.dense.bias", &[F]),
    ("feed_forward.down.weight", "output.dense.weight", &[D, F]),
    ("feed_forward.down.bias", "output.dense.bias", &[D]),
    ("feed_forward_norm.gain", "output.LayerNorm.weight", &[D]),
    ("feed_forward_norm.bias", "output.LayerNorm.bias", &[D]),
];

const AROUND_THEM: [Row; 10] = [
    ("encoder.embeddings.token.weight", "bert.embeddings.word_embeddings.weight", &[V, D]),
    ("encoder.embeddings.segment.weight", "bert.embeddings.token_type_embeddings.weight", &[2, D]),
    (
        "encoder.embeddings.position.table.weight",
        "bert.embeddings.position_embeddings.weight",
        &[512, D],
    ),
    ("encoder.embeddings.norm.gain", "bert.embeddings.LayerNorm.weight", &[D]),
    ("encoder.embeddings.norm.bias", "bert.embeddings.LayerNorm.bias", &[D]),
    ("head.transform.dense.weight", "cls.predictions.transform.dense.weight", &[D, D]),
    ("head.transform.dense.bias", "cls.predictions.transform.dense.bias", &[D]),
    ("head.transform.norm.gain", "cls.predictions.transform.LayerNorm.weight", &[D]),
    ("head.transform.norm.bias", "cls.predictions.transform.LayerNorm.bias", &[D]),
    ("head.bias", "cls.predictions.bias", &[V]),
];

#[test]
fn the_tables_of_the_chapters_name_what_is_stored() {
    let (model, file) =
        (lt_tiny_bert::model().unwrap(), SafetensorsBytes::new(lt_tiny_bert::WEIGHTS).unwrap());
    let here: HashMap<String, &Weight> = weights(&model).into_iter().collect();
    let layers = (0..3).flat_map(|n| {
        OF_A_LAYER.map(|(ours, theirs, shape)| {
            let ours = format!("encoder.encoder.layers.{n}.{ours}");
            (ours, format!("bert.encoder.layer.{n}.{theirs}"), shape)
        })
    });
    let around =
        AROUND_THEM.map(|(ours, theirs, shape)| (ours.to_owned(), theirs.to_owned(), shape));
    let rows: Vec<_> = layers.chain(around).collect();
    // All that there is, here and in the file.
    assert_eq!((here.len(), file.tensors().len()), (rows.len(), rows.len()));
    for (ours, theirs, shape) in rows {
        let (loaded, stored) = (here[&ours], file.weight(&theirs).unwrap());
        assert_eq!(loaded.shape(), shape, "{ours}");
        assert_eq!(loaded.f32(), stored.f32(), "{ours} and {theirs}");
    }

    let ModelConfig::Bert(config) = ModelConfig::from_json(lt_tiny_bert::CONFIG).unwrap() else {
        panic!("a BERT")
    };
    assert_eq!((&config.hidden_act[..], config.layer_norm_eps), ("gelu", 1e-12));
    assert_eq!(config.hidden_dropout_prob, 0.0);
}
