//! The configurations of decoders in transformers' spelling.

use lt_config::{
    Gemma3TextConfig, Gpt2Config, LlamaConfig, MistralConfig, ModelConfig, Qwen2Config,
    Qwen3Config, RopeParameters, RopeScaling,
};
use serde_json::{Map, Value, json};

use super::{insert_labels, layer_types, same};

pub(crate) fn fields_of(config: &ModelConfig) -> Map<String, Value> {
    match config {
        ModelConfig::Gpt2(config) => {
            let object = object!(
                config,
                Gpt2Config {
                    vocab_size, initializer_range, n_positions, n_embd, n_layer, n_head, n_inner, activation_function, resid_pdrop, embd_pdrop, attn_pdrop, layer_norm_epsilon, scale_attn_weights, scale_attn_by_inverse_layer_idx, pad_token_id, bos_token_id, tie_word_embeddings,
                } but eos_token_id
            );
            with(object, &config.eos_token_id, [])
        }
        ModelConfig::Llama(config) => {
            let object = object!(
                config,
                LlamaConfig {
                    vocab_size, initializer_range, hidden_size, intermediate_size, num_attention_heads, num_key_value_heads, head_dim, hidden_act, max_position_embeddings, rms_norm_eps, attention_dropout, pad_token_id, bos_token_id, tie_word_embeddings, num_hidden_layers, attention_bias, mlp_bias,
                } but eos_token_id, rope_parameters
            );
            with(object, &config.eos_token_id, [("rope_parameters", rope(&config.rope_parameters))])
        }
        ModelConfig::Mistral(config) => {
            let object = object!(
                config,
                MistralConfig {
                    vocab_size, initializer_range, hidden_size, intermediate_size, num_attention_heads, num_key_value_heads, head_dim, hidden_act, max_position_embeddings, rms_norm_eps, attention_dropout, pad_token_id, bos_token_id, tie_word_embeddings, num_hidden_layers, sliding_window,
                } but eos_token_id, rope_parameters
            );
            with(object, &config.eos_token_id, [("rope_parameters", rope(&config.rope_parameters))])
        }
        ModelConfig::Qwen2(config) => {
            let mut object = object!(
                config,
                Qwen2Config {
                    vocab_size, initializer_range, hidden_size, intermediate_size, num_attention_heads, num_key_value_heads, hidden_act, max_position_embeddings, rms_norm_eps, attention_dropout, pad_token_id, bos_token_id, tie_word_embeddings, sliding_window,
                } but head_dim, eos_token_id, rope_parameters, layer_types
            );
            // Qwen 2 of transformers only has a head_dim if it is said.
            if config.head_dim != config.hidden_size / config.num_attention_heads {
                object.insert("head_dim".into(), json!(config.head_dim));
            }
            with(
                object,
                &config.eos_token_id,
                [
                    ("rope_parameters", rope(&config.rope_parameters)),
                    ("layer_types", layer_types(&config.layer_types)),
                    ("num_hidden_layers", json!(config.num_hidden_layers())),
                ],
            )
        }
        ModelConfig::Qwen3(config) => {
            let object = object!(
                config,
                Qwen3Config {
                    vocab_size, initializer_range, hidden_size, intermediate_size, num_attention_heads, num_key_value_heads, head_dim, hidden_act, max_position_embeddings, rms_norm_eps, attention_dropout, pad_token_id, bos_token_id, tie_word_embeddings, sliding_window, attention_bias,
                } but eos_token_id, rope_parameters, layer_types
            );
            with(
                object,
                &config.eos_token_id,
                [
                    ("rope_parameters", rope(&config.rope_parameters)),
                    ("layer_types", layer_types(&config.layer_types)),
                    ("num_hidden_layers", json!(config.num_hidden_layers())),
                ],
            )
        }
        ModelConfig::Gemma3Text(config) => {
            let object = object!(
                config,
                Gemma3TextConfig {
                    vocab_size, initializer_range, hidden_size, intermediate_size, num_attention_heads, num_key_value_heads, head_dim, max_position_embeddings, rms_norm_eps, attention_dropout, pad_token_id, bos_token_id, tie_word_embeddings, hidden_activation, sliding_window, query_pre_attn_scalar, final_logit_softcapping, attention_bias,
                } but eos_token_id, rope_parameters, rope_local_parameters, layer_types
            );
            with(
                object,
                &config.eos_token_id,
                [
                    (
                        "rope_parameters",
                        json!({
                            "full_attention": rope(&config.rope_parameters),
                            "sliding_attention": rope(&config.rope_local_parameters),
                        }),
                    ),
                    ("layer_types", layer_types(&config.layer_types)),
                    ("num_hidden_layers", json!(config.num_hidden_layers())),
                ],
            )
        }
        other => panic!("{other:?}"),
    }
}

fn with<const N: usize>(
    mut object: Map<String, Value>,
    ends: &[usize],
    others: [(&str, Value); N],
) -> Map<String, Value> {
    let ends = match ends {
        [] => Value::Null,
        [end] => json!(end),
        ends => json!(ends),
    };
    object.insert("eos_token_id".into(), ends);
    object.extend(others.map(|(field, value)| (field.to_owned(), value)));
    object
}

fn rope(parameters: &RopeParameters) -> Value {
    let mut said = match parameters.scaling {
        RopeScaling::Default => json!({}),
        RopeScaling::Linear { factor } | RopeScaling::Dynamic { factor } => {
            json!({ "factor": factor })
        }
        RopeScaling::Llama3 {
            factor,
            low_freq_factor,
            high_freq_factor,
            original_max_position_embeddings,
        } => json!({
            "factor": factor,
            "low_freq_factor": low_freq_factor,
            "high_freq_factor": high_freq_factor,
            "original_max_position_embeddings": original_max_position_embeddings,
        }),
        RopeScaling::Yarn(yarn) => json!({
            "factor": yarn.factor,
            "attention_factor": yarn.attention_factor,
            "beta_fast": yarn.beta_fast,
            "beta_slow": yarn.beta_slow,
            "mscale": yarn.mscale,
            "mscale_all_dim": yarn.mscale_all_dim,
            "truncate": yarn.truncate,
            "original_max_position_embeddings": yarn.original_max_position_embeddings,
        }),
        other => panic!("{other:?}"),
    };
    said["rope_theta"] = json!(parameters.rope_theta);
    said["rope_type"] = json!(parameters.scaling.name());
    said
}

/// Whether each key that transformers has is as ours, and each that it leaves out is the default.
pub(crate) fn same_rope(ours: &Value, theirs: &Value) -> bool {
    let (Some(ours), Some(theirs)) = (ours.as_object(), theirs.as_object()) else { return false };
    let left_out = json!({
        "attention_factor": null, "beta_fast": 32.0, "beta_slow": 1.0, "mscale": null,
        "mscale_all_dim": null, "truncate": true,
    });
    let known = theirs.iter().all(|(key, theirs)| match ours.get(key) {
        Some(ours) if ours.is_object() => same_rope(ours, theirs),
        Some(ours) => same(ours, theirs),
        // The older name of rope_type is not taken out.
        None => key == "type",
    });
    let mut others = ours.iter().filter(|(key, _)| !theirs.contains_key(*key));
    known && others.all(|(key, ours)| left_out.get(key).is_some_and(|default| same(ours, default)))
}
