//! What the configurations of other families say, against transformers' defaults and spellings.

use lt_config::{
    BertConfig, ConfigError, DistilBertConfig, ElectraConfig, ModelConfig, RobertaConfig,
};

fn roberta(json: &str) -> Result<BertConfig, ConfigError> {
    match ModelConfig::from_json(json)? {
        ModelConfig::Roberta(RobertaConfig { bert }) => Ok(bert),
        other => panic!("another family: {}", other.family()),
    }
}

fn distilbert(fields: &str) -> Result<BertConfig, ConfigError> {
    match ModelConfig::from_json(&format!(r#"{{"model_type": "distilbert"{fields}}}"#))? {
        ModelConfig::DistilBert(DistilBertConfig { bert }) => Ok(bert),
        other => panic!("another family: {}", other.family()),
    }
}

/// `RobertaConfig()`, `XLMRobertaConfig()` and `CamembertConfig()` of transformers 5.23.
#[test]
fn an_absent_key_of_a_roberta_is_as_transformers_has_it() {
    let base = BertConfig { pad_token_id: 1, ..BertConfig::default() };
    for (model_type, vocab_size) in
        [("roberta", 50265), ("xlm-roberta", 30522), ("camembert", 30522)]
    {
        let config = roberta(&format!(r#"{{"model_type": "{model_type}"}}"#)).unwrap();
        assert_eq!(config, BertConfig { vocab_size, ..base.clone() }, "{model_type}");
    }
    assert_eq!(RobertaConfig::default().bert, BertConfig { vocab_size: 50265, ..base });
}

/// Positions begin behind the padding token: there has to be a row for one token at least.
#[test]
fn a_padding_token_that_leaves_no_position_is_refused() {
    let with = |positions: usize| {
        roberta(&format!(
            r#"{{"model_type": "roberta", "pad_token_id": 5, "max_position_embeddings": {positions}}}"#
        ))
    };
    assert!(with(7).is_ok());
    let error = with(6).unwrap_err().to_string();
    assert_eq!(error, "the configuration: pad_token_id is 5, expected less than 5");
    assert!(with(1).is_err());
}

#[test]
fn a_distilbert_has_names_of_its_own_for_its_sizes() {
    let base = BertConfig { num_hidden_layers: 6, type_vocab_size: 1, ..BertConfig::default() };
    assert_eq!(distilbert("").unwrap(), base);
    let config = distilbert(
        r#", "vocab_size": 50, "dim": 12, "n_layers": 3, "n_heads": 4, "hidden_dim": 7,
        "activation": "relu", "max_position_embeddings": 9, "dropout": 0.5,
        "attention_dropout": 0.25, "pad_token_id": 3, "tie_word_embeddings": false,
        "id2label": {"0": "x"}, "architectures": ["DistilBertModel"]"#,
    );
    let config = config.unwrap();
    let sizes = [config.vocab_size, config.hidden_size, config.num_hidden_layers];
    assert_eq!(sizes, [50, 12, 3]);
    let sizes = [config.num_attention_heads, config.intermediate_size, config.pad_token_id];
    assert_eq!(sizes, [4, 7, 3]);
    assert_eq!((config.hidden_act.as_str(), config.max_position_embeddings), ("relu", 9));
    assert_eq!((config.hidden_dropout_prob, config.attention_probs_dropout_prob), (0.5, 0.25));
    assert!(!config.tie_word_embeddings);
    assert_eq!((config.labels.names(), config.architectures.len()), (&["x".to_owned()][..], 1));
}

/// `ElectraConfig()` of transformers 5.23.
#[test]
fn an_electra_has_a_width_for_its_tables() {
    let electra = |fields: &str| match ModelConfig::from_json(&format!(
        r#"{{"model_type": "electra"{fields}}}"#
    ))? {
        ModelConfig::Electra(config) => Ok::<_, ConfigError>(config),
        other => panic!("another family: {}", other.family()),
    };
    let config = electra("").unwrap();
    assert_eq!(config, ElectraConfig::default());
    let sizes = (config.bert.hidden_size, config.bert.intermediate_size, config.embedding_size);
    assert_eq!((sizes, config.bert.num_attention_heads), ((256, 1024, 128), 4));
    assert_eq!(electra(r#", "embedding_size": 256"#).unwrap().embedding_size, 256);
    assert!(electra(r#", "embedding_size": 257"#).is_err());
    assert!(electra(r#", "embedding_size": 0"#).is_err());
}

#[test]
fn sizes_that_do_not_fit_are_refused_in_every_family() {
    assert!(distilbert(r#", "dim": 10, "n_heads": 3"#).is_err());
    assert!(distilbert(r#", "n_layers": 0"#).is_err());
    assert!(distilbert(r#", "dropout": 1.5"#).is_err());
    assert!(roberta(r#"{"model_type": "roberta", "hidden_size": 0}"#).is_err());
    assert!(roberta(r#"{"model_type": "roberta", "is_decoder": true}"#).is_err());
}
