//! Whole models under the laws: same ids, same bits; what is saved loads to the same bits.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::fs;
use std::path::{Path, PathBuf};

use lt_core::{Module, Ragged};
use lt_laws::{limits, same_bits, saving};
use lt_model::{LoadOptions, MaskedLm, Model, ModelOutput, TextEncoder, TokenIds};
use ndarray::{Axis, stack};

fn golden(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let dir = tests.join("golden").join(name);
    if dir.exists() { dir } else { tests.join("golden-decoders").join(name) }
}

fn load(dir: &Path) -> Model {
    Model::from_dir(dir, &LoadOptions::default()).unwrap().model
}

#[test]
fn the_same_ids_have_the_same_bits_on_every_path() {
    let model = load(&golden("long-200"));
    let bert = model.encoder();
    let vocabulary = bert.embeddings().token().entries() as u32;
    same_bits::same_ids_same_bits(
        vocabulary,
        200,
        |ids, batch| bert.forward(TokenIds::new(ids, batch)).map(|output| output.last_hidden_state),
        |ids, batch, scratch| {
            bert.forward_in(TokenIds::new(ids, batch), scratch)
                .map(|output| output.last_hidden_state)
        },
    );
    let model = load(&golden("mlm-tied"));
    let (vocabulary, longest) = (model.encoder().embeddings().token().entries() as u32, 16);
    let logits = |output| match output {
        Ok(ModelOutput::TokenLogits(logits)) => logits,
        other => panic!("expected logits, got {other:?}"),
    };
    same_bits::same_ids_same_bits(
        vocabulary,
        longest,
        |ids, batch| logits(model.forward(TokenIds::new(ids, batch))),
        |ids, batch, scratch| logits(model.forward_in(TokenIds::new(ids, batch), scratch)),
    );
}

#[test]
fn the_same_ids_have_the_same_scores_on_every_path() {
    for name in [
        "sequences-3-labels",
        "tokens-7-labels-f16",
        "questions",
        "roberta-words",
        "roberta-sequences",
        "distilbert-tokens",
        "electra-words",
        "electra-replaced",
        "albert-groups",
        "albert-sequences-wide",
        "mpnet-beyond-the-last-bucket",
        "mpnet-words",
        "modernbert-biases",
        "modernbert-long",
        "modernbert-words",
        "modernbert-sequences-mean",
        "modernbert-questions",
        "gpt2-inner-7-relu-by-layer",
        "gpt2-sequences",
        "llama-kv-2-of-6-tied",
        "llama-yarn",
        "llama-tokens-f16",
        "mistral",
        "qwen2-windows-from-layer-1",
        "qwen3",
        "gemma3-capped-untied-biases",
        "gemma3-sequences",
    ] {
        let model = load(&golden(name));
        let vocabulary = model.encoder().embeddings().token().entries() as u32;
        let longest = model.encoder().longest().min(160);
        let rows = |output, batch: &Ragged| match output {
            Ok(ModelOutput::Encoded(output)) => output.last_hidden_state,
            Ok(ModelOutput::TokenLogits(logits)) => logits,
            Ok(ModelOutput::SequenceLogits(logits)) => {
                // A law about rows: each token has the scores of its text.
                let texts = batch.ranges().enumerate().flat_map(|(text, r)| r.map(move |_| text));
                logits.select(Axis(0), &texts.collect::<Vec<_>>()) // [tokens, n]
            }
            Ok(ModelOutput::Spans(spans)) => {
                stack(Axis(1), &[spans.start.view(), spans.end.view()]).unwrap() // [tokens, 2]
            }
            Ok(ModelOutput::TokenScores(scores)) => scores.insert_axis(Axis(1)), // [tokens, 1]
            other => panic!("expected scores, got {other:?}"),
        };
        same_bits::same_ids_same_bits(
            vocabulary,
            longest,
            |ids, batch| rows(model.forward(TokenIds::new(ids, batch)), batch),
            |ids, batch, scratch| rows(model.forward_in(TokenIds::new(ids, batch), scratch), batch),
        );
    }
}

/// Every golden checkpoint of a causal language model, token by token, and as it goes on after a
/// piece of a text.
#[test]
fn what_was_read_before_changes_no_bit_of_what_follows() {
    let mut models = 0;
    let dirs = fs::read_dir(golden("gpt2").parent().unwrap()).unwrap();
    for dir in dirs.map(|entry| entry.unwrap().path()).filter(|dir| dir.is_dir()) {
        let Model::CausalLm(model) = load(&dir) else { continue };
        let (vocabulary, longest) = (model.vocabulary() as u32, model.encoder().longest().min(30));
        let text: Vec<u32> = (0..longest as u32).map(|n| (n * n + 3) % vocabulary).collect();
        let whole = model.forward(TokenIds::new(&text, &Ragged::single(longest))).unwrap();
        let (mut cache, mut scratch) = (model.cache(1), lt_core::Scratch::new());
        let mut from = 0;
        for to in [3, 4, 5].into_iter().chain((7..longest).step_by(4)).chain([longest]) {
            let piece = Ragged::single(to - from);
            let input = TokenIds::new(&text[from..to], &piece);
            let encoder = model.encoder();
            let hidden = encoder.hidden_with_cache(input, &mut cache, &mut scratch).unwrap();
            let logits = model.predict(hidden.view(), &mut scratch).unwrap();
            assert_eq!(logits, whole.slice(ndarray::s![from..to, ..]), "{} {to}", dir.display());
            from = to;
        }
        models += 1;
    }
    assert!(models > 15, "{models}");
}

#[test]
fn what_is_saved_loads_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let round_trip = |name: &str| {
        fs::copy(golden(name).join("config.json"), dir.path().join("config.json")).unwrap();
    };
    round_trip("heads-3x4-gelu");
    let bert = load(&golden("heads-3x4-gelu")).encoder().clone();
    saving::saved_loads_to_the_same_bits(&bert, |bert: &TextEncoder| {
        bert.save(dir.path().join("model.safetensors")).map_err(|error| error.to_string())?;
        let loaded = TextEncoder::from_dir(dir.path(), &LoadOptions::default());
        Ok::<_, String>(loaded.map_err(|error| error.to_string())?.model)
    });
    round_trip("f16");
    let halves = load(&golden("f16")).encoder().clone();
    saving::saved_halves_load_to_the_same_bits(&halves, |bert: &TextEncoder| {
        bert.save(dir.path().join("model.safetensors")).map_err(|error| error.to_string())?;
        let loaded = TextEncoder::from_dir(dir.path(), &LoadOptions::default());
        Ok::<_, String>(loaded.map_err(|error| error.to_string())?.model)
    });
    for name in ["mlm-tied", "mlm-untied", "mlm-bias-differs", "mlm-f16-copies"] {
        round_trip(name);
        let options = LoadOptions::default();
        let model = MaskedLm::from_dir(golden(name), &options).unwrap().model;
        model.save(dir.path().join("model.safetensors")).unwrap();
        let loaded = MaskedLm::from_dir(dir.path(), &options).unwrap();
        assert_eq!(loaded.model, model, "{name}");
        assert!(loaded.report.warnings.is_empty());
    }
    for name in [
        "sequences-3-labels",
        "sequences-regression",
        "tokens-7-labels-f16",
        "questions",
        "roberta",
        "roberta-words",
        "roberta-sequences",
        "xlm-roberta-tokens-bf16",
        "xlm-roberta-questions",
        "distilbert",
        "distilbert-words-f16",
        "distilbert-sequences",
        "distilbert-tokens",
        "distilbert-questions",
        "electra-narrow",
        "electra-words",
        "electra-sequences-wide",
        "electra-tokens-f16",
        "electra-questions",
        "electra-replaced",
        "albert",
        "albert-groups",
        "albert-words",
        "albert-sequences-wide",
        "albert-tokens-f16",
        "albert-questions",
        "mpnet",
        "mpnet-words",
        "mpnet-sequences",
        "mpnet-tokens-bf16",
        "mpnet-questions",
        "modernbert",
        "modernbert-biases",
        "modernbert-words",
        "gpt2",
        "gpt2-as-published",
        "gpt2-f16-copy",
        "gpt2-unscaled-untied",
        "gpt2-sequences",
        "gpt2-tokens-bf16",
        "llama",
        "llama-kv-2-of-6-tied",
        "llama-sequences",
        "llama-tokens-f16",
        "mistral",
        "qwen2-tied-bf16",
        "qwen2-tokens",
        "qwen3-biases-named-windows",
        "qwen3-sequences",
        "gemma3-capped-untied-biases",
        "gemma3-sequences",
        "modernbert-words-untied",
        "modernbert-sequences-mean",
        "modernbert-sequences-f16",
        "modernbert-tokens-bf16",
        "modernbert-questions",
    ] {
        round_trip(name);
        let model = load(&golden(name));
        model.save(dir.path().join("model.safetensors")).unwrap();
        assert_eq!(load(dir.path()), model, "{name}");
    }
}

/// D7: the course's embeddings checked no length.
#[test]
fn sequences_and_ids_that_do_not_fit_are_refused() {
    let model = load(&golden("heads-3x4-gelu"));
    let embeddings = model.encoder().embeddings();
    let (limit, entries) = (embeddings.limit().unwrap(), embeddings.token().entries());
    limits::too_long_is_refused(limit, |batch| {
        model.forward(TokenIds::new(&vec![1; batch.tokens()], batch))
    });
    limits::unknown_ids_are_refused(entries as u32, |ids| {
        model.forward(TokenIds::new(ids, &Ragged::single(ids.len())))
    });
}
