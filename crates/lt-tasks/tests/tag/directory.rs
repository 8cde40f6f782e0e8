//! A tagger from a directory: what it computes is what the model computes.

use std::fs;
use std::ops::Range;
use std::path::Path;

use lt_config::Labels;
use lt_core::{Module, Ragged};
use lt_kernels::softmax;
use lt_model::TokenClassifier;
use lt_tasks::tag::{Aggregation, TokenScores, TokenTagger};
use lt_tasks::{LoadOptions, Scratch, TaskError};
use lt_tokenizer::{Limit, Tokenizer, WindowSize};
use tempfile::TempDir;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lt-model/tests/golden/");

/// Tiny checkpoints of several families with a head that sorts tokens.
const CHECKPOINTS: [&str; 7] = [
    "tokens-7-labels-f16",
    "distilbert-tokens",
    "electra-tokens-f16",
    "xlm-roberta-tokens-bf16",
    "albert-tokens-f16",
    "mpnet-tokens-bf16",
    "modernbert-tokens-bf16",
];

fn checkpoint(name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(TINY).join(name)).unwrap() {
        let entry = entry.unwrap(); // one has its weights in several files
        fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##a", "##b"].map(str::to_owned);
    let words = (7..40).map(|id| format!("w{id}"));
    let pieces: Vec<String> = special.into_iter().chain(words).collect();
    fs::write(dir.path().join("vocab.txt"), pieces.join("\n")).unwrap();
    dir
}

fn tagger(dir: &TempDir) -> TokenTagger {
    TokenTagger::from_dir(dir.path(), &LoadOptions::default()).unwrap()
}

/// Longer than any of the tiny models takes, with words of several pieces.
fn long_text() -> String {
    (0..60).map(|n| format!("w{}{} ", 7 + n * 7 % 33, ["", "a", "bab"][n % 3])).collect()
}

/// The probabilities of a window of a text, from the model itself.
fn of_window(dir: &TempDir, tokens: &[u32]) -> Vec<Vec<f32>> {
    let model = TokenClassifier::from_dir(dir.path(), &LoadOptions::default()).unwrap().model;
    let ids = [&[2], tokens, &[3]].concat();
    let sequences = Ragged::single(ids.len());
    let segments = vec![0; ids.len()];
    let input = model.encoder().token_ids(&ids, &segments, &sequences);
    let mut scores = model.forward(input).unwrap();
    softmax(scores.view_mut());
    let rows: Vec<Vec<f32>> = scores.outer_iter().map(|row| row.to_vec()).collect();
    rows[1..=tokens.len()].to_vec()
}

#[test]
fn each_token_has_the_scores_of_the_window_that_shows_most_around_it() {
    for name in CHECKPOINTS {
        let dir = checkpoint(name);
        let size = WindowSize { limit: 9, overlap: 3 };
        let text = long_text();
        let tagger = tagger(&dir).with_windows(size).unwrap();
        let found = tagger.scores(&[&text], &mut Scratch::new()).unwrap().remove(0);

        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let whole = tokenizer.encode_bare(text.as_str(), Limit::None).unwrap();
        assert_eq!(found.len(), whole.len(), "{name}: no token is lost, none comes twice");
        // Windows of seven tokens, four apart.
        let starts = (0..).map(|n| n * 4).take_while(|start| start + 3 < whole.len());
        let windows: Vec<Range<usize>> =
            starts.map(|start| start..(start + 7).min(whole.len())).collect();
        let scores: Vec<_> =
            windows.iter().map(|range| of_window(&dir, &whole.ids[range.clone()])).collect();
        for (token, found) in found.iter().enumerate() {
            let shown = |window: &Range<usize>| {
                let before = if window.start == 0 { 999 } else { token - window.start };
                let behind = if window.end == whole.len() { 999 } else { window.end - 1 - token };
                before.min(behind)
            };
            let holds = (0..windows.len()).rev().filter(|&n| windows[n].contains(&token));
            let best = holds.max_by_key(|&n| shown(&windows[n])).unwrap();
            let expected = TokenScores {
                offsets: whole.offsets[token].clone(),
                word: whole.words[token],
                probabilities: scores[best][token - windows[best].start].clone(),
            };
            assert_eq!(found, &expected, "{name}, token {token}");
        }
    }
}

#[test]
fn a_text_has_the_same_bits_alone_and_in_any_batch_on_any_threads() {
    let dir = checkpoint("tokens-7-labels-f16");
    let tagger = tagger(&dir);
    let mut texts = vec![String::new(), long_text(), "w7a 北京".to_owned()];
    texts.extend((0..300).map(|n| format!("w{} ", 7 + n % 33).repeat(1 + n % 40)));
    let mut threads = Scratch::with_threads(lt_kernels::pool(2).unwrap());
    let all = tagger.tag(&texts, Aggregation::None, &mut threads).unwrap();
    let scores = tagger.scores(&texts, &mut threads).unwrap();
    assert_eq!(all[0], []);
    for (number, text) in texts.iter().enumerate().step_by(7).chain([(1, &texts[1])]) {
        let one = &mut Scratch::new();
        assert_eq!(tagger.tag(&[text], Aggregation::None, one).unwrap()[0], all[number], "{text}");
        assert_eq!(tagger.scores(&[text], one).unwrap()[0], scores[number], "{text}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let dir = checkpoint("tokens-7-labels-f16");
    let size = |limit, overlap| tagger(&dir).with_windows(WindowSize { limit, overlap });
    for limit in [0, 2, 1000] {
        let error = size(limit, 0).unwrap_err();
        assert!(matches!(error, TaskError::MaxLength { least: 3, .. }), "{error}");
    }
    let error = size(9, 7).unwrap_err();
    assert!(matches!(error, TaskError::Overlap { got: 7, most: 6 }), "{error}");
    let own = tagger(&dir).windows();
    assert_eq!(own.overlap, own.limit / 4);
    assert_eq!(size(9, 6).unwrap().windows(), WindowSize { limit: 9, overlap: 6 });

    let model = TokenClassifier::from_dir(dir.path(), &LoadOptions::default()).unwrap().model;
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let error = TokenTagger::new(model, tokenizer, Labels::numbered(3)).unwrap_err();
    assert!(matches!(error, TaskError::Labels { head: 7, names: 3 }), "{error}");

    let pieces = fs::read_to_string(dir.path().join("vocab.txt")).unwrap();
    let more: Vec<String> = (40..99).map(|id| format!("w{id}")).collect();
    fs::write(dir.path().join("vocab.txt"), format!("{pieces}\n{}", more.join("\n"))).unwrap();
    let error =
        tagger(&dir).tag(&["w7", "w98"], Aggregation::Simple, &mut Scratch::new()).unwrap_err();
    let TaskError::Text { number: 1, source } = error else { panic!("{error}") };
    assert!(matches!(*source, TaskError::UnknownId { .. }), "{source}");
}

#[test]
fn a_result_that_is_not_finite_is_an_error_of_its_text() {
    let dir = checkpoint("tokens-7-labels-f16");
    let options = LoadOptions::default();
    let loaded = TokenClassifier::from_dir(dir.path(), &options).unwrap();
    let (mut model, labels) = (loaded.model, loaded.config.labels().clone());
    let width = model.encoder().width();
    lt_core::Params::visit_mut(&mut model, &mut lt_core::Path::new(), &mut |name, weight| {
        if name == "encoder.embeddings.token.weight" {
            weight.make_mut()[8 * width] = f32::NAN; // of the word w8
        }
    });
    let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
    let tagger = TokenTagger::new(model, tokenizer, labels).unwrap();
    let error = tagger.tag(&["w7", "w8 w7"], Aggregation::Simple, &mut Scratch::new()).unwrap_err();
    let TaskError::Text { number: 1, source } = error else { panic!("{error}") };
    assert!(matches!(*source, TaskError::NotFinite), "{source}");
}
