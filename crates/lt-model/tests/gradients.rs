//! Against PyTorch's autograd: the gradient of every parameter of tiny random checkpoints.
//!
//! The gradients are in `golden/` and `golden-decoders/` beside the checkpoints, with the script
//! that made them, `golden/make_gradients.py`.
#![cfg(feature = "train")]
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lt_core::{Backward, Params, Ragged, Scratch, Train, zeros_like};
use lt_model::{LoadOptions, Model, PredictAt, TokenIds};
use ndarray::Array2;
use safetensors::SafeTensors;
use serde_json::Value;

type Tensors = BTreeMap<String, Vec<f32>>;

fn cases() -> Vec<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folders = ["golden", "golden-decoders"].map(|folder| tests.join(folder));
    let dirs = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let dirs = dirs.map(|entry| entry.unwrap().path());
    let mut dirs: Vec<_> = dirs.filter(|dir| dir.join("gradients.json").exists()).collect();
    dirs.sort();
    dirs
}

fn read(file: &Path) -> Tensors {
    let bytes = std::fs::read(file).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.tensors().into_iter().map(|(name, tensor)| {
        let (numbers, rest) = tensor.data().as_chunks();
        assert!(rest.is_empty());
        (name, numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
    });
    tensors.collect()
}

/// The gradient of L = Σ r·y, y what the model gives at the rows.
fn gradient<'a, M, I>(model: &M, input: I, d_output: &Array2<f32>) -> M
where
    M: Backward<I, Output = Array2<f32>> + Params + Clone,
    I: Copy + 'a,
{
    let (output, cache) = model.forward_cached(input, &mut Train::default()).unwrap();
    assert_eq!(output.dim(), d_output.dim());
    let mut grads = zeros_like(model);
    model.backward(input, &cache, d_output, &mut grads, &mut Scratch::new()).unwrap();
    grads
}

/// What the model finds, saved as a model is saved: by the names that transformers has.
fn found(dir: &Path, expected: &Tensors) -> Tensors {
    let json = std::fs::read_to_string(dir.join("gradients.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let ids: Vec<Vec<u32>> = serde_json::from_value(json["input_ids"].clone()).unwrap();
    let segments: Option<Vec<Vec<u32>>> =
        serde_json::from_value(json["token_type_ids"].clone()).unwrap();
    let rows: Vec<u32> = serde_json::from_value(json["rows"].clone()).unwrap();
    let (ids, sequences) = Ragged::concatenate(&ids);
    let segments = segments.as_deref().map(<[Vec<u32>]>::concat);
    let tokens = TokenIds { segments: segments.as_deref(), ..TokenIds::new(&ids, &sequences) };
    let at = PredictAt::new(tokens, &rows).unwrap();
    let d_output = expected["d_output"].clone();
    let shape = (rows.len(), d_output.len() / rows.len());
    let d = Array2::from_shape_vec(shape, d_output).unwrap();
    // No dropout: the draws of PyTorch are others.
    let whole = without_dropout(dir);
    let model = Model::from_dir(whole.path(), &LoadOptions::default()).unwrap().model;
    let grads = match model {
        Model::Encoder(model) => Model::Encoder(gradient(&model, at, &d)),
        Model::MaskedLm(model) => Model::MaskedLm(gradient(&model, at, &d)),
        Model::CausalLm(model) => Model::CausalLm(gradient(&model, at, &d)),
        Model::SequenceClassifier(model) => Model::SequenceClassifier(gradient(&model, tokens, &d)),
        Model::TokenClassifier(model) => Model::TokenClassifier(gradient(&model, at, &d)),
        Model::QuestionAnswering(model) => Model::QuestionAnswering(gradient(&model, at, &d)),
        Model::ReplacedTokens(model) => Model::ReplacedTokens(gradient(&model, at, &d)),
        other => panic!("a head without a derivative: {other:?}"),
    };
    let file = whole.path().join("gradient.safetensors");
    grads.save(&file).unwrap();
    read(&file)
}

/// The checkpoint, with a configuration in which no rate of dropout is above 0.
fn without_dropout(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let file = copy.path().join("config.json");
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    for name in [
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "classifier_dropout",
        "classifier_dropout_prob",
        "dropout",
        "attention_dropout",
        "seq_classif_dropout",
        "qa_dropout",
        "embedding_dropout",
        "mlp_dropout",
        "resid_pdrop",
        "embd_pdrop",
        "attn_pdrop",
    ] {
        config[name] = 0.0.into();
    }
    std::fs::write(file, config.to_string()).unwrap();
    copy
}

fn largest(numbers: &[f32]) -> f32 {
    numbers.iter().fold(0.0, |largest, x| largest.max(x.abs()))
}

/// Every number is within 1e-4 of the largest of its parameter; of a parameter whose gradients are
/// less than a thousandth of the model's largest, within as much of that thousandth.
#[test]
fn every_gradient_is_what_autograd_finds() {
    let cases = cases();
    assert_eq!(cases.len(), 29);
    let mut worst = (0.0, String::new());
    for dir in cases {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let mut expected = read(&dir.join("gradients.safetensors"));
        let found = found(&dir, &expected);
        expected.remove("d_output");
        let of_model = expected.values().map(|numbers| largest(numbers)).fold(0.0, f32::max);
        for (parameter, expected) in &expected {
            let got = found.get(parameter).unwrap_or_else(|| {
                panic!("{name}: no gradient of {parameter}; there are {:?}", found.keys())
            });
            assert_eq!(got.len(), expected.len(), "{name}: {parameter}");
            let scale = largest(expected).max(1e-3 * of_model);
            for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
                let error = (got - expected).abs() / scale;
                assert!(
                    error <= 1e-4,
                    "{name}: the gradient of {parameter}[{i}] is {got}, autograd finds {expected}; \
                     off by {error:e} of {scale}"
                );
                if error > worst.0 {
                    worst = (error, format!("{name}: {parameter}"));
                }
            }
        }
        // What has no gradient there has none here.
        let others: BTreeSet<&String> =
            found.keys().filter(|n| !expected.contains_key(*n)).collect();
        for other in others {
            assert!(found[other].iter().all(|&x| x == 0.0), "{name}: {other} has a gradient");
        }
    }
    println!("the worst: {worst:?}");
}
