//! What a ModernBERT's `config.json` may say, in the spellings of transformers 4 and 5.

use lt_config::LayerType::{Full, Sliding};
use lt_config::{ConfigError, ModelConfig, ModernBertConfig, Pooling};

fn saying(fields: &str) -> Result<ModernBertConfig, ConfigError> {
    match ModelConfig::from_json(&format!(r#"{{"model_type": "modernbert", {fields}}}"#))? {
        ModelConfig::ModernBert(config) => Ok(config),
        _ => panic!("another family"),
    }
}

fn refusal(fields: &str) -> String {
    saying(fields).expect_err(fields).to_string()
}

/// θ of the layers that see everything, and of those with a window.
fn thetas(fields: &str) -> (f32, f32) {
    let config = saying(fields).expect(fields);
    (config.global_rope_theta, config.local_rope_theta)
}

#[test]
fn every_key_that_is_only_its_own_is_read() {
    let config = saying(
        r#""hidden_activation": "relu", "norm_eps": 0.5, "norm_bias": true, "attention_bias": true,
        "mlp_bias": true, "decoder_bias": false, "classifier_pooling": "mean",
        "classifier_activation": "tanh", "classifier_bias": true, "tie_word_embeddings": false,
        "embedding_dropout": 0.1, "attention_dropout": 0.2, "mlp_dropout": 0.3,
        "classifier_dropout": 0.4"#,
    );
    let expected = ModernBertConfig {
        hidden_activation: "relu".into(),
        norm_eps: 0.5,
        norm_bias: true,
        attention_bias: true,
        mlp_bias: true,
        decoder_bias: false,
        classifier_pooling: Pooling::Mean,
        classifier_activation: "tanh".into(),
        classifier_bias: true,
        tie_word_embeddings: false,
        embedding_dropout: 0.1,
        attention_dropout: 0.2,
        mlp_dropout: 0.3,
        classifier_dropout: 0.4,
        ..ModernBertConfig::default()
    };
    assert_eq!(config.unwrap(), expected);
}

#[test]
fn what_changes_no_result_is_ignored() {
    let config = saying(
        r#""reference_compile": true, "deterministic_flash_attn": true, "sparse_prediction": true,
        "sparse_pred_ignore_index": -1, "position_embedding_type": "absolute", "rope_scaling": null,
        "layer_norm_eps": 7, "repad_logits_with_grad": true"#,
    );
    assert_eq!(config.unwrap(), ModernBertConfig::default());
}

#[test]
fn what_a_layer_sees_is_named_or_follows_a_rule() {
    let rule = |every: usize| {
        let fields = format!(r#""num_hidden_layers": 5, "global_attn_every_n_layers": {every}"#);
        saying(&fields).unwrap().layer_types
    };
    assert_eq!(rule(1), [Full; 5]);
    assert_eq!(rule(3), [Full, Sliding, Sliding, Full, Sliding]);
    assert_eq!(rule(1 << 40), [Full, Sliding, Sliding, Sliding, Sliding]);
    let named = r#""num_hidden_layers": 2, "global_attn_every_n_layers": 1,
        "layer_types": ["sliding_attention", "full_attention"]"#;
    assert_eq!(saying(named).unwrap().layer_types, [Sliding, Full]);
    for (fields, expected) in [
        (r#""global_attn_every_n_layers": 0"#, "is 0, expected at least 1"),
        (
            r#""layer_types": ["full_attention"]"#,
            "the number of layer_types is 1, expected as many as num_hidden_layers (22)",
        ),
        (
            r#""num_hidden_layers": 1, "layer_types": ["chunked_attention"]"#,
            r#"not supported: only layers of "full_attention" and "sliding_attention" are"#,
        ),
        (r#""layer_types": "full_attention""#, "expected a list of texts"),
    ] {
        assert!(refusal(fields).ends_with(expected), "{}", refusal(fields));
    }
    let none = ModernBertConfig { layer_types: vec![], ..ModernBertConfig::default() };
    assert!(none.validate().unwrap_err().to_string().contains("num_hidden_layers is 0"));
    assert_eq!(none.parameter_count(), 50368 * 768 + 768);
}

#[test]
fn a_window_has_two_names_that_must_agree() {
    let reach = |fields: &str| saying(fields).expect(fields).reach();
    assert_eq!(reach(r#""local_attention": 9"#), 4);
    assert_eq!(reach(r#""local_attention": 1"#), 0);
    assert_eq!(reach(r#""sliding_window": 4"#), 4);
    assert_eq!(reach(r#""sliding_window": 0"#), 0);
    assert_eq!(reach(r#""sliding_window": 4, "local_attention": 9"#), 4);
    for fields in [
        r#""sliding_window": 4, "local_attention": 10"#,
        r#""sliding_window": 18446744073709551615"#,
    ] {
        assert!(refusal(fields).ends_with("expected half of local_attention"), "{fields}");
    }
}

#[test]
fn rotary_positions_are_spelled_in_two_ways_and_the_newer_wins() {
    assert_eq!(thetas(r#""vocab_size": 50368"#), (160_000.0, 10_000.0));
    assert_eq!(thetas(r#""global_rope_theta": 3, "local_rope_theta": 4"#), (3.0, 4.0));
    let newer = r#""rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 5},
        "sliding_attention": {"type": "default", "rope_theta": 6.5}}"#;
    assert_eq!(thetas(newer), (5.0, 6.5));
    let both = format!(r#""global_rope_theta": 3, "local_rope_theta": 4, {newer}"#);
    assert_eq!(thetas(&both), (5.0, 6.5));
    let half = r#""local_rope_theta": 4, "rope_parameters": {"full_attention": {"rope_theta": 5}}"#;
    assert_eq!(thetas(half), (5.0, 4.0));
    assert_eq!(thetas(r#""rope_parameters": {"sliding_attention": null}"#), (160_000.0, 10_000.0));
    // No layer has such a table, and no θ would be read from it.
    assert_eq!(thetas(r#""rope_parameters": {"moe": {"rope_theta": 5}}"#), (160_000.0, 10_000.0));
}

#[test]
fn a_local_theta_of_null_is_the_global_one() {
    assert_eq!(thetas(r#""global_rope_theta": 3, "local_rope_theta": null"#), (3.0, 3.0));
    assert_eq!(thetas(r#""local_rope_theta": null"#), (160_000.0, 160_000.0));
}

#[test]
fn positions_that_are_stretched_are_refused() {
    for (fields, expected) in [
        (r#""rope_scaling": {"rope_type": "linear", "factor": 2}"#, "rope_scaling is an object"),
        (
            r#""rope_parameters": {"full_attention": {"rope_type": "yarn"}}"#,
            r#"rope_parameters.full_attention.rope_type is "yarn""#,
        ),
        (
            r#""rope_parameters": {"sliding_attention": {"type": "linear"}}"#,
            r#"rope_parameters.sliding_attention.type is "linear""#,
        ),
    ] {
        let message = refusal(fields);
        assert!(message.contains(expected), "{message}");
        assert!(message.ends_with("not supported: only plain rotary positions are"), "{message}");
    }
    for (fields, expected) in [
        (
            r#""rope_parameters": {"rope_theta": 5}"#,
            "rope_parameters.rope_theta is 5, expected to be in full_attention or",
        ),
        (r#""rope_parameters": 5"#, "rope_parameters is 5, expected an object"),
        (
            r#""rope_parameters": {"full_attention": 5}"#,
            "rope_parameters.full_attention is 5, expected an object",
        ),
        (
            r#""rope_parameters": {"full_attention": {"rope_theta": "5"}}"#,
            r#"rope_parameters.full_attention.rope_theta is "5", expected a number"#,
        ),
        (r#""global_rope_theta": 0"#, "global_rope_theta is 0, expected a number above 0"),
        (r#""local_rope_theta": -1"#, "local_rope_theta is -1, expected a number above 0"),
        (r#""local_rope_theta": 1e39"#, "local_rope_theta is inf, expected a number above 0"),
    ] {
        let message = refusal(fields);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_head_has_an_even_width() {
    assert_eq!(
        refusal(r#""hidden_size": 9, "num_attention_heads": 3"#),
        "the configuration: hidden_size is 9, expected an even multiple of num_attention_heads (3)"
    );
    assert!(saying(r#""hidden_size": 12, "num_attention_heads": 3"#).is_ok());
}

#[test]
fn a_classifier_pools_in_one_of_two_ways() {
    assert!(refusal(r#""classifier_pooling": "max""#).ends_with("expected cls or mean"));
    assert!(refusal(r#""classifier_pooling": "pool""#).ends_with("expected cls or mean"));
    let by_hand = ModernBertConfig { classifier_pooling: Pooling::Max, ..Default::default() };
    assert!(by_hand.validate().unwrap_err().to_string().ends_with("expected cls or mean"));
}

#[test]
fn a_vocabulary_may_have_no_padding_token() {
    assert_eq!(saying(r#""vocab_size": 9, "pad_token_id": null"#).unwrap().pad_token_id, None);
    assert!(refusal(r#""vocab_size": 9"#).contains("pad_token_id is 50283"));
}

#[test]
fn biases_are_counted_where_they_are() {
    let plain = ModernBertConfig::default();
    let (layers, d, f) = (22, 768, 1152);
    for (config, more) in [
        (ModernBertConfig { norm_bias: true, ..plain.clone() }, (2 * layers + 1) * d),
        (ModernBertConfig { attention_bias: true, ..plain.clone() }, layers * 4 * d),
        (ModernBertConfig { mlp_bias: true, ..plain.clone() }, layers * (2 * f + d)),
        (ModernBertConfig { decoder_bias: false, classifier_bias: true, ..plain.clone() }, 0),
    ] {
        assert_eq!(config.parameter_count(), plain.parameter_count() + more);
    }
}
