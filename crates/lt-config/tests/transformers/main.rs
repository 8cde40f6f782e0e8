//! What a file leaves unsaid, or says in an old spelling, is what transformers takes it for.
//!
//! `golden/transformers.json` is what transformers wrote; `golden/make.py` made it.
#![allow(clippy::unwrap_used)] // what fails here is the test

use lt_config::{
    AlbertConfig, BertConfig, DistilBertConfig, ElectraConfig, Gemma3TextConfig, Gpt2Config,
    Labels, LayerType, LlamaConfig, MistralConfig, ModelConfig, ModernBertConfig, MpnetConfig,
    Qwen2Config, Qwen3Config, RobertaConfig,
};
use serde_json::{Map, Value, json};

/// A configuration in transformers' spelling. The structs are taken apart, so that no field is
/// forgotten here.
macro_rules! object {
    ($config:expr, $kind:ident { $($field:ident),* $(,)? } $(but $($other:ident),*)?) => {{
        let $kind { $($field,)* $($($other: _,)*)? labels, architectures } = $config;
        let mut object = Map::new();
        $(object.insert(stringify!($field).to_owned(), json!($field));)*
        insert_labels(&mut object, labels, architectures);
        object
    }};
}

mod decoders;

/// What a configuration of transformers also has: special tokens, settings of training and of
/// programs, a default that is refused or ignored otherwise.
const NOT_READ: [&str; 43] = [
    "_name_or_path",
    "_sliding_window_pattern",
    "add_cross_attention",
    // Applied by no Gemma 3 of transformers.
    "attn_logit_softcapping",
    "bos_token_id",
    "chunk_size_feed_forward",
    "cls_token_id",
    "deterministic_flash_attn",
    "dtype",
    "eos_token_id",
    // Said by layer_types.
    "global_attn_every_n_layers",
    "gradient_checkpointing",
    "is_decoder",
    "is_encoder_decoder",
    // Only if there is no id2label.
    "label2id",
    "layer_norm_eps",
    // Said by layer_types.
    "max_window_layers",
    "model_type",
    "n_ctx",
    "num_labels",
    "output_attentions",
    "output_hidden_states",
    "position_embedding_type",
    "pretraining_tp",
    "reorder_and_upcast_attn",
    "return_dict",
    "sep_token_id",
    "sliding_window",
    "sliding_window_pattern",
    "sparse_pred_ignore_index",
    "sparse_prediction",
    "summary_activation",
    "summary_first_dropout",
    "summary_last_dropout",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
    "task_specific_params",
    "torch_dtype",
    "transformers_version",
    "use_bidirectional_attention",
    "use_cache",
    "use_sliding_window",
];

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/transformers.json")).unwrap()
}

fn read(said: &Value) -> ModelConfig {
    ModelConfig::from_json(&said.to_string()).expect("transformers reads it")
}

/// Whether each of our fields is transformers', and each of transformers' is ours or not read.
fn assert_same(config: &ModelConfig, golden: &Value) {
    let ours = fields_of(config);
    let golden = golden.as_object().unwrap();
    for (field, value) in &ours {
        let theirs = golden.get(field).unwrap_or(&Value::Null);
        let same = match field.as_str() {
            "rope_parameters" => decoders::same_rope(value, theirs),
            _ => same(value, theirs),
        };
        assert!(same, "{field}: {value}, but {theirs}");
    }
    for field in golden.keys() {
        assert!(ours.contains_key(field) || NOT_READ.contains(&field.as_str()), "{field}");
    }
}

fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        // As f32: what both compute with.
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().unwrap() as f32 == b.as_f64().unwrap() as f32
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => ours == theirs,
    }
}

#[test]
fn an_absent_key_is_as_transformers_has_it_in_each_family() {
    let golden = golden();
    for (family, default) in golden["defaults"].as_object().unwrap() {
        let nothing = read(&json!({ "model_type": family }));
        assert_same(&nothing, &default["config"]);
        assert_eq!(nothing, read(&default["config"]), "{family}: said in full");
        assert_eq!(parameter_count(&nothing), default["parameters"], "{family}");
    }
    for (family, default) in [
        ("bert", ModelConfig::Bert(BertConfig::default())),
        ("roberta", ModelConfig::Roberta(RobertaConfig::default())),
        ("distilbert", ModelConfig::DistilBert(DistilBertConfig::default())),
        ("electra", ModelConfig::Electra(ElectraConfig::default())),
        ("albert", ModelConfig::Albert(AlbertConfig::default())),
        ("mpnet", ModelConfig::Mpnet(MpnetConfig::default())),
        ("modernbert", ModelConfig::ModernBert(ModernBertConfig::default())),
        ("gpt2", ModelConfig::Gpt2(Gpt2Config::default())),
        ("llama", ModelConfig::Llama(LlamaConfig::default())),
        ("mistral", ModelConfig::Mistral(MistralConfig::default())),
        ("qwen2", ModelConfig::Qwen2(Qwen2Config::default())),
        ("qwen3", ModelConfig::Qwen3(Qwen3Config::default())),
        ("gemma3_text", ModelConfig::Gemma3Text(Gemma3TextConfig::default())),
    ] {
        assert_eq!(read(&json!({ "model_type": family })), default);
        assert_eq!(default.family(), family);
    }
}

#[test]
fn an_old_spelling_says_what_transformers_makes_of_it() {
    for spelling in golden()["spellings"].as_array().unwrap() {
        let config = read(&spelling["said"]);
        assert_same(&config, &spelling["config"]);
        assert_eq!(config, read(&spelling["config"]), "{}", spelling["said"]);
    }
}

fn parameter_count(config: &ModelConfig) -> u64 {
    match config {
        ModelConfig::Bert(config) => config.parameter_count(),
        ModelConfig::Roberta(config) => config.parameter_count(),
        ModelConfig::DistilBert(config) => config.parameter_count(),
        ModelConfig::Electra(config) => config.parameter_count(),
        ModelConfig::Albert(config) => config.parameter_count(),
        ModelConfig::Mpnet(config) => config.parameter_count(),
        ModelConfig::ModernBert(config) => config.parameter_count(),
        ModelConfig::Gpt2(config) => config.parameter_count(),
        ModelConfig::Llama(config) => config.parameter_count(),
        ModelConfig::Mistral(config) => config.parameter_count(),
        ModelConfig::Qwen2(config) => config.parameter_count(),
        ModelConfig::Qwen3(config) => config.parameter_count(),
        ModelConfig::Gemma3Text(config) => config.parameter_count(),
        other => panic!("{other:?}"),
    }
}

fn insert_labels(object: &mut Map<String, Value>, labels: &Labels, classes: &[String]) {
    let names = labels.names().iter().enumerate();
    let id_to_label: Map<_, _> = names.map(|(id, name)| (id.to_string(), json!(name))).collect();
    object.insert("id2label".into(), Value::Object(id_to_label));
    object.insert(
        "problem_type".into(),
        json!(labels.stated_problem().map(lt_config::Problem::name)),
    );
    let classes = if classes.is_empty() { Value::Null } else { json!(classes) };
    object.insert("architectures".into(), classes);
}

fn fields_of(config: &ModelConfig) -> Map<String, Value> {
    match config {
        ModelConfig::Bert(config) => object!(
            config,
            BertConfig {
                vocab_size,
                initializer_range,
                hidden_size,
                num_hidden_layers,
                num_attention_heads,
                intermediate_size,
                hidden_act,
                max_position_embeddings,
                type_vocab_size,
                layer_norm_eps,
                hidden_dropout_prob,
                attention_probs_dropout_prob,
                pad_token_id,
                tie_word_embeddings,
                classifier_dropout,
            }
        ),
        ModelConfig::Roberta(config) => object!(
            config,
            RobertaConfig {
                vocab_size,
                initializer_range,
                hidden_size,
                num_hidden_layers,
                num_attention_heads,
                intermediate_size,
                hidden_act,
                max_position_embeddings,
                type_vocab_size,
                layer_norm_eps,
                hidden_dropout_prob,
                attention_probs_dropout_prob,
                pad_token_id,
                tie_word_embeddings,
                classifier_dropout,
            }
        ),
        ModelConfig::DistilBert(config) => object!(
            config,
            DistilBertConfig {
                vocab_size,
                initializer_range,
                dim,
                n_layers,
                n_heads,
                hidden_dim,
                activation,
                max_position_embeddings,
                sinusoidal_pos_embds,
                dropout,
                attention_dropout,
                seq_classif_dropout,
                qa_dropout,
                pad_token_id,
                tie_word_embeddings,
            }
        ),
        ModelConfig::Electra(config) => object!(
            config,
            ElectraConfig {
                vocab_size,
                initializer_range,
                embedding_size,
                hidden_size,
                num_hidden_layers,
                num_attention_heads,
                intermediate_size,
                hidden_act,
                max_position_embeddings,
                type_vocab_size,
                layer_norm_eps,
                hidden_dropout_prob,
                attention_probs_dropout_prob,
                pad_token_id,
                tie_word_embeddings,
                classifier_dropout,
            }
        ),
        ModelConfig::Albert(config) => object!(
            config,
            AlbertConfig {
                vocab_size,
                initializer_range,
                embedding_size,
                hidden_size,
                num_hidden_layers,
                num_hidden_groups,
                inner_group_num,
                num_attention_heads,
                intermediate_size,
                hidden_act,
                max_position_embeddings,
                type_vocab_size,
                layer_norm_eps,
                hidden_dropout_prob,
                attention_probs_dropout_prob,
                classifier_dropout_prob,
                pad_token_id,
                tie_word_embeddings,
            }
        ),
        ModelConfig::Mpnet(config) => object!(
            config,
            MpnetConfig {
                vocab_size,
                initializer_range,
                hidden_size,
                num_hidden_layers,
                num_attention_heads,
                intermediate_size,
                hidden_act,
                max_position_embeddings,
                relative_attention_num_buckets,
                layer_norm_eps,
                hidden_dropout_prob,
                attention_probs_dropout_prob,
                pad_token_id,
                tie_word_embeddings,
            }
        ),
        ModelConfig::ModernBert(config) => fields_of_modernbert(config),
        other => decoders::fields_of(other),
    }
}

fn fields_of_modernbert(config: &ModernBertConfig) -> Map<String, Value> {
    let mut object = object!(
        config,
        ModernBertConfig {
            vocab_size, initializer_range, initializer_cutoff_factor,
            hidden_size,
            num_attention_heads,
            intermediate_size,
            hidden_activation,
            max_position_embeddings,
            local_attention,
            norm_eps,
            norm_bias,
            attention_bias,
            mlp_bias,
            decoder_bias,
            classifier_activation,
            classifier_bias,
            embedding_dropout,
            attention_dropout,
            mlp_dropout,
            classifier_dropout,
            pad_token_id,
            tie_word_embeddings,
        } but layer_types, global_rope_theta, local_rope_theta, classifier_pooling
    );
    let rotary = |theta: f32| json!({ "rope_theta": theta, "rope_type": "default" });
    let thetas = json!({
        "full_attention": rotary(config.global_rope_theta),
        "sliding_attention": rotary(config.local_rope_theta),
    });
    object.insert("num_hidden_layers".into(), json!(config.num_hidden_layers()));
    object.insert("layer_types".into(), layer_types(&config.layer_types));
    object.insert("rope_parameters".into(), thetas);
    object.insert("classifier_pooling".into(), json!(config.classifier_pooling.name()));
    object
}

fn layer_types(kinds: &[LayerType]) -> Value {
    let name = |kind: &LayerType| match kind {
        LayerType::Full => "full_attention",
        LayerType::Sliding => "sliding_attention",
        _ => panic!("another type"),
    };
    kinds.iter().map(name).collect()
}
