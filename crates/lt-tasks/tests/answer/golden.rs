//! What transformers' pipeline answers, as `cases.py` wrote it down.

use std::fs;
use std::path::Path;

use lt_tasks::answer::{AnswerOptions, NoAnswer, QuestionAnswerer, best_spans};
use lt_tasks::{LoadOptions, Scratch};
use lt_tokenizer::WindowSize;
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    vocabulary: Vec<String>,
    spans: Vec<Spans>,
    answers: Vec<Question>,
}

#[derive(Deserialize)]
struct Spans {
    start: Vec<f32>,
    end: Vec<f32>,
    top: usize,
    longest: usize,
    spans: Vec<(usize, usize, f32)>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    context: String,
    limit: usize,
    overlap: usize,
    longest: usize,
    answers: Vec<(usize, usize, f32)>,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("cases.json")).unwrap()
}

#[test]
fn spans_are_those_of_decode_spans() {
    for Spans { start, end, top, longest, spans } in cases().spans {
        let found = best_spans(&start, &end, top, longest).unwrap();
        assert_eq!(found.len(), spans.len());
        for (found, (from, to, score)) in found.iter().zip(spans) {
            assert_eq!(found.tokens, from..to);
            assert_eq!(found.score, score);
        }
    }
}

#[test]
fn answers_are_those_of_the_pipeline_in_one_window_and_in_many() {
    let Cases { vocabulary, answers, .. } = cases();
    let dir = tempfile::tempdir().unwrap();
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lt-model/tests/golden/questions");
    for file in ["config.json", "model.safetensors"] {
        fs::copy(tiny.join(file), dir.path().join(file)).unwrap();
    }
    fs::write(dir.path().join("vocab.txt"), vocabulary.join("\n")).unwrap();
    assert_eq!(answers.len(), 6);
    for Question { question, context, limit, overlap, longest, answers } in answers {
        let size = WindowSize { limit, overlap };
        let answerer = QuestionAnswerer::from_dir(dir.path(), &LoadOptions::default())
            .unwrap()
            .with_windows(size)
            .unwrap();
        let options =
            AnswerOptions::default().top(500).longest(longest).no_answer(NoAnswer::Allowed);
        let mut found =
            answerer.answer(&question, &context, &options, &mut Scratch::new()).unwrap();
        assert!(found.is_sorted_by(|a, b| a.score >= b.score));
        // Near ties may stand the other way round.
        let mut answers = answers;
        found.sort_by_key(|answer| (answer.start, answer.end));
        answers.sort_by_key(|answer| (answer.0, answer.1));
        let places: Vec<_> = found.iter().map(|it| (it.start, it.end)).collect();
        assert_eq!(places, answers.iter().map(|it| (it.0, it.1)).collect::<Vec<_>>(), "{context}");
        for (found, expected) in found.iter().zip(&answers) {
            assert!((found.score - expected.2).abs() < 1e-6, "{context}: {found:?}, {expected:?}");
        }
    }
}
