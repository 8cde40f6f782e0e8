//! What the files of a directory say about how texts are to be handled, and that it is done.
#![allow(clippy::unwrap_used)] // what fails here is the test

use std::fs;
use std::path::Path;

use lt_model::{MaskedLm, ModelError, TextEncoder};
use lt_tasks::{
    FillMask, LoadOptions, Pooling, Scratch, SentenceEncoder, TaskError, normalize, pool,
};
use lt_tokenizer::Tokenizer;
use ndarray::{Array1, Array2, Axis};
use serde_json::{Value, json};
use tempfile::TempDir;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lt-model/tests/golden/");

/// A tiny checkpoint (width 12, 16 positions, 51 tokens) and a vocabulary for it.
fn checkpoint_in(dir: &Path, name: &str) {
    fs::create_dir_all(dir).unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(Path::new(TINY).join(name).join(file), dir.join(file)).unwrap();
    }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "big"].map(str::to_owned);
    let words = (6..51).map(|id| format!("w{id}"));
    let pieces: Vec<String> = special.into_iter().chain(words).collect();
    fs::write(dir.join("vocab.txt"), pieces.join("\n")).unwrap();
}

fn write(dir: &Path, file: &str, json: &Value) {
    let path = dir.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, json.to_string()).unwrap();
}

/// A sentence-transformers directory with these settings of its pooling.
fn sentence_transformers(pooling: &Value) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "mlm-tied");
    let module = |number: usize, path: &str, class: &str| {
        json!({"idx": number, "name": number.to_string(), "path": path,
               "type": format!("sentence_transformers.models.{class}")})
    };
    let modules = json!([module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")]);
    write(dir.path(), "modules.json", &modules);
    write(dir.path(), "1_Pooling/config.json", pooling);
    dir
}

fn load(dir: &TempDir) -> Result<SentenceEncoder, TaskError> {
    SentenceEncoder::from_dir(dir.path(), &LoadOptions::default())
}

/// The vectors of the tokens of a text, from the model itself.
fn hidden(dir: &Path, text: &str, length: usize) -> Array2<f32> {
    let model = TextEncoder::from_dir(dir, &LoadOptions::default()).unwrap().model;
    let tokenizer = Tokenizer::from_dir(dir).unwrap();
    let ids = tokenizer.encode(text, lt_tokenizer::Limit::At(length)).unwrap().ids;
    let sequences = lt_core::Ragged::single(ids.len());
    let input = lt_model::TokenIds::new(&ids, &sequences);
    model.hidden(input, &mut Scratch::new()).unwrap()
}

fn encode(encoder: &SentenceEncoder, text: &str) -> Array1<f32> {
    encoder.encode(&[text], &mut Scratch::new()).unwrap().row(0).to_owned()
}

fn assert_close(vector: &Array1<f32>, expected: &Array1<f32>) {
    assert_eq!(vector.len(), expected.len());
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
    assert!(vector.iter().zip(expected).all(close), "{vector} is not {expected}");
}

const TEXT: &str = "w7 w8 w9 w10 w11";

/// The tables of an ELECTRA are 5 wide, its vectors 12.
#[test]
fn a_family_with_narrow_tables_has_the_vectors_of_its_layers() {
    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "electra-narrow");
    let words = "[PAD] [UNK] [CLS] [SEP] [MASK] w7 w8 w9 w10 w11".replace(' ', "\n");
    fs::write(dir.path().join("vocab.txt"), words).unwrap();
    let encoder = load(&dir).unwrap();
    assert_eq!(encoder.width(), 12);
    let expected = hidden(dir.path(), TEXT, 16).mean_axis(Axis(0)).unwrap();
    assert_close(&encode(&encoder, TEXT), &expected);
}

/// A tokenizer gives segments whatever the model; a DistilBERT has none.
#[test]
fn a_family_without_segments_encodes_and_fills_in() {
    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "distilbert");
    let vector = encode(&load(&dir).unwrap(), TEXT);
    let expected = hidden(dir.path(), TEXT, 16).mean_axis(Axis(0)).unwrap();
    assert_close(&vector, &expected);

    checkpoint_in(dir.path(), "distilbert-words-f16");
    let model = FillMask::from_dir(dir.path(), &LoadOptions::default()).unwrap();
    let masks = model.fill("w7 [MASK] w9", 3, &mut Scratch::new()).unwrap();
    assert_eq!((masks.len(), masks[0].len()), (1, 3));
}

#[test]
fn the_default_prompt_of_a_directory_stands_in_front_of_each_text() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let plain = load(&dir).unwrap();
    assert_eq!(plain.prompt(), "");
    let prompts = json!({"prompts": {"query": "w6 "}, "default_prompt_name": "query"});
    write(dir.path(), "config_sentence_transformers.json", &prompts);
    let prompted = load(&dir).unwrap();
    assert_eq!(prompted.prepare(TEXT), format!("w6 {TEXT}"));
    assert_eq!(encode(&prompted, TEXT), encode(&plain, &format!("w6 {TEXT}")));
    assert_eq!(encode(&prompted.with_prompt(""), TEXT), encode(&plain, TEXT));
}

#[test]
fn every_pooling_that_a_directory_names_is_done_and_several_are_concatenated() {
    for (setting, modes) in [
        (json!({"pooling_mode_cls_token": true}), vec![Pooling::Cls]),
        (json!({"pooling_mode_max_tokens": true}), vec![Pooling::Max]),
        (json!({"pooling_mode_mean_tokens": true}), vec![Pooling::Mean]),
        (json!({"pooling_mode": "mean_sqrt_len_tokens"}), vec![Pooling::MeanSqrtLen]),
        (json!({"pooling_mode": "weightedmean"}), vec![Pooling::WeightedMean]),
        (json!({"pooling_mode": "lasttoken"}), vec![Pooling::LastToken]),
        (json!({"pooling_mode": ["mean", "cls"]}), vec![Pooling::Mean, Pooling::Cls]),
    ] {
        let mut setting = setting;
        setting["word_embedding_dimension"] = json!(12);
        let dir = sentence_transformers(&setting);
        let encoder = load(&dir).unwrap();
        assert_eq!(encoder.pooling(), modes);
        assert_eq!(encoder.width(), 12 * modes.len());
        let expected = pool(hidden(dir.path(), TEXT, 16).view(), &modes).unwrap();
        assert_eq!(encode(&encoder, TEXT), expected, "{setting}");
    }
}

#[test]
fn a_module_that_normalises_is_done_last() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let mut modules: Value =
        serde_json::from_slice(&fs::read(dir.path().join("modules.json")).unwrap()).unwrap();
    modules.as_array_mut().unwrap().push(json!({
        "idx": 2, "name": "2", "path": "2_Normalize",
        "type": "sentence_transformers.models.Normalize"}));
    let long = encode(&load(&dir).unwrap(), TEXT);
    write(dir.path(), "modules.json", &modules);
    let encoder = load(&dir).unwrap();
    assert!(encoder.normalizes());
    let mut expected = long.clone();
    normalize(expected.view_mut());
    assert_ne!(long, expected);
    assert_eq!(encode(&encoder, TEXT), expected);
    assert_eq!(encode(&encoder.with_normalize(false), TEXT), long);
}

#[test]
fn the_encoder_may_lie_in_a_directory_of_its_own() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let expected = encode(&load(&dir).unwrap(), TEXT);
    for file in ["config.json", "model.safetensors", "vocab.txt"] {
        let inside = dir.path().join("0_Transformer");
        fs::create_dir_all(&inside).unwrap();
        fs::rename(dir.path().join(file), inside.join(file)).unwrap();
    }
    let modules = fs::read_to_string(dir.path().join("modules.json")).unwrap();
    let modules = modules.replace(r#""path":"""#, r#""path":"0_Transformer""#);
    fs::write(dir.path().join("modules.json"), modules).unwrap();
    assert_eq!(encode(&load(&dir).unwrap(), TEXT), expected);
}

#[test]
fn the_maximum_length_is_the_files_but_never_more_than_there_are_positions() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    assert_eq!(load(&dir).unwrap().max_length(), 16, "as many as there are positions");

    write(dir.path(), "tokenizer_config.json", &json!({"model_max_length": 9}));
    assert_eq!(load(&dir).unwrap().max_length(), 9);
    write(dir.path(), "sentence_bert_config.json", &json!({"max_seq_length": 5}));
    let encoder = load(&dir).unwrap();
    assert_eq!(encoder.max_length(), 5, "this file wins");
    let expected = pool(hidden(dir.path(), TEXT, 5).view(), &[Pooling::Mean]).unwrap();
    assert_eq!(encode(&encoder, TEXT), expected);
    assert_ne!(encode(&encoder.with_max_length(7).unwrap(), TEXT), expected);

    write(dir.path(), "sentence_bert_config.json", &json!({"max_seq_length": 4096}));
    assert_eq!(load(&dir).unwrap().max_length(), 16);
    let long = "w7 ".repeat(100);
    let cut = "w7 ".repeat(14);
    let encoder = load(&dir).unwrap();
    assert_eq!(encode(&encoder, &long), encode(&encoder, &cut));
}

#[test]
fn a_maximum_length_that_cannot_be_is_refused() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    for length in [0, 2, 17, usize::MAX] {
        let error = load(&dir).unwrap().with_max_length(length).unwrap_err();
        assert!(matches!(error, TaskError::MaxLength { least: 3, most: 16, .. }), "{error}");
    }
}

#[test]
fn text_is_lowercased_where_the_directory_says_so() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    write(dir.path(), "tokenizer_config.json", &json!({"do_lower_case": false}));
    let tokens = |dir: &TempDir| load(dir).unwrap().tokenize("BIG").unwrap().ids;
    assert_eq!(tokens(&dir), [2, 1, 3], "unknown in capitals");
    write(dir.path(), "sentence_bert_config.json", &json!({"do_lower_case": true}));
    assert_eq!(tokens(&dir), [2, 5, 3]);
}

#[test]
fn a_plain_directory_gets_the_mean_not_normalised() {
    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "mlm-tied");
    let encoder = load(&dir).unwrap();
    assert!(!encoder.normalizes());
    let expected = pool(hidden(dir.path(), TEXT, 16).view(), &[Pooling::Mean]).unwrap();
    assert_eq!(encode(&encoder, TEXT), expected);
    write(dir.path(), "tokenizer_config.json", &json!({"model_max_length": 4}));
    assert_eq!(load(&dir).unwrap().max_length(), 4);
}

#[test]
fn pooling_for_another_width_and_no_pooling_are_refused() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 384}));
    let error = load(&dir).unwrap_err();
    assert!(matches!(error, TaskError::Width { pooling: 384, model: 12 }), "{error}");
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let error = load(&dir).unwrap().with_pooling([]).unwrap_err();
    assert!(matches!(error, TaskError::NoPooling), "{error}");
}

#[test]
fn no_texts_are_no_vectors_and_an_empty_text_is_its_special_tokens() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let encoder = load(&dir).unwrap();
    let none = encoder.encode(&[] as &[&str], &mut Scratch::new()).unwrap();
    assert_eq!(none.dim(), (0, 12));
    let expected = pool(hidden(dir.path(), "", 16).view(), &[Pooling::Mean]).unwrap();
    assert_eq!(encode(&encoder, ""), expected);
}

#[test]
fn batches_end_where_they_are_full_and_no_text_is_lost_or_moved() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let encoder = load(&dir).unwrap();
    // More tokens than go through the model at a time, several times over.
    let texts: Vec<String> =
        (0..1500).map(|n| format!("w{} ", 6 + n % 45).repeat(1 + n % 14)).collect();
    let vectors = encoder.encode(&texts, &mut Scratch::new()).unwrap();
    for (number, text) in texts.iter().enumerate().step_by(37) {
        assert_eq!(vectors.row(number), encode(&encoder, text), "text {number}");
    }
}

#[test]
fn a_file_that_leaves_no_room_for_the_special_tokens_fails_by_the_text_and_says_why() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    write(dir.path(), "sentence_bert_config.json", &json!({"max_seq_length": 1}));
    let error = load(&dir).unwrap().encode(&["w7"], &mut Scratch::new()).unwrap_err();
    let TaskError::Text { number: 0, source } = error else { panic!("{error}") };
    assert!(source.to_string().contains("expected at least 2"), "{source}");
}

#[test]
fn a_mask_is_filled_with_what_the_model_finds_likeliest() {
    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "mlm-tied");
    let options = LoadOptions::default();
    let text = "w7 [MASK] w9";
    let guesses = FillMask::from_dir(dir.path(), &options)
        .unwrap()
        .fill(text, 51, &mut Scratch::new())
        .unwrap()
        .remove(0);

    let model = MaskedLm::from_dir(dir.path(), &options).unwrap().model;
    let states = hidden(dir.path(), text, 16);
    let logits = model.predict(states.view(), &mut Scratch::new()).unwrap().row(2).to_owned();
    let sum: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
    assert_eq!(guesses.len(), 51);
    for guess in &guesses {
        let expected = f64::from(logits[guess.id as usize]).exp() / sum;
        assert!((f64::from(guess.score) - expected).abs() < 1e-6, "{guess:?}");
    }
    assert!(guesses.is_sorted_by(|a, b| a.score >= b.score));
}

#[test]
fn a_text_that_cannot_be_filled_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "mlm-tied");
    let model = FillMask::from_dir(dir.path(), &LoadOptions::default()).unwrap();
    let fill = |text: &str| model.fill(text, 1, &mut Scratch::new()).unwrap_err();
    assert!(matches!(fill("w7"), TaskError::NoMask { .. }));
    // The mask would be cut off, or would stay: an error in both cases.
    let error = fill(&format!("{}[MASK]", "w7 ".repeat(14)));
    assert!(matches!(error, TaskError::TooLong { tokens: 17, limit: 16 }), "{error}");
    let error = fill(&format!("[MASK] {}", "w7 ".repeat(14)));
    assert!(matches!(error, TaskError::TooLong { .. }), "{error}");
}

#[test]
fn a_model_without_the_head_and_a_tokenizer_without_a_mask_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "heads-3x4-gelu");
    let error = FillMask::from_dir(dir.path(), &LoadOptions::default()).unwrap_err();
    let TaskError::Model(error) = error else { panic!("{error}") };
    assert!(matches!(*error, ModelError::Head { .. }), "{error}");

    let dir = tempfile::tempdir().unwrap();
    checkpoint_in(dir.path(), "mlm-tied");
    let vocab = fs::read_to_string(dir.path().join("vocab.txt")).unwrap();
    fs::write(dir.path().join("vocab.txt"), vocab.replace("[MASK]", "mask")).unwrap();
    let error = FillMask::from_dir(dir.path(), &LoadOptions::default()).unwrap_err();
    assert!(matches!(error, TaskError::NoMaskToken), "{error}");
}

#[test]
fn a_tokenizer_of_another_model_is_found_at_the_first_word_that_the_model_lacks() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let pieces = fs::read_to_string(dir.path().join("vocab.txt")).unwrap();
    fs::write(dir.path().join("vocab.txt"), pieces + "\nw51").unwrap();
    let encoder = load(&dir).unwrap();
    let error = encoder.encode(&["w7", "w7 w51", "w8"], &mut Scratch::new()).unwrap_err();
    let TaskError::Text { number: 1, source } = error else { panic!("{error}") };
    assert!(matches!(*source, TaskError::UnknownId { id: 51, rows: 51, .. }), "{source}");
    let model = FillMask::from_dir(dir.path(), &LoadOptions::default()).unwrap();
    let error = model.fill("w51 [MASK]", 1, &mut Scratch::new()).unwrap_err();
    assert!(matches!(error, TaskError::UnknownId { .. }), "{error}");
}

#[test]
fn a_result_that_is_not_finite_is_an_error() {
    let dir = sentence_transformers(&json!({"word_embedding_dimension": 12}));
    let options = LoadOptions::default();
    let mut model = MaskedLm::from_dir(dir.path(), &options).unwrap().model;
    lt_core::Params::visit_mut(&mut model, &mut lt_core::Path::new(), &mut |name, weight| {
        if name == "encoder.embeddings.token.weight" {
            weight.make_mut()[8 * 12] = f32::NAN; // of the word w8
        }
    });
    model.save(dir.path().join("model.safetensors")).unwrap();
    let encoder = load(&dir).unwrap();
    let error = encoder.encode(&["w7", "w9", "w7 w8"], &mut Scratch::new()).unwrap_err();
    let TaskError::Text { number: 2, source } = error else { panic!("{error}") };
    assert!(matches!(*source, TaskError::NotFinite), "{source}");
    let model = FillMask::from_dir(dir.path(), &options).unwrap();
    let error = model.fill("w8 [MASK]", 1, &mut Scratch::new()).unwrap_err();
    assert!(matches!(error, TaskError::NotFinite), "{error}");
}
