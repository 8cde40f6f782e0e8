//! The files of sentence-transformers.

use std::fs;

use lt_config::{CrossEncoder, ModelConfig, SentenceTransformers};
use lt_core::Scratch;
use lt_model::{LoadOptions, TextEncoder, Top};
use lt_tasks::SentenceEncoder;

use crate::files::Files;

const NAMES: &[&str] = &[
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "2_Normalize/config.json",
    "tokenizer_config.json",
];

thread_local! {
    static FILES: Files = beside_a_model();
}

/// A directory with a model of width 4 and a tokenizer.
fn beside_a_model() -> Files {
    const CONFIG: &str = r#"{"model_type": "bert", "vocab_size": 6, "hidden_size": 4,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 4,
        "max_position_embeddings": 8}"#;
    let files = Files::new(NAMES);
    let config = ModelConfig::from_json(CONFIG).expect("a configuration");
    let model = TextEncoder::zeros(&config, Top::Nothing).expect("a model");
    model.save(files.dir().join("model.safetensors")).expect("a checkpoint");
    fs::write(files.dir().join("config.json"), CONFIG).expect("a file");
    let vocab = "[UNK]\n[CLS]\n[SEP]\n[PAD]\na\nquery";
    fs::write(files.dir().join("vocab.txt"), vocab).expect("a file");
    files
}

pub(crate) fn read(bytes: &[u8]) -> bool {
    FILES.with(|files| {
        files.write(bytes);
        if let Ok(Some(settings)) = SentenceTransformers::from_dir(files.dir()) {
            assert!(settings.transformer_dir.starts_with(files.dir()));
            assert!(!settings.pooling.is_empty() && settings.token_width > 0);
        }
        let _ = CrossEncoder::from_dir(files.dir());
        match SentenceEncoder::from_dir(files.dir(), &LoadOptions::default()) {
            Ok(encoder) => {
                let texts = ["", "a", "A query, and more than fits a model of eight positions"];
                if let Ok(vectors) = encoder.encode(&texts, &mut Scratch::new()) {
                    assert_eq!(vectors.dim(), (texts.len(), encoder.width()));
                    assert!(vectors.iter().all(|x| x.is_finite()));
                }
                true
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        }
    })
}
