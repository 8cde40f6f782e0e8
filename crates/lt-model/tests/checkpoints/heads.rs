//! Which head a checkpoint has, and what is said where it is another, or damaged.

use std::fs;

use lt_core::{Module, Ragged};
use lt_model::{
    LoadOptions, MaskedLm, Model, ModelError, QuestionAnswering, TextEncoder, TokenClassifier,
    TokenIds,
};
use serde_json::json;

use crate::{copy, golden, load, refusal, with_settings};

#[test]
fn the_class_named_first_is_loaded() {
    assert!(matches!(load(&golden("heads-3x4-gelu")), Ok(Model::Encoder(_))));
    assert!(matches!(load(&golden("mlm-tied")), Ok(Model::MaskedLm(_))));
    assert!(matches!(load(&golden("sequences-3-labels")), Ok(Model::SequenceClassifier(_))));
    assert!(matches!(load(&golden("tokens-7-labels-f16")), Ok(Model::TokenClassifier(_))));
    assert!(matches!(load(&golden("questions")), Ok(Model::QuestionAnswering(_))));
    // No class named: the bare model.
    assert!(matches!(load(&golden("config-minimal")), Ok(Model::Encoder(_))));
    let other =
        with_settings("mlm-tied", &json!({ "architectures": ["BertForNextSentencePrediction"] }));
    let message = refusal(other.path());
    assert!(
        message.contains(
            "\"BertForNextSentencePrediction\", expected one of BertModel, BertForMaskedLM"
        ),
        "{message}"
    );
}

#[test]
fn the_encoder_of_any_head_can_be_loaded_alone() {
    let options = LoadOptions::default();
    for name in [
        "mlm-tied",
        "mlm-untied",
        "mlm-bert-base-names",
        "sequences-3-labels",
        "tokens-7-labels-f16",
        "roberta-words",
        "distilbert-questions",
        "electra-sequences-wide",
        "albert-words",
        "albert-sequences-wide",
        "mpnet-words",
        "modernbert-words-untied",
        "modernbert-sequences-mean",
    ] {
        let alone = TextEncoder::from_dir(golden(name), &options).unwrap().model;
        let whole = load(&golden(name)).unwrap();
        let (ids, batch) = Ragged::concatenate(&[[1_u32, 2, 3]]);
        let input = TokenIds::new(&ids, &batch);
        let hidden = alone.forward(input).unwrap().last_hidden_state;
        assert_eq!(hidden, whole.encoder().forward(input).unwrap().last_hidden_state, "{name}");
    }
}

#[test]
fn a_head_that_is_not_there_is_missed_by_name() {
    let error = MaskedLm::from_dir(golden("heads-3x4-gelu"), &LoadOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a checkpoint with a masked-LM head, but this one has BertModel"
    );
    // Both call their matrix `classifier`: it is the class that tells them apart.
    let error = TokenClassifier::from_dir(golden("sequences-3-labels"), &LoadOptions::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "expected a checkpoint with a head that sorts tokens, but this one has \
         BertForSequenceClassification"
    );
    // All heads of a ModernBERT begin with the same layer.
    let error = MaskedLm::from_dir(golden("modernbert-tokens-bf16"), &LoadOptions::default());
    let error = error.unwrap_err().to_string();
    assert!(error.ends_with("but this one has ModernBertForTokenClassification"), "{error}");
}

/// A checkpoint may hold more heads than the one it was saved as.
#[test]
fn a_head_that_is_stored_is_loaded_whatever_the_class() {
    for class in ["BertForQuestionAnswering", "BertForNextSentencePrediction", "BertForPreTraining"]
    {
        let other = with_settings("mlm-tied", &json!({ "architectures": [class] }));
        assert!(MaskedLm::from_dir(other.path(), &LoadOptions::default()).is_ok(), "{class}");
        let error = QuestionAnswering::from_dir(other.path(), &LoadOptions::default()).unwrap_err();
        let missed = matches!(error, ModelError::Head { .. });
        assert_eq!(missed, class != "BertForQuestionAnswering", "{class}: {error}");
    }
}

/// Without a class, what is stored decides; and a label more or less is another shape.
#[test]
fn a_head_is_found_by_what_is_stored_and_held_to_its_labels() {
    let silent = with_settings("questions", &json!({ "architectures": null }));
    assert!(QuestionAnswering::from_dir(silent.path(), &LoadOptions::default()).is_ok());
    let four = json!({ "id2label": { "0": "a", "1": "b", "2": "c", "3": "d" } });
    let message = refusal(with_settings("sequences-3-labels", &four).path());
    assert!(message.contains("`classifier.weight`") && message.contains("[4, 12]"), "{message}");
    let none = json!({ "id2label": {} });
    assert!(load(with_settings("sequences-3-labels", &none).path()).is_err());
}

/// A head with one tensor less is a damaged head, not another one.
#[test]
fn a_damaged_head_is_reported_tensor_by_tensor() {
    for (tensor, misspelt) in [
        ("cls.predictions.transform.dense.weight", "cls.predictions.transform.dense.wieght"),
        ("cls.predictions.transform.dense.bias", "cls.predictions.transform.dens.bias"),
        ("cls.predictions.transform.LayerNorm.weight", "cls.predictions.transform.Norm.weight"),
        ("cls.predictions.transform.LayerNorm.bias", "cls.predictions.transform.Norm.bias"),
        ("cls.predictions.bias", "cls.predictions.bais"),
    ] {
        let dir = copy("mlm-tied");
        let path = dir.path().join("model.safetensors");
        let header = replaced(&fs::read(&path).unwrap(), tensor, misspelt);
        fs::write(&path, header).unwrap();
        let message = refusal(dir.path());
        let expected = format!("missing: `{tensor}`; the nearest name there is `{misspelt}`");
        assert!(message.contains(&expected), "{message}");
        let expected = format!("unused: `{misspelt}`; the nearest name in the model is `{tensor}`");
        assert!(message.contains(&expected), "{message}");
    }
}

/// A safetensors file in whose header one text is replaced by another.
fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&file[8..8 + length]).unwrap();
    let quoted = |name: &str| format!("\"{name}\"");
    assert!(header.contains(&quoted(from)));
    let header = header.replace(&quoted(from), &quoted(to));
    let mut file_with = (header.len() as u64).to_le_bytes().to_vec();
    file_with.extend(header.bytes());
    file_with.extend(&file[8 + length..]);
    file_with
}

#[test]
fn a_head_that_nobody_has_heard_of_does_not_hide_the_encoder() {
    let dir = copy("bf16-prefixed");
    let path = dir.path().join("model.safetensors");
    let odd = replaced(&fs::read(&path).unwrap(), "bert.pooler.dense.bias", "crf.transitions");
    fs::write(&path, &odd).unwrap();
    let error = TextEncoder::from_dir(dir.path(), &LoadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("missing: `pooler.dense.bias`"), "{error}");
    // Without a pooler nothing is missing, and what lacks the prefix is the head.
    fs::write(&path, replaced(&odd, "bert.pooler.dense.weight", "linear.weight")).unwrap();
    let loaded = TextEncoder::from_dir(dir.path(), &LoadOptions::default()).unwrap();
    assert_eq!(loaded.report.ignored, ["crf.transitions", "linear.weight"]);
    // Behind the prefix nothing may be left over.
    fs::write(&path, replaced(&odd, "bert.pooler.dense.weight", "bert.linear.weight")).unwrap();
    let error = TextEncoder::from_dir(dir.path(), &LoadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("unused: `bert.linear.weight`"), "{error}");
}
