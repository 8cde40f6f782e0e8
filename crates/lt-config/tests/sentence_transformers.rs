//! What a sentence-transformers directory may say, and what comes of it.
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::fs;
use std::path::{Path, PathBuf};

use lt_config::{Pooling, SentenceTransformers};
use tempfile::TempDir;

const MODULES: &str = r#"[
  {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
  {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
  {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
]"#;
const POOLING: &str = r#"{"word_embedding_dimension": 8, "pooling_mode_mean_tokens": true}"#;

/// A directory with these files.
struct Dir(TempDir);

impl Dir {
    fn with(files: &[(&str, &str)]) -> Self {
        let dir = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(name, content)| dir.write(name, content));
        dir
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self) -> SentenceTransformers {
        SentenceTransformers::from_dir(self.0.path()).unwrap().expect("modules.json is there")
    }

    fn refusal(&self) -> String {
        SentenceTransformers::from_dir(self.0.path()).unwrap_err().to_string()
    }
}

fn with_pooling(pooling: &str) -> Dir {
    Dir::with(&[("modules.json", MODULES), ("1_Pooling/config.json", pooling)])
}

fn with_settings(settings: &str) -> Dir {
    let dir = with_pooling(POOLING);
    dir.write("sentence_bert_config.json", settings);
    dir
}

fn with_modules(modules: &str) -> Dir {
    Dir::with(&[("modules.json", modules), ("1_Pooling/config.json", POOLING)])
}

#[test]
fn a_directory_as_all_minilm_l6_v2_has_it_is_read() {
    let dir = Dir::with(&[
        ("modules.json", MODULES),
        ("sentence_bert_config.json", r#"{"max_seq_length": 256, "do_lower_case": false}"#),
        (
            "1_Pooling/config.json",
            r#"{"word_embedding_dimension": 384, "pooling_mode_cls_token": false,
            "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false,
            "pooling_mode_mean_sqrt_len_tokens": false}"#,
        ),
    ]);
    let settings = dir.read();
    assert_eq!(settings.transformer_dir.as_os_str(), dir.0.path().as_os_str());
    assert_eq!(settings.max_seq_length, Some(256));
    assert!(!settings.preparation.lower_case);
    assert_eq!(settings.pooling, [Pooling::Mean]);
    assert_eq!(settings.token_width, 384);
    assert!(settings.normalize);
}

#[test]
fn without_a_normalize_module_nothing_is_normalised() {
    let dir = with_modules(
        r#"[{"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#,
    );
    assert!(!dir.read().normalize);
}

#[test]
fn the_transformer_may_have_a_directory_of_its_own() {
    let dir = with_modules(
        r#"[{"path": "0_Transformer", "type": "sentence_transformers.base.modules.transformer.Transformer"},
        {"path": "./1_Pooling", "type": "sentence_transformers.sentence_transformer.modules.pooling.Pooling"}]"#,
    );
    dir.write("0_Transformer/sentence_bert_config.json", r#"{"max_seq_length": 7}"#);
    dir.write("sentence_bert_config.json", r#"{"max_seq_length": 9}"#);
    assert_eq!(dir.read().transformer_dir, dir.path("0_Transformer"));
    assert_eq!(dir.read().max_seq_length, Some(7));
}

#[test]
fn every_pooling_has_a_flag_and_several_keep_one_order() {
    use Pooling::{Cls, LastToken, Max, Mean, MeanSqrtLen, WeightedMean};
    let flags = [
        ("pooling_mode_lasttoken", LastToken),
        ("pooling_mode_weightedmean_tokens", WeightedMean),
        ("pooling_mode_mean_sqrt_len_tokens", MeanSqrtLen),
        ("pooling_mode_mean_tokens", Mean),
        ("pooling_mode_max_tokens", Max),
        ("pooling_mode_cls_token", Cls),
    ];
    for (flag, pooling) in flags {
        let json = format!(r#"{{"word_embedding_dimension": 8, "{flag}": true}}"#);
        assert_eq!(with_pooling(&json).read().pooling, [pooling]);
    }
    let all: Vec<String> = flags.iter().map(|(flag, _)| format!(r#""{flag}": true"#)).collect();
    let json = format!(r#"{{"word_embedding_dimension": 8, {}}}"#, all.join(", "));
    let order = [Cls, Max, Mean, MeanSqrtLen, WeightedMean, LastToken];
    assert_eq!(with_pooling(&json).read().pooling, order);
}

#[test]
fn the_newer_spelling_is_a_name_or_a_list_in_its_own_order_and_wins() {
    let pooling = |mode: &str| {
        with_pooling(&format!(
            r#"{{"embedding_dimension": 8, "pooling_mode_max_tokens": true, "pooling_mode": {mode}}}"#
        ))
    };
    assert_eq!(pooling(r#""cls""#).read().pooling, [Pooling::Cls]);
    assert_eq!(pooling(r#"["mean"]"#).read().pooling, [Pooling::Mean]);
    let two = pooling(r#"["mean_sqrt_len_tokens", "cls"]"#).read().pooling;
    assert_eq!(two, [Pooling::MeanSqrtLen, Pooling::Cls]);
    for wrong in [r#""median""#, "[]", r#"["mean", 3]"#, "true", "{}"] {
        let message = pooling(wrong).refusal();
        assert!(message.contains("pooling_mode is "), "{message}");
        assert!(message.contains("expected one of cls, max, mean,"), "{message}");
    }
    // A file of some megabytes would ask for a vector of some gigabytes.
    let message = pooling(&format!("[{}]", [r#""cls""#; 7].join(","))).refusal();
    assert!(message.contains("is a list of 7, expected"), "{message}");
}

#[test]
fn a_pooling_that_says_nothing_is_the_mean_and_one_that_says_none_is_refused() {
    let silent = with_pooling(r#"{"word_embedding_dimension": 8}"#);
    assert_eq!(silent.read().pooling, [Pooling::Mean]);
    let none =
        with_pooling(r#"{"word_embedding_dimension": 8, "pooling_mode_mean_tokens": false}"#);
    let message = none.refusal();
    assert!(message.ends_with("is false, expected at least one to be true"), "{message}");
}

#[test]
fn a_pooling_knows_the_width_it_is_for() {
    for json in ["{}", r#"{"word_embedding_dimension": 0}"#] {
        let message = with_pooling(json).refusal();
        assert!(message.contains("word_embedding_dimension is"), "{message}");
    }
    let message = with_pooling(r#"{"embedding_dimension": "8"}"#).refusal();
    assert!(message.contains(r#"embedding_dimension is "8""#), "{message}");
}

#[test]
fn the_length_may_be_null_and_is_never_zero() {
    let length = |text: &str| with_settings(&format!(r#"{{"max_seq_length": {text}}}"#));
    assert_eq!(length("null").read().max_seq_length, None);
    assert_eq!(length("1").read().max_seq_length, Some(1));
    for wrong in ["0", "-3", "\"x\"", "12.5"] {
        let message = length(wrong).refusal();
        assert!(message.contains("max_seq_length is"), "{message}");
    }
}

#[test]
fn a_length_that_is_left_to_the_tokenizer_is_read_there() {
    let dir = with_settings(r#"{"transformer_task": "feature-extraction"}"#);
    assert_eq!(dir.read().max_seq_length, None);
    dir.write("tokenizer_config.json", r#"{"model_max_length": 128}"#);
    assert_eq!(dir.read().max_seq_length, Some(128));
    dir.write("tokenizer_config.json", r#"{"model_max_length": 1000000000000000019884624838656}"#);
    assert_eq!(dir.read().max_seq_length, None, "that is how a tokenizer says: no limit");
    dir.write("tokenizer_config.json", r#"{"model_max_length": 128}"#);
    dir.write("sentence_bert_config.json", r#"{"max_seq_length": 64}"#);
    assert_eq!(dir.read().max_seq_length, Some(64), "the model's own setting wins");
}

#[test]
fn lower_case_is_a_setting_and_off_by_default() {
    assert!(with_settings(r#"{"do_lower_case": true}"#).read().preparation.lower_case);
    assert!(!with_settings("{}").read().preparation.lower_case);
    assert!(with_settings(r#"{"do_lower_case": "yes"}"#).refusal().contains("do_lower_case"));
}

#[test]
fn the_default_prompt_is_the_one_that_is_named() {
    let dir = with_pooling(POOLING);
    assert_eq!(dir.read().preparation.prompt, "");
    let with = |json: &str| dir.write("config_sentence_transformers.json", json);
    with(r#"{"prompts": {"query": "query: ", "document": ""}, "default_prompt_name": null}"#);
    assert_eq!(dir.read().preparation.prompt, "");
    with(r#"{"prompts": {"query": "query: ", "document": ""}, "default_prompt_name": "query"}"#);
    assert_eq!(dir.read().preparation.prompt, "query: ");
    let left_out = POOLING.replace('}', r#", "include_prompt": false}"#);
    dir.write("1_Pooling/config.json", &left_out);
    assert!(dir.refusal().contains("include_prompt is false, which is not supported"));
    for wrong in [
        r#"{"default_prompt_name": "query"}"#,
        r#"{"prompts": {"query": 3}, "default_prompt_name": "query"}"#,
        &format!(
            r#"{{"prompts": {{"query": "{}"}}, "default_prompt_name": "query"}}"#,
            "a".repeat(70_000)
        ),
    ] {
        with(wrong);
        let message = dir.refusal();
        assert!(message.contains(r#"default_prompt_name is "query", expected"#), "{message}");
    }
}

#[test]
fn a_module_for_training_alone_is_passed_over() {
    let class =
        |kind| format!(r#"{{"path": "1_Pooling", "type": "sentence_transformers.models.{kind}"}}"#);
    let chain = ["Transformer", "Pooling", "Dropout", "Normalize"].map(class).join(",");
    assert!(with_modules(&format!("[{chain}]")).read().normalize);
}

#[test]
fn settings_are_found_under_the_names_of_older_versions() {
    let dir = with_pooling(POOLING);
    dir.write("sentence_roberta_config.json", r#"{"max_seq_length": 5}"#);
    assert_eq!(dir.read().max_seq_length, Some(5));
}

#[test]
fn another_task_or_another_kind_of_module_is_refused_by_name() {
    let message = with_settings(r#"{"transformer_task": "fill-mask"}"#).refusal();
    assert!(message.contains(r#"transformer_task is "fill-mask", which is not"#), "{message}");
    for class in [
        "sentence_transformers.models.Dense",
        "sentence_transformers.models.WeightedLayerPooling",
        "custom_st.Transformer",
        "Transformer",
    ] {
        let message = with_modules(&format!(r#"[{{"path": "", "type": "{class}"}}]"#)).refusal();
        assert!(message.contains(&format!(r#"type is "{class}", which is not"#)), "{message}");
    }
    let dir = with_pooling(POOLING);
    dir.write("2_Normalize/config.json", r#"{"module_input_name": "token_embeddings"}"#);
    assert!(dir.refusal().contains(r#"module_input_name is "token_embeddings", which is not"#));
    dir.write("2_Normalize/config.json", r#"{"module_input_name": "sentence_embedding"}"#);
    assert!(dir.read().normalize);
}

#[test]
fn the_modules_are_a_chain_from_text_to_vector() {
    let class = |kind: &str| {
        format!(r#"{{"path": "1_Pooling", "type": "sentence_transformers.models.{kind}"}}"#)
    };
    for (kinds, got) in [
        (vec![], "empty"),
        (vec!["Transformer"], "Transformer"),
        (vec!["Pooling", "Transformer"], "Pooling, Transformer"),
        (vec!["Transformer", "Normalize", "Pooling"], "Transformer, Normalize, Pooling"),
        (vec!["Transformer", "Pooling", "Pooling"], "Transformer, Pooling, Pooling"),
    ] {
        let list: Vec<String> = kinds.into_iter().map(class).collect();
        let message = with_modules(&format!("[{}]", list.join(","))).refusal();
        assert!(message.contains(&format!("the list of modules is {got}, expected")), "{message}");
    }
    for (json, expected) in [
        ("{}", "the list of modules is an object"),
        ("[3]", "the whole is 3, expected an object"),
        (r#"[{"path": ""}]"#, "type is absent"),
        (r#"[{"type": 3}]"#, "type is 3, expected a text"),
    ] {
        let message = with_modules(json).refusal();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_module_lies_inside_the_directory() {
    for path in ["..", "../1_Pooling", "1_Pooling/../../x", "/etc"] {
        let message = with_modules(&format!(
            r#"[{{"path": "{path}", "type": "sentence_transformers.models.Transformer"}}]"#
        ))
        .refusal();
        assert!(message.contains("expected a path inside the model's directory"), "{message}");
    }
}

#[test]
fn a_module_without_its_settings_is_refused_with_the_path() {
    let dir = Dir::with(&[("modules.json", MODULES)]);
    let path = Path::new("1_Pooling").join("config.json");
    let message = dir.refusal();
    assert!(message.contains(&format!("{}` does not exist", dir.path("").join(path).display())));
}
