//! The real all-MiniLM-L6-v2 on 200 sentences, against PyTorch and against itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use lt_tasks::{LoadOptions, Scratch, SentenceEncoder};
use lt_weights::{Reading, SafetensorsFile, TensorSource};
use ndarray::{Array2, ArrayView1};
use serde_json::Value;

static ENCODER: LazyLock<SentenceEncoder> = LazyLock::new(|| {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dir = std::env::var_os("LT_MINILM")
        .map_or_else(|| workspace.join("target/models/all-MiniLM-L6-v2"), PathBuf::from);
    assert!(
        dir.join("model.safetensors").exists(),
        "{} is not there: run `cargo xtask fetch`, or set LT_MINILM to the directory of \
         all-MiniLM-L6-v2",
        dir.display()
    );
    SentenceEncoder::from_dir(dir, &LoadOptions::default()).expect("a model")
});

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../lt-model/tests/sentences").join(name)
}

static SENTENCES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let text = fs::read_to_string(golden("sentences.txt")).expect("the sentences");
    let lines: Vec<String> = text.trim_end_matches('\n').split('\n').map(str::to_owned).collect();
    assert_eq!(lines.len(), 200);
    lines
});

fn encode(texts: &[impl AsRef<str>], threads: usize) -> Array2<f32> {
    let mut scratch = Scratch::with_threads(lt_kernels::pool(threads).expect("threads"));
    ENCODER.encode(texts, &mut scratch).expect("vectors")
}

/// All sentences in one call, on two threads.
static BATCHED: LazyLock<Array2<f32>> = LazyLock::new(|| encode(&SENTENCES, 2));

fn bits(row: ArrayView1<'_, f32>) -> Vec<u32> {
    row.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_sentence_has_the_tokens_that_pytorch_got() {
    let json: Value = serde_json::from_slice(&fs::read(golden("golden.json")).unwrap()).unwrap();
    for (line, sentence) in SENTENCES.iter().enumerate() {
        let ids = ENCODER.tokenize(sentence).unwrap().ids;
        assert_eq!(serde_json::json!(ids), json["input_ids"][line], "line {line}");
    }
}

#[test]
fn every_sentence_has_the_vector_that_pytorch_computes() {
    let file = SafetensorsFile::open(golden("golden.safetensors"), Reading::Copy).unwrap();
    let reference = file.weight("embeddings").unwrap();
    assert_eq!(BATCHED.dim(), (200, 384));
    for (line, (ours, theirs)) in
        BATCHED.outer_iter().zip(reference.matrix().outer_iter()).enumerate()
    {
        let dot = |a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let cosine = dot(ours, theirs) / (dot(ours, ours) * dot(theirs, theirs)).sqrt();
        assert!(cosine >= 0.999_999, "line {line}: cosine {cosine}");
        let length = dot(ours, ours).sqrt();
        assert!((length - 1.0).abs() < 1e-6, "line {line}: length {length}");
    }
}

#[test]
fn a_sentence_has_the_same_bits_alone_in_a_batch_in_any_order_and_on_any_threads() {
    let reversed: Vec<&String> = SENTENCES.iter().rev().collect();
    let reordered = encode(&reversed, 1);
    for (line, row) in BATCHED.outer_iter().enumerate() {
        assert!(bits(reordered.row(199 - line)) == bits(row), "line {line}, reordered, 1 thread");
    }
    // With the same buffers again: they hold what was computed before.
    let mut scratch = Scratch::new();
    for line in (0..200).step_by(3).chain([88, 89, 138, 139]) {
        let alone = ENCODER.encode(&[&SENTENCES[line]], &mut scratch).unwrap();
        assert!(bits(alone.row(0)) == bits(BATCHED.row(line)), "line {line}, alone");
    }
}

/// The sentences at the end of `cargo xtask tour`: two things, each said three times.
#[test]
fn what_means_the_same_is_more_alike_than_what_does_not() {
    let vectors = encode(
        &[
            "The cat sleeps on the warm windowsill.",
            "A kitten is taking a nap by the window.",
            "Near the window a small cat is dozing.",
            "The central bank raised interest rates again.",
            "Borrowing money has become more expensive.",
            "Loans cost more since the last rate decision.",
        ],
        1,
    );
    let alike = lt_tasks::cosine(&vectors);
    let within = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)].map(|pair| alike[pair]);
    let across = (0..3).flat_map(|a| (3..6).map(move |b| (a, b))).map(|pair| alike[pair]);
    let (least, most) = (within.into_iter().fold(1.0, f32::min), across.fold(-1.0, f32::max));
    assert!(least > most + 0.1, "{least} within, {most} across: {alike}");
}
