//! Whatever is in the files, reading them returns.

use std::fs;
use std::path::Path;

use lt_config::{GenerationConfig, ModelConfig, SentenceTransformers};
use proptest::prelude::*;

const DIR: &str = env!("CARGO_TARGET_TMPDIR");

const CONFIG: &str = r#"{"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 384,
"num_attention_heads": 12, "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.1, "pad_token_id": 0,
"position_embedding_type": "absolute", "vocab_size": 30522, "tie_word_embeddings": true}"#;
const MODULES: &str = r#"[{"path": "", "type": "sentence_transformers.models.Transformer"},
{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#;
const SETTINGS: &str = r#"{"max_seq_length": 256, "do_lower_case": false}"#;
const POOLING: &str = r#"{"word_embedding_dimension": 384, "pooling_mode": ["mean", "cls"]}"#;

/// A valid file of which some bytes were changed, some left out, and the end cut off.
fn mutated(valid: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0..valid.len(), prop::option::of(any::<u8>())), 0..4);
    (changes, 0..=valid.len()).prop_map(|(changes, end)| {
        let mut bytes: Vec<Option<u8>> = valid.bytes().map(Some).collect();
        for (place, change) in changes {
            bytes[place] = change;
        }
        bytes.into_iter().take(end).flatten().collect()
    })
}

fn anything(valid: &'static str) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), mutated(valid)]
}

/// A JSON value of any form.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>()
            .prop_filter("JSON has no others", |x| x.is_finite())
            .prop_map(|x| format!("{x:e}")),
        "[a-zA-Z.]{0,12}".prop_map(|s| format!("{s:?}")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|list| format!("[{}]", list.join(","))),
            inner.prop_map(|value| format!("{{\"type\": {value}}}")),
        ]
    })
}

const FAMILIES: [&str; 13] = [
    "bert",
    "roberta",
    "distilbert",
    "electra",
    "albert",
    "mpnet",
    "modernbert",
    "gpt2",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma3_text",
];
const KEYS: [&str; 48] = [
    "model_type",
    "architectures",
    "vocab_size",
    "hidden_size",
    "dim",
    "embedding_size",
    "num_attention_heads",
    "num_hidden_layers",
    "num_hidden_groups",
    "inner_group_num",
    "max_position_embeddings",
    "relative_attention_num_buckets",
    "layer_norm_eps",
    "hidden_dropout_prob",
    "classifier_dropout",
    "pad_token_id",
    "is_decoder",
    "hidden_act",
    "pruned_heads",
    "num_labels",
    "id2label",
    "label2id",
    "problem_type",
    "layer_types",
    "global_attn_every_n_layers",
    "local_attention",
    "sliding_window",
    "global_rope_theta",
    "local_rope_theta",
    "rope_parameters",
    "rope_scaling",
    "classifier_pooling",
    "n_embd",
    "n_inner",
    "n_layer",
    "head_dim",
    "num_key_value_heads",
    "use_sliding_window",
    "max_window_layers",
    "sliding_window_pattern",
    "rope_theta",
    "rope_local_base_freq",
    "partial_rotary_factor",
    "original_max_position_embeddings",
    "query_pre_attn_scalar",
    "final_logit_softcapping",
    "eos_token_id",
    "quantization_config",
];

const GENERATION: [&str; 12] = [
    "max_length",
    "max_new_tokens",
    "do_sample",
    "num_beams",
    "early_stopping",
    "temperature",
    "top_k",
    "min_p",
    "bad_words_ids",
    "suppress_tokens",
    "eos_token_id",
    "forced_bos_token_id",
];

/// What is read holds what a configuration written by hand is held to.
fn is_valid(config: &ModelConfig) -> bool {
    match config {
        ModelConfig::Bert(config) => config.validate().is_ok(),
        ModelConfig::Roberta(config) => config.validate().is_ok(),
        ModelConfig::DistilBert(config) => config.validate().is_ok(),
        ModelConfig::Electra(config) => config.validate().is_ok(),
        ModelConfig::Albert(config) => config.validate().is_ok(),
        ModelConfig::Mpnet(config) => config.validate().is_ok(),
        ModelConfig::ModernBert(config) => config.validate().is_ok(),
        ModelConfig::Gpt2(config) => config.validate().is_ok(),
        ModelConfig::Llama(config) => config.validate().is_ok(),
        ModelConfig::Mistral(config) => config.validate().is_ok(),
        ModelConfig::Qwen2(config) => config.validate().is_ok(),
        ModelConfig::Qwen3(config) => config.validate().is_ok(),
        ModelConfig::Gemma3Text(config) => config.validate().is_ok(),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_config_file_of_any_bytes_is_read_or_refused(bytes in anything(CONFIG)) {
        let path = Path::new(DIR).join("config.json");
        fs::write(&path, bytes).unwrap();
        match ModelConfig::from_file(&path) {
            Ok(config) => prop_assert!(is_valid(&config)),
            Err(error) => prop_assert!(error.to_string().contains("config.json")),
        }
    }

    #[test]
    fn keys_of_any_value_are_read_or_refused(
        family in prop::sample::select(&FAMILIES[..]),
        said in prop::collection::vec((prop::sample::select(&KEYS[..]), json()), 1..4),
    ) {
        let said: Vec<String> =
            said.iter().map(|(key, value)| format!(r#", "{key}": {value}"#)).collect();
        let text = format!(r#"{{"model_type": "{family}"{}}}"#, said.concat());
        if let Ok(config) = ModelConfig::from_json(&text) {
            prop_assert!(is_valid(&config));
        }
    }

    #[test]
    fn generation_settings_of_any_value_are_read_or_refused(
        said in prop::collection::vec((prop::sample::select(&GENERATION[..]), json()), 1..4),
    ) {
        let said: Vec<String> =
            said.iter().map(|(key, value)| format!(r#""{key}": {value}"#)).collect();
        if let Ok(config) = GenerationConfig::from_json(&format!("{{{}}}", said.join(","))) {
            prop_assert!(config.validate().is_ok());
        }
    }

    #[test]
    fn sentence_transformers_files_of_any_bytes_are_read_or_refused(
        modules in anything(MODULES), settings in anything(SETTINGS), pooling in anything(POOLING),
        broken in 0..3,
    ) {
        let dir = Path::new(DIR).join("sentence");
        fs::create_dir_all(dir.join("1_Pooling")).unwrap();
        let one = |number, any: Vec<u8>, valid: &str| {
            if number == broken { any } else { valid.as_bytes().to_vec() }
        };
        fs::write(dir.join("modules.json"), one(0, modules, MODULES)).unwrap();
        fs::write(dir.join("sentence_bert_config.json"), one(1, settings, SETTINGS)).unwrap();
        fs::write(dir.join("1_Pooling/config.json"), one(2, pooling, POOLING)).unwrap();
        if let Ok(Some(settings)) = SentenceTransformers::from_dir(&dir) {
            prop_assert!(settings.transformer_dir.starts_with(&dir));
            prop_assert!(!settings.pooling.is_empty());
        }
    }
}
