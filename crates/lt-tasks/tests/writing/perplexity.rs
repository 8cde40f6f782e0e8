//! Perplexities are those of transformers' recipe (`cases.py`).

use std::path::Path;

use lt_core::Scratch;
use lt_model::CausalLm;
use lt_tasks::{LoadOptions, PerplexityWindows, TaskError, perplexity};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    checkpoint: String,
    ids: Vec<u32>,
    length: usize,
    stride: usize,
    perplexity: f64,
}

fn load(name: &str) -> CausalLm {
    let decoders = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lt-model/tests/golden-decoders");
    CausalLm::from_dir(decoders.join(name), &LoadOptions::default()).unwrap().model
}

fn windows(length: usize, stride: usize) -> PerplexityWindows {
    PerplexityWindows { length: length.try_into().unwrap(), stride: stride.try_into().unwrap() }
}

#[test]
fn perplexities_are_those_of_the_recipe() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("cases.json")).unwrap();
    assert_eq!(cases.len(), 11);
    for case in cases {
        let (model, windows) = (load(&case.checkpoint), windows(case.length, case.stride));
        let found = perplexity(&model, &case.ids, windows, &mut Scratch::new()).unwrap();
        let (got, expected) = (found.perplexity, case.perplexity);
        let close = (got - expected).abs() <= 1e-5 * expected;
        assert!(close, "{} {windows:?}: {got}, expected {expected}", case.checkpoint);
        if case.length >= case.ids.len() {
            assert!((found.by_token - expected).abs() <= 1e-5 * expected);
        }
    }
}

#[test]
fn what_has_no_perplexity_is_refused() {
    let model = load("gpt2-inner-7-relu-by-layer");
    let run =
        |ids: &[u32], length| perplexity(&model, ids, windows(length, 1), &mut Scratch::new());
    assert!(matches!(run(&[], 4), Err(TaskError::ShortText { tokens: 0 })));
    assert!(matches!(run(&[1], 4), Err(TaskError::ShortText { tokens: 1 })));
    let longest = model.encoder().longest();
    let text = vec![1; 2 * longest];
    assert!(run(&text, longest).is_ok());
    assert!(matches!(run(&text, longest + 1), Err(TaskError::MaxLength { .. })));
    assert!(run(&[1, u32::MAX], 4).is_err());
}
