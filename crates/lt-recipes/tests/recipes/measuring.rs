//! What is measured of models that were trained.

use std::sync::Arc;

use lt_core::Scratch;
use lt_model::{LoadOptions, MaskedLm};
use lt_recipes::{
    Classify, ColumnName, DataSection, HiddenWords, Mlm, measure_classifier, measure_hidden_words,
    measure_spread, measure_vectors,
};
use lt_tasks::{SentenceEncoder, TextClassifier};
use lt_tokenizer::Tokenizer;

use crate::folder::{BERT, Folder, run};

fn tiny_mlm(folder: &Folder, steps: u64) -> std::path::PathBuf {
    let recipe = folder.recipe::<Mlm>(&format!(
        "out = \"DIR/mlm-{steps}\"\nsteps = {steps}\n[model]\n{BERT}\nhidden_dropout_prob = 0.0\n\
         [tokenizer]\nfrom = \"DIR/words\"\n[data]\nfiles = [\"DIR/corpus.txt\"]\n\
         [optimizer]\nrate = 0.01"
    ));
    run(&recipe).model
}

#[test]
fn hidden_words_are_guessed_better_after_training() {
    let folder = Folder::new();
    let data = DataSection::of([folder.path("corpus.txt")]);
    let measure = |steps| {
        let dir = tiny_mlm(&folder, steps);
        let model = MaskedLm::from_dir(&dir, &LoadOptions::default()).unwrap().model;
        let tokenizer = Arc::new(Tokenizer::from_dir(&dir).unwrap());
        let hiding = HiddenWords::new(3).rate(0.3);
        measure_hidden_words(&model, &tokenizer, &data, &hiding, &mut Scratch::new()).unwrap()
    };
    let (before, after) = (measure(1), measure(50));
    assert_eq!(before.tokens, after.tokens, "the same words are hidden");
    let better = after.accuracy > before.accuracy && after.loss < 0.5 * before.loss;
    assert!(before.tokens > 50 && better, "{before:?} {after:?}");
    assert!((after.loss.exp() / after.perplexity - 1.0).abs() < 1e-12);
}

#[test]
fn a_classifier_is_counted_label_by_label() {
    let folder = Folder::new();
    folder.write("train.csv", "text,label\nthe cat,a\nthe dog,b\n");
    let recipe = folder.recipe::<Classify>(&format!(
        "out = \"DIR/run\"\nsteps = 30\n[model]\n{BERT}\n[tokenizer]\nfrom = \"DIR/words\"\n\
         [data]\nfiles = [\"DIR/train.csv\"]\n[optimizer]\nrate = 0.01"
    ));
    let dir = run(&recipe).model;
    let model = TextClassifier::from_dir(dir, &LoadOptions::default()).unwrap();
    folder.write("test.csv", "text,label\nthe cat,a\nthe dog,b\nthe dog,a\n");
    let data = DataSection::of([folder.path("test.csv")]);
    let found = measure_classifier(&model, &data, &mut Scratch::new()).unwrap();
    // Of two that are a, one is found; of two that are called b, one is.
    assert_eq!((found.texts, found.accuracy), (3, 2.0 / 3.0));
    let (a, b) = (found.labels["a"], found.labels["b"]);
    assert_eq!((a.precision, a.recall, a.support), (1.0, 0.5, 2));
    assert_eq!((b.precision, b.recall, b.support), (0.5, 1.0, 1));
    folder.write("test.csv", "text,label\nthe cat,a\nthe dog,c\n");
    let error = measure_classifier(&model, &data, &mut Scratch::new()).unwrap_err().to_string();
    assert!(error.contains("test.csv`, line 3: label `c`, expected one of `a`, `b`"), "{error}");
}

#[test]
fn vectors_are_compared_with_scores_and_with_a_teacher() {
    let folder = Folder::new();
    let load = |steps| {
        SentenceEncoder::from_dir(tiny_mlm(&folder, steps), &LoadOptions::default()).unwrap()
    };
    let encoder = load(5);
    let lines = DataSection::of([folder.path("corpus.txt")]);
    let found = measure_vectors(&encoder, Some(&encoder), &lines, &mut Scratch::new()).unwrap();
    assert_eq!(found.pairs, 49);
    assert!(
        (found.spearman - 1.0).abs() < 1e-12 && (found.teacher_cosine.unwrap() - 1.0).abs() < 1e-6
    );
    let spread = |pairs| measure_spread(&encoder, &encoder, &lines, pairs, &mut Scratch::new());
    let found = spread(400).unwrap();
    // All these sentences are much alike: of the twenty kinds of pairs there are few.
    assert!((20..400).contains(&found.pairs) && (found.pearson - 1.0).abs() < 1e-12, "{found:?}");
    let texts = [("the cat", "the cat"), ("the cat", "a hen hears"), ("the cat sees", "the cat")];
    let scores = texts.map(|(one, other)| {
        let vectors = encoder.encode(&[one, other], &mut Scratch::new()).unwrap();
        lt_tasks::cosine(&vectors)[[0, 1]]
    });
    let rows: String = texts
        .iter()
        .zip(scores)
        .map(|((one, other), score)| format!("{one}\t{other}\t{score}\n"))
        .collect();
    folder.write("pairs.tsv", &rows);
    let mut data = DataSection::of([folder.path("pairs.tsv")]);
    (data.text, data.second) = (Some(ColumnName::At(0)), Some(ColumnName::At(1)));
    data.score = Some(ColumnName::At(2));
    let found = measure_vectors(&encoder, None, &data, &mut Scratch::new()).unwrap();
    assert!((found.pearson - 1.0).abs() < 1e-6 && found.pairs == 3, "{found:?}");
    folder.write("pairs.tsv", "a\tb\tmuch\n");
    let error =
        measure_vectors(&encoder, None, &data, &mut Scratch::new()).unwrap_err().to_string();
    assert!(error.contains("line 1: score `much`, expected a number"), "{error}");
}
