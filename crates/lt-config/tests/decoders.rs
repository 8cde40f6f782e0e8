//! What a decoder's `config.json` may say, and what is refused.

use lt_config::LayerType::{Full, Sliding};
use lt_config::{
    ConfigError, Gemma3TextConfig, Gpt2Config, LlamaConfig, MistralConfig, ModelConfig,
    Qwen2Config, Qwen3Config, RopeParameters, RopeScaling, YarnScaling,
};

fn read(family: &str, fields: &str) -> Result<ModelConfig, ConfigError> {
    ModelConfig::from_json(&format!(r#"{{"model_type": "{family}", {fields}}}"#))
}

fn refusal(family: &str, fields: &str) -> String {
    read(family, fields).expect_err(fields).to_string()
}

fn llama(fields: &str) -> LlamaConfig {
    match read("llama", fields).expect(fields) {
        ModelConfig::Llama(config) => config,
        _ => panic!("another family"),
    }
}

const ROTARY: [&str; 5] = ["llama", "mistral", "qwen2", "qwen3", "gemma3_text"];

#[test]
fn what_is_another_model_is_refused_in_each_family() {
    for family in ["gpt2"].iter().chain(&ROTARY) {
        for (fields, expected) in [
            (
                r#""add_cross_attention": true"#,
                "add_cross_attention is true, which is not supported",
            ),
            (r#""pruned_heads": {"0": [1]}"#, "pruned_heads is an object, which is not supported"),
            (r#""per_layer_config": {"0": {}}"#, "per_layer_config is an object, which is not"),
            (
                r#""quantization_config": {"quant_method": "gptq"}"#,
                "not supported: weights are read as f32, f16 or bf16: save the model dequantized",
            ),
        ] {
            assert!(refusal(family, fields).contains(expected), "{}", refusal(family, fields));
        }
        assert!(read(family, r#""add_cross_attention": false, "pruned_heads": {}"#).is_ok());
        // Decoders of transformers 4 may say so of themselves, and it is true.
        assert!(read(family, r#""is_decoder": true"#).is_ok());
    }
    let message = refusal("gemma3", r#""text_config": {}"#);
    let expected = "model_type is \"gemma3\", which is not supported: it has images too: save its \
                    language model alone, as \"gemma3_text\"";
    assert!(message.ends_with(expected), "{message}");
    let message = refusal("gemma3_text", r#""use_bidirectional_attention": true"#);
    assert!(message.ends_with("not supported: a decoder sees what is before a token"), "{message}");
}

#[test]
fn rotary_positions_of_an_unknown_kind_are_refused_by_their_name() {
    for family in ROTARY {
        let sets = match family {
            "gemma3_text" => r#""rope_parameters": {"full_attention": {"rope_type": "longrope"}}"#,
            _ => r#""rope_parameters": {"rope_type": "longrope"}"#,
        };
        let older = r#""rope_scaling": {"type": "longrope"}"#;
        for (fields, place) in [(sets, "rope_type"), (older, "rope_scaling.type")] {
            let message = refusal(family, fields);
            let expected = format!(r#"{place} is "longrope", which is not supported: rotary "#);
            assert!(message.contains(&expected), "{message}");
            assert!(message.ends_with("positions are default, linear, dynamic, llama3 or yarn"));
        }
    }
}

#[test]
fn what_no_angle_can_be_computed_from_is_refused() {
    let scaled =
        |kind: &str, rest: &str| format!(r#""rope_scaling": {{"rope_type": "{kind}", {rest}}}"#);
    for (fields, expected) in [
        (r#""rope_theta": 0"#.into(), "rope_theta is 0, expected a number above 0"),
        (r#""rope_theta": 1e39"#.into(), "expected a number above 0"),
        (r#""rope_theta": "5""#.into(), r#"rope_theta is "5", expected a number"#),
        (scaled("linear", r#""factor": -1"#), "factor is -1, expected a number above 0"),
        (scaled("linear", r#""factor": null"#), "factor is null, expected a number above 0"),
        (scaled("dynamic", r#""rope_theta": 5"#), "factor is absent, expected a number above 0"),
        (
            scaled("llama3", r#""factor": 2, "low_freq_factor": 4"#),
            "high_freq_factor is absent, expected a number above 0",
        ),
        (
            scaled("llama3", r#""factor": 2, "low_freq_factor": 4, "high_freq_factor": 4"#),
            "high_freq_factor is 4, expected more than low_freq_factor (4)",
        ),
        (
            scaled("yarn", r#""factor": 2, "original_max_position_embeddings": 0"#),
            "original_max_position_embeddings is 0, expected 1 to 16777216",
        ),
        (scaled("yarn", r#""factor": 2, "rope_theta": 1"#), "rope_theta is 1, expected above 1"),
        (scaled("yarn", r#""factor": 2, "beta_slow": -1"#), "beta_slow is -1, expected a number"),
        (
            scaled("yarn", r#""factor": 2, "attention_factor": -1"#),
            "attention_factor is -1, expected a number above 0",
        ),
        (
            scaled("linear", r#""factor": 2, "partial_rotary_factor": 0.5"#),
            "partial_rotary_factor is 0.5, expected 1 with linear: the family turns whole heads",
        ),
        (
            format!(r#"{}, "head_dim": 2"#, scaled("dynamic", r#""factor": 2"#)),
            "head_dim is 2, expected at least 4 with dynamic positions",
        ),
        (
            r#""rope_parameters": {"full_attention": {"rope_theta": 5}}"#.into(),
            "rope_parameters.full_attention is an object, expected to be absent: this family has",
        ),
        (r#""rope_scaling": 2"#.into(), "rope_scaling is 2, expected an object"),
    ] {
        let message = refusal("llama", &fields);
        assert!(message.contains(expected), "{message}");
    }
    // transformers passes over it where nothing is stretched.
    assert_eq!(llama(r#""partial_rotary_factor": 0.5"#), LlamaConfig::default());
}

#[test]
fn yarn_takes_what_is_absent_as_transformers_does() {
    let yarn = |fields: &str| match llama(fields).rope_parameters.scaling {
        RopeScaling::Yarn(yarn) => yarn,
        other => panic!("{other:?}"),
    };
    let plain = YarnScaling { factor: 2.0, ..YarnScaling::default() };
    assert_eq!(yarn(r#""rope_scaling": {"type": "yarn", "factor": 2}"#), plain);
    let zeros = r#""rope_scaling": {"type": "yarn", "factor": 2, "beta_fast": 0, "beta_slow": 0}"#;
    assert_eq!(yarn(zeros), plain);
    // By how much the longest text is longer.
    let ratio = r#""max_position_embeddings": 300, "rope_scaling": {"rope_type": "yarn",
        "factor": null, "original_max_position_embeddings": 100, "truncate": null}"#;
    let expected = YarnScaling {
        factor: 3.0,
        truncate: false,
        original_max_position_embeddings: 100,
        ..YarnScaling::default()
    };
    assert_eq!(yarn(ratio), expected);
    // Outside the set it wins.
    let outside = r#""original_max_position_embeddings": 7, "rope_scaling": {"rope_type": "yarn",
        "factor": 2, "original_max_position_embeddings": 100}"#;
    assert_eq!(yarn(outside).original_max_position_embeddings, 7);
}

#[test]
fn sines_and_cosines_of_yarn_are_multiplied() {
    let factor = |yarn: YarnScaling| {
        RopeParameters { rope_theta: 1e4, scaling: RopeScaling::Yarn(yarn) }.attention_factor()
    };
    let yarn = YarnScaling { factor: 8.0, ..YarnScaling::default() };
    let of = |scale: f64| 0.1 * scale * 8_f64.ln() + 1.0;
    assert_eq!(factor(yarn), of(1.0));
    assert_eq!(factor(YarnScaling { attention_factor: Some(0.75), ..yarn }), 0.75);
    let both = YarnScaling { mscale: Some(2.0), mscale_all_dim: Some(0.5), ..yarn };
    assert_eq!(factor(both), of(2.0) / of(0.5));
    assert_eq!(factor(YarnScaling { mscale_all_dim: Some(0.0), ..both }), of(1.0));
    assert_eq!(factor(YarnScaling { mscale_all_dim: None, ..both }), of(1.0));
}

#[test]
fn gemma_has_a_set_for_each_kind_of_layer() {
    for (fields, expected) in [
        (
            r#""rope_parameters": {"rope_theta": 5}"#,
            "rope_parameters.rope_theta is 5, expected to be in full_attention or",
        ),
        (
            r#""rope_scaling": {"type": "linear", "factor": 2},
            "rope_parameters": {"full_attention": {"rope_theta": 5}}"#,
            "rope_scaling is an object, expected to be absent where there is rope_parameters.full",
        ),
        (r#""rope_local_base_freq": -1"#, "rope_theta is -1, expected a number above 0"),
    ] {
        let message = refusal("gemma3_text", fields);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn heads_of_keys_serve_as_many_heads_of_queries() {
    for family in ROTARY {
        let message = refusal(family, r#""num_key_value_heads": 3"#);
        let expected = "expected a multiple of num_key_value_heads (3)";
        assert!(message.ends_with(expected), "{message}");
        assert!(refusal(family, r#""num_attention_heads": 0"#).contains("_heads is 0, expected 1"));
        assert!(
            refusal(family, r#""head_dim": 7"#).ends_with("head_dim is 7, expected an even number")
        );
        let wide = r#""head_dim": 16777216"#;
        assert!(refusal(family, wide).contains("num_attention_heads × head_dim is "));
    }
    for family in ["llama", "gemma3_text"] {
        let message =
            refusal(family, r#""hidden_size": 100, "head_dim": 16, "num_attention_heads": 8"#);
        assert!(message.ends_with("expected a multiple of num_attention_heads (8)"), "{message}");
    }
    assert!(read("qwen3", r#""hidden_size": 100, "head_dim": 16"#).is_ok());
    let message = refusal("gpt2", r#""n_embd": 100, "n_head": 12"#);
    assert!(message.ends_with("n_embd is 100, expected a multiple of n_head (12)"), "{message}");
    let message = refusal("gpt2", r#""n_embd": 24, "hidden_size": 36"#);
    assert!(message.ends_with("n_embd is 24, expected the same as hidden_size (36)"), "{message}");
}

#[test]
fn a_window_is_there_if_a_layer_has_one() {
    for family in ["qwen2", "qwen3"] {
        let layers = r#""num_hidden_layers": 1, "layer_types": ["sliding_attention"]"#;
        let message = refusal(family, layers);
        assert!(message.contains("sliding_window is absent, expected a width"), "{message}");
        let window = format!(r#"{layers}, "use_sliding_window": true, "sliding_window": 0"#);
        assert!(refusal(family, &window).contains("sliding_window is 0, expected 1 to"));
    }
    assert!(refusal("gemma3_text", r#""sliding_window": null"#).contains("is absent, expected a"));
    assert!(refusal("mistral", r#""sliding_window": 0"#).contains("is 0, expected 1 to"));
    assert!(
        refusal("gemma3_text", r#""sliding_window_pattern": 0"#).ends_with("expected at least 1")
    );
    // Ministral has windows in some layers only; Mistral of transformers cannot.
    let some = r#""num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"]"#;
    let message = refusal("mistral", some);
    assert!(message.ends_with("expected what sliding_window says: the same for all layers"));
    let all = r#""num_hidden_layers": 1, "layer_types": ["sliding_attention"]"#;
    let ModelConfig::Mistral(mistral) = read("mistral", all).unwrap() else { panic!() };
    assert_eq!(mistral.layer_types(), [Sliding]);
    let none = MistralConfig { sliding_window: None, ..mistral };
    assert_eq!(none.layer_types(), [Full]);
}

#[test]
fn ids_of_tokens_are_one_or_several_or_none() {
    let ends = |said: &str| llama(&format!(r#""eos_token_id": {said}"#)).eos_token_id;
    assert_eq!(ends("7"), [7]);
    assert_eq!(ends("[7, 5]"), [7, 5]);
    assert_eq!(ends("null"), [0; 0]);
    assert_eq!(ends("-1"), [0; 0]);
    assert_eq!(ends("[7, -1]"), [7]);
    let none = llama(r#""pad_token_id": -1, "bos_token_id": null"#);
    assert_eq!((none.pad_token_id, none.bos_token_id), (None, None));
    // Outside the vocabulary it is never met; padding would have no row in the table.
    assert_eq!(llama(r#""eos_token_id": 99999999"#).eos_token_id, [99_999_999]);
    assert!(refusal("llama", r#""pad_token_id": 32000"#).ends_with("less than vocab_size (32000)"));
    let message = refusal("llama", r#""eos_token_id": [1, "2"]"#);
    assert!(message.ends_with("is a list, expected the id of a token, a list of ids, or null"));
    assert!(refusal("llama", r#""bos_token_id": 1.5"#).ends_with("the id of a token, or null"));
    let many = format!(r#""eos_token_id": [{}0]"#, "0, ".repeat(1 << 16));
    assert!(refusal("llama", &many).ends_with("a list of ids, or null"));
}

#[test]
fn what_is_written_by_hand_is_held_to_the_same() {
    let wrong = "sliding_window is absent";
    let sliding = vec![Sliding];
    let qwen2 = Qwen2Config { layer_types: sliding.clone(), ..Qwen2Config::default() };
    assert!(qwen2.validate().unwrap_err().to_string().contains(wrong));
    let qwen3 = Qwen3Config { layer_types: sliding, ..Qwen3Config::default() };
    assert!(qwen3.validate().unwrap_err().to_string().contains(wrong));
    let gemma = Gemma3TextConfig { query_pre_attn_scalar: 0.0, ..Gemma3TextConfig::default() };
    assert!(gemma.validate().unwrap_err().to_string().contains("query_pre_attn_scalar is 0"));
    let cap =
        Gemma3TextConfig { final_logit_softcapping: Some(-1.0), ..Gemma3TextConfig::default() };
    assert!(cap.validate().unwrap_err().to_string().contains("final_logit_softcapping is -1"));
    let gpt2 = Gpt2Config { n_inner: Some(0), ..Gpt2Config::default() };
    assert!(gpt2.validate().unwrap_err().to_string().contains("n_inner is 0"));
    let no_heads = Gpt2Config { n_head: 0, ..Gpt2Config::default() };
    assert!(no_heads.validate().is_err());
    assert_eq!(ModelConfig::from(no_heads).shared().head_dim, 0);
}

#[test]
fn sizes_that_are_absurd_together_are_refused_in_each_decoder() {
    let wide = r#""hidden_size": 8388608, "num_attention_heads": 8, "head_dim": 1024,
        "num_key_value_heads": 8, "vocab_size": 8388608"#;
    for family in ["gpt2"].iter().chain(&ROTARY) {
        let wide = if *family == "gpt2" { r#""n_embd": 4194300"# } else { wide };
        assert!(refusal(family, wide).contains("the number of parameters is "), "{family}");
    }
}
