//! What the families after BERT may say, and what comes of it.

use std::fs;

use lt_config::{
    AlbertConfig, BertConfig, ConfigError, DistilBertConfig, ElectraConfig, ModelConfig,
    ModernBertConfig, MpnetConfig, RobertaConfig,
};

const FAMILIES: [&str; 7] =
    ["bert", "roberta", "distilbert", "electra", "albert", "mpnet", "modernbert"];

/// A model of this family that says this and nothing else.
fn read(family: &str, fields: &str) -> Result<ModelConfig, ConfigError> {
    ModelConfig::from_json(&format!(r#"{{"model_type": "{family}", {fields}}}"#))
}

fn refusal(family: &str, fields: &str) -> String {
    read(family, fields).expect_err(fields).to_string()
}

fn roberta(fields: &str) -> RobertaConfig {
    let ModelConfig::Roberta(config) = read("roberta", fields).expect(fields) else { panic!() };
    config
}

fn albert(fields: &str) -> AlbertConfig {
    let ModelConfig::Albert(config) = read("albert", fields).expect(fields) else { panic!() };
    config
}

/// The sizes of each family but the number of its layers.
fn sizes(family: &str) -> Vec<&'static str> {
    match family {
        "distilbert" => {
            vec!["vocab_size", "dim", "n_heads", "hidden_dim", "max_position_embeddings"]
        }
        _ => {
            let mut sizes = vec![
                "vocab_size",
                "hidden_size",
                "num_attention_heads",
                "intermediate_size",
                "max_position_embeddings",
            ];
            sizes.extend(match family {
                "bert" | "roberta" => &["type_vocab_size"][..],
                "electra" => &["type_vocab_size", "embedding_size"],
                "albert" => {
                    &["type_vocab_size", "embedding_size", "num_hidden_groups", "inner_group_num"]
                }
                "mpnet" => &["relative_attention_num_buckets"],
                _ => &["local_attention"],
            });
            sizes
        }
    }
}

#[test]
fn a_size_is_at_least_one_and_no_more_than_any_model_has_in_each_family() {
    for family in FAMILIES {
        for field in sizes(family) {
            for size in [0, (1 << 24) + 1, u64::MAX] {
                let message = refusal(family, &format!(r#""{field}": {size}"#));
                let expected = format!("{field} is {size}, expected 1 to 16777216");
                assert!(message.ends_with(&expected), "{family}: {message}");
            }
        }
        let layers = if family == "distilbert" { "n_layers" } else { "num_hidden_layers" };
        for size in [0, 1001, u64::MAX] {
            let message = refusal(family, &format!(r#""{layers}": {size}"#));
            let expected = format!("{layers} is {size}, expected 1 to 1000");
            assert!(message.ends_with(&expected), "{family}: {message}");
        }
        assert!(read(family, &format!(r#""{layers}": 1000"#)).is_ok(), "{family}");
    }
}

#[test]
fn sizes_that_are_absurd_together_are_refused_in_each_family() {
    for family in FAMILIES {
        let fields = match family {
            "distilbert" => r#""dim": 16777216, "n_heads": 1"#,
            _ => r#""hidden_size": 16777216, "num_attention_heads": 1"#,
        };
        let message = refusal(family, fields);
        assert!(message.contains("the number of parameters is"), "{family}: {message}");
    }
}

#[test]
fn heads_share_the_width_out_in_each_family() {
    for family in FAMILIES {
        let (width, heads) = match family {
            "distilbert" => ("dim", "n_heads"),
            _ => ("hidden_size", "num_attention_heads"),
        };
        assert_eq!(
            refusal(family, &format!(r#""{width}": 64, "{heads}": 5"#)),
            format!("the configuration: {width} is 64, expected a multiple of {heads} (5)")
        );
        assert!(read(family, &format!(r#""{width}": 60, "{heads}": 5"#)).is_ok(), "{family}");
    }
}

#[test]
fn a_probability_an_epsilon_and_a_padding_token_are_in_range_in_each_family() {
    for family in FAMILIES {
        let probabilities: &[&str] = match family {
            "distilbert" => &["dropout", "attention_dropout", "seq_classif_dropout", "qa_dropout"],
            "modernbert" => {
                &["embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout"]
            }
            "albert" => &["hidden_dropout_prob", "classifier_dropout_prob"],
            "mpnet" => &["hidden_dropout_prob", "attention_probs_dropout_prob"],
            _ => &["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"],
        };
        for field in probabilities {
            let message = refusal(family, &format!(r#""{field}": 1.0"#));
            assert!(
                message.contains(&format!("{field} is 1, expected a probability")),
                "{message}"
            );
            assert!(read(family, &format!(r#""{field}": 0.5"#)).is_ok());
        }
        let epsilon = match family {
            "distilbert" => None, // no setting
            "modernbert" => Some("norm_eps"),
            _ => Some("layer_norm_eps"),
        };
        if let Some(field) = epsilon {
            let message = refusal(family, &format!(r#""{field}": -1e-5"#));
            assert!(
                message.contains(&format!("{field} is -0.00001, expected a small")),
                "{message}"
            );
        }
        let message = refusal(family, r#""initializer_range": -0.5"#);
        assert!(message.contains("initializer_range is -0.5, expected a number, not negative"));
        let message = refusal(family, r#""vocab_size": 10, "pad_token_id": 10"#);
        assert!(message.ends_with("pad_token_id is 10, expected less than vocab_size (10)"));
    }
}

#[test]
fn what_is_another_model_is_refused_in_each_family() {
    for family in FAMILIES {
        for field in [
            r#""is_decoder": true"#,
            r#""add_cross_attention": true"#,
            r#""position_embedding_type": "relative_key_query""#,
            r#""pruned_heads": {"1": [0]}"#,
        ] {
            assert!(refusal(family, field).contains("which is not supported"), "{family}");
        }
    }
}

#[test]
fn positions_of_a_roberta_begin_behind_the_padding_id() {
    let base = roberta(r#""max_position_embeddings": 514, "type_vocab_size": 1"#);
    assert_eq!((base.first_position(), base.longest_sequence()), (2, 512));
    let zero = roberta(r#""max_position_embeddings": 9, "pad_token_id": 0"#);
    assert_eq!((zero.first_position(), zero.longest_sequence()), (1, 8));
    assert_eq!(roberta(r#""max_position_embeddings": 3"#).longest_sequence(), 1);
    assert_eq!(
        refusal("roberta", r#""max_position_embeddings": 7, "pad_token_id": 6"#),
        "the configuration: max_position_embeddings is 7, expected more than pad_token_id + 1 (7)"
    );
    let absurd = RobertaConfig { pad_token_id: usize::MAX, ..RobertaConfig::default() };
    assert_eq!(absurd.longest_sequence(), 0);
    assert!(absurd.validate().is_err());
}

#[test]
fn a_roberta_by_another_name_has_the_vocabulary_of_that_name() {
    for (name, vocab_size) in [("roberta", 50265), ("xlm-roberta", 30522), ("camembert", 30522)] {
        let config = read(name, r#""num_hidden_layers": 1"#).unwrap();
        let ModelConfig::Roberta(config) = config else { panic!("another family") };
        assert_eq!(config.vocab_size, vocab_size);
    }
}

#[test]
fn a_distilbert_has_two_names_for_a_size_that_must_agree() {
    let expected = DistilBertConfig { dim: 24, n_heads: 3, n_layers: 2, ..Default::default() };
    for fields in [
        r#""dim": 24, "n_heads": 3, "n_layers": 2"#,
        r#""hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2"#,
        r#""dim": 24, "hidden_size": 24, "n_heads": 3, "num_attention_heads": null, "n_layers": 2"#,
    ] {
        let config = read("distilbert", fields).unwrap();
        assert_eq!(config, ModelConfig::DistilBert(expected.clone()));
    }
    assert_eq!(
        refusal("distilbert", r#""dim": 24, "hidden_size": 48"#),
        "the configuration: dim is 24, expected the same as hidden_size (48)"
    );
    assert_eq!(DistilBertConfig::LAYER_NORM_EPS, BertConfig::default().layer_norm_eps);
}

#[test]
fn embeddings_of_an_electra_are_widened_only_if_they_are_narrower() {
    let with = |embedding_size| ElectraConfig { embedding_size, ..ElectraConfig::default() };
    let (narrow, equal) = (with(255).parameter_count(), with(256).parameter_count());
    let tables = 30522 + 512 + 2 + 2;
    assert_eq!(narrow, equal - tables + (255 * 256 + 256));
}

#[test]
fn what_only_the_head_for_multiple_choice_uses_is_not_read() {
    let fields = r#""summary_type": "mean", "summary_use_proj": false, "summary_activation": 7"#;
    assert_eq!(read("electra", fields).unwrap(), ModelConfig::Electra(ElectraConfig::default()));
}

#[test]
fn layers_of_an_albert_are_dealt_to_its_groups_as_transformers_does() {
    let groups = |layers: usize, groups: usize| -> Vec<usize> {
        let config = AlbertConfig {
            num_hidden_layers: layers,
            num_hidden_groups: groups,
            ..AlbertConfig::default()
        };
        (0..layers).map(|layer| config.group_of(layer)).collect()
    };
    assert_eq!(groups(4, 1), [0; 4]);
    assert_eq!(groups(4, 4), [0, 1, 2, 3]);
    assert_eq!(groups(5, 3), [0, 0, 1, 1, 2]); // Python: [int(i / (5 / 3)) for i in range(5)]
    for layers in 1..60 {
        for of in 1..=layers {
            assert!(groups(layers, of).iter().all(|&group| group < of));
        }
    }
}

#[test]
fn groups_of_an_albert_are_no_more_than_its_layers() {
    assert_eq!(
        refusal("albert", r#""num_hidden_layers": 2, "num_hidden_groups": 3"#),
        "the configuration: num_hidden_groups is 3, expected at most num_hidden_layers (2)"
    );
    assert_eq!(
        refusal("albert", r#""num_hidden_layers": 2, "inner_group_num": 501"#),
        "the configuration: num_hidden_layers × inner_group_num is 1002, expected 1 to 1000"
    );
    let one = albert(r#""inner_group_num": 1"#).parameter_count();
    let two = albert(r#""inner_group_num": 2"#).parameter_count();
    let grouped = albert(r#""num_hidden_groups": 2"#).parameter_count();
    assert!(two > one && two == grouped);
}

#[test]
fn what_transformers_fixes_for_mpnet_is_not_read_from_the_file() {
    let read = |fields: &str| match read("mpnet", fields).expect(fields) {
        ModelConfig::Mpnet(config) => config,
        other => panic!("{other:?}"),
    };
    let base = read(r#""max_position_embeddings": 514"#);
    assert_eq!((base.first_position(), base.longest_sequence()), (2, 512));
    assert_eq!(read(r#""pad_token_id": 7"#).first_position(), 2);
    assert_eq!((MpnetConfig::BUCKETS, MpnetConfig::MAX_DISTANCE), (32, 128));
    assert_eq!(read(r#""relative_attention_num_buckets": 64"#).relative_attention_num_buckets, 64);
    for (fields, expected) in [
        (
            r#""relative_attention_num_buckets": 31"#,
            "relative_attention_num_buckets is 31, expected at least 32",
        ),
        (r#""max_position_embeddings": 2"#, "max_position_embeddings is 2, expected at least 3"),
        (r#""vocab_size": 1, "pad_token_id": 0"#, "vocab_size is 1, expected at least 2"),
    ] {
        assert!(refusal("mpnet", fields).ends_with(expected), "{fields}");
    }
}

#[test]
fn a_directory_of_another_family_is_refused_by_the_family_that_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let write = |text: &str| fs::write(dir.path().join("config.json"), text).unwrap();
    write(r#"{"model_type": "mpnet"}"#);
    assert!(MpnetConfig::from_dir(dir.path()).is_ok());
    for (message, expected) in [
        (BertConfig::from_dir(dir.path()).unwrap_err().to_string(), "expected one of: bert"),
        (
            RobertaConfig::from_dir(dir.path()).unwrap_err().to_string(),
            "expected one of: roberta, xlm-roberta, camembert",
        ),
        (
            DistilBertConfig::from_dir(dir.path()).unwrap_err().to_string(),
            "expected one of: distilbert",
        ),
        (ElectraConfig::from_dir(dir.path()).unwrap_err().to_string(), "expected one of: electra"),
        (AlbertConfig::from_dir(dir.path()).unwrap_err().to_string(), "expected one of: albert"),
        (
            ModernBertConfig::from_dir(dir.path()).unwrap_err().to_string(),
            "expected one of: modernbert",
        ),
    ] {
        assert!(message.contains(r#"model_type is "mpnet""#), "{message}");
        assert!(message.ends_with(expected), "{message}");
    }
    // Only BERT is older than what a file says of its family.
    write("{}");
    assert!(BertConfig::from_dir(dir.path()).is_ok());
    assert!(MpnetConfig::from_dir(dir.path()).is_err());
}
