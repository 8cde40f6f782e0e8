//! Answers of tiny models of several families, from directories.

use std::fs;
use std::path::Path;

use lt_core::{Module, Ragged};
use lt_model::QuestionAnswering;
use lt_tasks::answer::{Answer, AnswerOptions, NoAnswer, QuestionAnswerer};
use lt_tasks::{LoadOptions, Scratch, TaskError};
use lt_tokenizer::{Limit, Tokenizer, WindowSize};
use serde_json::{Value, json};
use tempfile::TempDir;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../lt-model/tests/golden/");

const CHECKPOINTS: [&str; 7] = [
    "questions",
    "distilbert-questions",
    "electra-questions",
    "xlm-roberta-questions",
    "albert-questions",
    "mpnet-questions",
    "modernbert-questions",
];

fn checkpoint(name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        fs::copy(Path::new(TINY).join(name).join(file), dir.path().join(file)).unwrap();
    }
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##a", "##b"].map(str::to_owned);
    let words = (7..40).map(|id| format!("w{id}"));
    let pieces: Vec<String> = special.into_iter().chain(words).collect();
    if name.starts_with("xlm-roberta") {
        fs::write(dir.path().join("tokenizer.json"), two_separators(&pieces).to_string()).unwrap();
    } else {
        fs::write(dir.path().join("vocab.txt"), pieces.join("\n")).unwrap();
    }
    dir
}

/// A tokenizer with the template of RoBERTa: one segment, and two tokens between the texts.
fn two_separators(pieces: &[String]) -> Value {
    let vocabulary: serde_json::Map<String, Value> =
        pieces.iter().cloned().zip((0..).map(|id: usize| json!(id))).collect();
    let added = |id: usize| {
        json!({"id": id, "content": pieces[id], "special": true, "single_word": false,
               "lstrip": false, "rstrip": false, "normalized": false})
    };
    let special = |id: usize| json!({"SpecialToken": {"id": pieces[id], "type_id": 0}});
    let text = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
    let named = |id: usize| json!({"id": pieces[id], "ids": [id], "tokens": [pieces[id]]});
    json!({
        "version": "1.0",
        "added_tokens": (0..5).map(added).collect::<Vec<_>>(),
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "normalizer": {"type": "BertNormalizer", "clean_text": true,
                       "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special(2), text("A"), special(3)],
            "pair": [special(2), text("A"), special(3), special(3), text("B"), special(3)],
            "special_tokens": {"[CLS]": named(2), "[SEP]": named(3)},
        },
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary},
    })
}

fn answerer(dir: &TempDir) -> QuestionAnswerer {
    QuestionAnswerer::from_dir(dir.path(), &LoadOptions::default()).unwrap()
}

fn answer(answerer: &QuestionAnswerer, context: &str, options: &AnswerOptions) -> Vec<Answer> {
    answerer.answer("w7 w8", context, options, &mut Scratch::new()).unwrap()
}

fn long_context() -> String {
    (0..50).map(|n| format!("w{}{} ", 7 + n * 11 % 33, ["", "ab", "😀", "北京"][n % 4])).collect()
}

#[test]
fn answers_are_words_of_the_context_each_once_sorted_and_no_less_in_a_shorter_list() {
    for name in CHECKPOINTS {
        let answerer = answerer(&checkpoint(name));
        let context = long_context();
        let options = AnswerOptions::default().no_answer(NoAnswer::Allowed);
        let all = answer(&answerer, &context, &options.top(usize::MAX));
        assert!(all.len() > 200, "{name}: {}", all.len());
        assert!(all.is_sorted_by(|a, b| a.score >= b.score), "{name}");
        assert_eq!(all.iter().filter(|answer| answer.is_none()).count(), 1);
        let mut places: Vec<_> = all.iter().map(|answer| (answer.start, answer.end)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), all.len(), "{name}: each once");
        let characters: Vec<char> = context.chars().collect();
        let begins_word = |at: usize| {
            let han = |c: char| "北京".contains(c);
            at == 0 || characters[at - 1] == ' ' || han(characters[at]) || han(characters[at - 1])
        };
        for answer in &all {
            assert!((0.0..=1.0).contains(&answer.score), "{answer:?}");
            let slice = lt_tokenizer::slice(&context, answer.start..answer.end);
            assert_eq!(slice, Some(answer.text.as_str()));
            // Whole words, even where a window cuts one.
            let ends =
                characters.get(answer.end).is_none_or(|&c| c == ' ') || begins_word(answer.end);
            assert!(answer.is_none() || begins_word(answer.start) && ends, "{name}: {answer:?}");
        }
        for top in [0, 1, 2, 10, 100] {
            assert_eq!(answer(&answerer, &context, &options.top(top)), all[..top], "{name}");
        }
        let never = answer(&answerer, &context, &AnswerOptions::default().top(usize::MAX));
        let pieces: Vec<Answer> = all.into_iter().filter(|answer| !answer.is_none()).collect();
        assert_eq!(never, pieces, "{name}");
    }
}

#[test]
fn the_best_answer_is_that_of_the_formula() {
    for name in CHECKPOINTS {
        let dir = checkpoint(name);
        let context = "w9 w10 w11 w12 w13";
        let tokenizer = Tokenizer::from_dir(dir.path()).unwrap();
        let encoding = tokenizer.encode(("w7 w8", context), Limit::None).unwrap();
        let model = QuestionAnswering::from_dir(dir.path(), &LoadOptions::default()).unwrap().model;
        let sequences = Ragged::single(encoding.len());
        let input = model.encoder().token_ids(&encoding.ids, &encoding.segments, &sequences);
        let logits = model.forward(input).unwrap();
        let context_rows = (0..encoding.len()).filter(|&row| encoding.sequence[row] == Some(1));
        let rows: Vec<usize> = [0].into_iter().chain(context_rows).collect();
        assert_eq!(rows.len(), 1 + 5);
        let exp = |x: f32| f64::from(x).exp();
        let sum = |of: &ndarray::Array1<f32>| rows.iter().map(|&row| exp(of[row])).sum::<f64>();
        let (starts, ends) = (sum(&logits.start), sum(&logits.end));
        let p = |i: usize, j: usize| exp(logits.start[i]) / starts * exp(logits.end[j]) / ends;
        let options = AnswerOptions::default().longest(3).no_answer(NoAnswer::Allowed);
        let found = answer(&answerer(&dir), context, &options.top(99));
        assert_eq!(found.len(), 5 + 4 + 3 + 1);
        for answer in found {
            let expected = if answer.is_none() {
                p(0, 0)
            } else {
                let is_first = |row: &&usize| encoding.offsets[**row].start == answer.start;
                let is_last = |row: &&usize| encoding.offsets[**row].end == answer.end;
                let first = *rows[1..].iter().find(is_first).unwrap();
                let last = *rows[1..].iter().find(is_last).unwrap();
                p(first, last)
            };
            assert!((f64::from(answer.score) - expected).abs() < 1e-6, "{name}: {answer:?}");
        }
    }
}

#[test]
fn a_context_that_fits_has_the_same_answers_with_any_windows() {
    let dir = checkpoint("questions");
    let context = "w9 w10a w11 w12";
    let options = AnswerOptions::default().top(99).no_answer(NoAnswer::Allowed);
    let expected = answer(&answerer(&dir), context, &options);
    for (limit, overlap) in [(10, 0), (10, 4), (12, 6), (17, 0), (17, 13)] {
        let answerer = answerer(&dir).with_windows(WindowSize { limit, overlap }).unwrap();
        assert_eq!(answer(&answerer, context, &options), expected, "{limit}, {overlap}");
    }
}

#[test]
fn a_question_has_the_same_bits_alone_and_with_any_others() {
    let answerer = answerer(&checkpoint("questions"));
    let context = long_context();
    let question = |n: usize| {
        let end = context.char_indices().map(|(at, _)| at).nth(n % 120 + 1).unwrap();
        (format!("w{}", 7 + n % 33), context[..end].to_owned())
    };
    let questions: Vec<(String, String)> = (0..200).map(question).collect();
    let options = AnswerOptions::default().top(5);
    let mut threads = Scratch::with_threads(lt_kernels::pool(2).unwrap());
    let all = answerer.answer_all(&questions, &options, &mut threads).unwrap();
    assert_eq!(all.len(), questions.len());
    for ((question, context), expected) in questions.iter().zip(&all).step_by(7) {
        let alone = answerer.answer(question, context, &options, &mut Scratch::new()).unwrap();
        assert_eq!(&alone, expected);
    }
}

#[test]
fn an_empty_context_has_no_answer_and_says_so_if_it_may() {
    let answerer = answerer(&checkpoint("questions"));
    for context in ["", "  \n"] {
        assert_eq!(answer(&answerer, context, &AnswerOptions::default()), []);
        let allowed = AnswerOptions::default().no_answer(NoAnswer::Allowed);
        let found = answer(&answerer, context, &allowed);
        assert!(found.len() == 1 && found[0].is_none() && found[0].score == 1.0, "{found:?}");
    }
}

#[test]
fn what_cannot_be_answered_is_refused_with_the_reason() {
    let dir = checkpoint("questions");
    let long = "w7 ".repeat(14);
    let scratch = &mut Scratch::new();
    let options = AnswerOptions::default();
    let error = answerer(&dir).answer(&long, "w8", &options, scratch).unwrap_err();
    assert!(matches!(error, TaskError::LongQuestion { tokens: 17, limit: 17 }), "{error}");
    let questions = [("w7", "w8"), (long.as_str(), "w8")];
    let error = answerer(&dir).answer_all(&questions, &options, scratch).unwrap_err();
    assert!(matches!(error, TaskError::Text { number: 1, .. }), "{error}");

    // As long as the model takes them, half of which overlaps at most.
    assert_eq!(answerer(&dir).windows(), WindowSize { limit: 17, overlap: 8 });
    let size = |limit, overlap| answerer(&dir).with_windows(WindowSize { limit, overlap });
    for limit in [0, 3, 18] {
        let error = size(limit, 0).unwrap_err();
        assert!(matches!(error, TaskError::MaxLength { least: 4, most: 17, .. }), "{error}");
    }
    let error = size(10, 7).unwrap_err();
    assert!(matches!(error, TaskError::Overlap { got: 7, most: 6 }), "{error}");
}
