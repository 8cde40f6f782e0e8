//! What a BERT's `config.json` may say, and what comes of it.

use lt_config::{BertConfig, ConfigError, Labels, ModelConfig, Problem};

fn read(json: &str) -> Result<BertConfig, ConfigError> {
    match ModelConfig::from_json(json)? {
        ModelConfig::Bert(bert) => Ok(bert),
        _ => panic!("another family"),
    }
}

/// A BERT that says this and nothing else.
fn saying(fields: &str) -> Result<BertConfig, ConfigError> {
    read(&format!(r#"{{"model_type": "bert", {fields}}}"#))
}

fn refusal(fields: &str) -> String {
    saying(fields).expect_err(fields).to_string()
}

#[test]
fn an_absent_key_is_as_transformers_has_it() {
    let bert = read(r#"{"model_type": "bert"}"#).unwrap();
    let expected = BertConfig {
        vocab_size: 30522,
        hidden_size: 768,
        num_hidden_layers: 12,
        num_attention_heads: 12,
        intermediate_size: 3072,
        hidden_act: "gelu".into(),
        max_position_embeddings: 512,
        type_vocab_size: 2,
        layer_norm_eps: 1e-12,
        initializer_range: 0.02,
        hidden_dropout_prob: 0.1,
        attention_probs_dropout_prob: 0.1,
        pad_token_id: 0,
        tie_word_embeddings: true,
        classifier_dropout: None,
        labels: Labels::numbered(2),
        architectures: vec![],
    };
    assert_eq!(bert, expected);
    assert_eq!(bert, BertConfig::default());
}

#[test]
fn every_key_is_read() {
    let bert = saying(
        r#""vocab_size": 101, "hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 4,
        "intermediate_size": 7, "hidden_act": "relu", "max_position_embeddings": 9,
        "type_vocab_size": 1, "layer_norm_eps": 1e-5, "initializer_range": 0.5, "hidden_dropout_prob": 0,
        "attention_probs_dropout_prob": 0.25, "pad_token_id": 100, "tie_word_embeddings": false,
        "classifier_dropout": 0.5, "id2label": {"0": "no"}, "problem_type": "regression",
        "architectures": ["BertForMaskedLM", "BertModel"]"#,
    );
    let expected = BertConfig {
        vocab_size: 101,
        hidden_size: 12,
        num_hidden_layers: 3,
        num_attention_heads: 4,
        intermediate_size: 7,
        hidden_act: "relu".into(),
        max_position_embeddings: 9,
        type_vocab_size: 1,
        layer_norm_eps: 1e-5,
        initializer_range: 0.5,
        hidden_dropout_prob: 0.0,
        attention_probs_dropout_prob: 0.25,
        pad_token_id: 100,
        tie_word_embeddings: false,
        classifier_dropout: Some(0.5),
        labels: Labels::new(vec!["no".into()]).with_problem(Problem::Regression),
        architectures: vec!["BertForMaskedLM".into(), "BertModel".into()],
    };
    assert_eq!(bert.unwrap(), expected);
}

#[test]
fn null_is_absent_and_a_key_nobody_knows_is_ignored() {
    let bert = saying(
        r#""vocab_size": null, "hidden_act": null, "layer_norm_eps": null, "pad_token_id": null,
        "tie_word_embeddings": null, "architectures": null, "position_embedding_type": null,
        "is_decoder": null, "chunk_size_feed_forward": 3, "torch_dtype": "float32", "x": {"y": [0]}"#,
    );
    assert_eq!(bert.unwrap(), BertConfig::default());
}

#[test]
fn heads_that_do_not_divide_the_width_are_refused() {
    // Defect D6 of the course this library replaces: the last columns are silently lost.
    assert_eq!(
        refusal(r#""hidden_size": 64, "num_attention_heads": 5"#),
        "the configuration: hidden_size is 64, expected a multiple of num_attention_heads (5)"
    );
    assert!(saying(r#""hidden_size": 65, "num_attention_heads": 5"#).is_ok());
    assert!(saying(r#""hidden_size": 5, "num_attention_heads": 10"#).is_err());
}

#[test]
fn a_size_is_at_least_one_and_no_more_than_any_model_has() {
    for (field, limit) in [
        ("vocab_size", 1_u64 << 24),
        ("intermediate_size", 1 << 24),
        ("max_position_embeddings", 1 << 24),
        ("type_vocab_size", 1 << 24),
        ("num_hidden_layers", 1000),
    ] {
        let with = |size: u64| format!(r#""{field}": {size}"#);
        for size in [0, limit + 1, u64::MAX] {
            assert_eq!(
                refusal(&with(size)),
                format!("the configuration: {field} is {size}, expected 1 to {limit}")
            );
        }
        assert!(saying(&with(1)).is_ok(), "{field}");
        assert!(saying(&with(limit)).is_ok(), "{field}");
    }
    let wide = |size: u64| format!(r#""hidden_size": {size}, "num_attention_heads": {size}"#);
    for size in [0, (1 << 24) + 1] {
        assert!(refusal(&wide(size)).contains("hidden_size is"), "{size}");
    }
    assert!(refusal(r#""num_attention_heads": 0"#).contains("num_attention_heads is 0"));
    assert!(refusal(r#""num_attention_heads": 20000000"#).contains("expected 1 to 16777216"));
}

#[test]
fn sizes_that_are_possible_one_by_one_and_absurd_together_are_refused() {
    let message = refusal(
        r#""hidden_size": 16777216, "num_attention_heads": 1, "intermediate_size": 16777216,
        "num_hidden_layers": 1000"#,
    );
    assert!(message.contains("the number of parameters is 1688"), "{message}");
    assert!(message.ends_with("expected at most 1099511627776"), "{message}");
}

#[test]
fn an_epsilon_is_a_number_that_is_not_negative() {
    let eps = |text: &str| saying(&format!(r#""layer_norm_eps": {text}"#));
    assert_eq!(eps("1e-5").unwrap().layer_norm_eps, 1e-5_f32);
    assert_eq!(eps("0").unwrap().layer_norm_eps, 0.0);
    for wrong in ["-1e-12", "1e39", "\"1e-12\"", "[]"] {
        let message = eps(wrong).expect_err(wrong).to_string();
        assert!(message.contains("layer_norm_eps is"), "{message}");
    }
    let by_hand = BertConfig { layer_norm_eps: f32::NAN, ..BertConfig::default() };
    assert!(by_hand.validate().is_err());
}

#[test]
fn a_dropout_is_a_probability_below_one() {
    for field in ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"] {
        for wrong in ["1", "1.5", "-0.1", "1e39"] {
            let message = refusal(&format!(r#""{field}": {wrong}"#));
            assert!(message.contains(field) && message.contains("probability"), "{message}");
        }
        assert!(saying(&format!(r#""{field}": 0.99"#)).is_ok());
    }
    let by_hand = BertConfig { hidden_dropout_prob: f32::NAN, ..BertConfig::default() };
    assert!(by_hand.validate().is_err());
}

#[test]
fn the_padding_token_is_in_the_vocabulary() {
    assert_eq!(
        refusal(r#""vocab_size": 10, "pad_token_id": 10"#),
        "the configuration: pad_token_id is 10, expected less than vocab_size (10)"
    );
    assert_eq!(saying(r#""vocab_size": 10, "pad_token_id": 9"#).unwrap().pad_token_id, 9);
    assert!(refusal(r#""pad_token_id": -1"#).contains("pad_token_id is -1"));
}

#[test]
fn a_value_of_another_type_is_refused_with_its_key() {
    for (fields, expected) in [
        (r#""vocab_size": "many""#, r#"vocab_size is "many", expected a whole number"#),
        (r#""vocab_size": 30522.0"#, "vocab_size is 30522.0, expected a whole number"),
        (r#""vocab_size": -1"#, "vocab_size is -1, expected a whole number"),
        (r#""vocab_size": 99999999999999999999"#, "expected a whole number"),
        (r#""hidden_act": 3"#, "hidden_act is 3, expected a text"),
        (r#""tie_word_embeddings": 1"#, "tie_word_embeddings is 1, expected true or false"),
        (r#""architectures": "BertModel""#, "expected a list of texts"),
        (r#""architectures": [1]"#, "architectures is a list, expected a list of texts"),
    ] {
        let message = refusal(fields);
        assert!(message.ends_with(expected), "{message}");
    }
}

#[test]
fn what_only_shares_the_class_with_bert_is_refused_and_not_taken_for_it() {
    for (fields, expected) in [
        (r#""position_embedding_type": "relative_key""#, r#"is "relative_key", which is not"#),
        (r#""position_embedding_type": 0"#, "is 0, which is not supported"),
        (r#""is_decoder": true"#, "is_decoder is true, which is not supported"),
        (r#""add_cross_attention": true"#, "add_cross_attention is true, which is not supported"),
        (r#""pruned_heads": {"0": [1]}"#, "pruned_heads is an object, which is not supported"),
        (r#""per_layer_config": {"0": {}}"#, "per_layer_config is an object, which is not"),
        (r#""pruned_heads": [0]"#, "pruned_heads is a list, which is not supported"),
    ] {
        let message = refusal(fields);
        assert!(message.contains(expected), "{message}");
    }
    assert!(saying(r#""position_embedding_type": "absolute", "is_decoder": false"#).is_ok());
    assert!(saying(r#""pruned_heads": {}"#).is_ok());
}

#[test]
fn the_family_is_told_by_model_type_or_else_by_the_class() {
    for (json, family) in [
        (r#"{"architectures": ["BertModel"]}"#, "bert"),
        (r#"{"model_type": null, "architectures": ["BertForMaskedLM"]}"#, "bert"),
        (r#"{"architectures": ["RobertaForMaskedLM"]}"#, "roberta"),
        (r#"{"architectures": ["CamembertForMaskedLM"]}"#, "roberta"),
        (r#"{"architectures": ["DistilBertModel"]}"#, "distilbert"),
        (r#"{"architectures": ["GPT2LMHeadModel"]}"#, "gpt2"),
        (r#"{"model_type": "roberta", "architectures": ["BertModel"]}"#, "roberta"),
    ] {
        assert_eq!(ModelConfig::from_json(json).unwrap().family(), family);
    }
    for (json, expected) in [
        (
            r#"{"model_type": "mamba", "architectures": ["MambaForCausalLM"]}"#,
            r#"model_type is "mamba" (architectures: ["MambaForCausalLM"]), expected one of: bert, "#,
        ),
        ("{}", "model_type is absent (no architectures), expected one of: bert, "),
        ("{}", r#"gemma3_text; if it is one of these, add its "model_type" to the file"#),
        (
            r#"{"architectures": ["RobertaPreLayerNormModel"]}"#,
            r#"is absent (architectures: ["RobertaPreLayerNormModel"])"#,
        ),
        (r#"{"model_type": 7}"#, "model_type is 7, expected a text"),
    ] {
        let message = ModelConfig::from_json(json).expect_err(json).to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn each_family_that_a_refusal_names_is_read() {
    let message = ModelConfig::from_json("{}").unwrap_err().to_string();
    let (_, named) = message.split_once("one of: ").unwrap();
    let (named, _) = named.split_once(';').unwrap();
    assert_eq!(named.split(", ").count(), 15);
    for family in named.split(", ") {
        ModelConfig::from_json(&format!(r#"{{"model_type": "{family}"}}"#)).expect(family);
    }
}

#[test]
fn a_message_stays_short_whatever_the_file_says() {
    let long = "x".repeat(100_000);
    for json in [
        format!(r#"{{"model_type": "{long}"}}"#),
        format!(r#"{{"architectures": ["{long}"]}}"#),
        format!(r#"{{"model_type": "bert", "vocab_size": "{long}"}}"#),
        format!(r#"{{"model_type": "bert", "hidden_act": "{long}"}}"#),
        format!(r#"{{"model_type": "bert", "architectures": ["BertModel", "{long}"]}}"#),
    ] {
        let message = ModelConfig::from_json(&json).unwrap_err().to_string();
        assert!(message.len() < 400, "{} characters", message.len());
    }
}
