//! What is written with a model is what transformers writes, token for token.
//!
//! The prompts and what became of them are in `golden-decoders/*/generated.json`.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::path::{Path, PathBuf};

use lt_core::Threads;
use lt_generate::{Beam, EarlyStopping, Generator, Length, Settings, Strategy, Written};
use lt_model::{CausalLm, LoadOptions};
use serde_json::Value;

/// The least margin, in parts of the largest logit, that another rounding cannot overturn.
const MARGIN: f64 = 1e-4;

fn goldens() -> Vec<(PathBuf, Value)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-decoders");
    let dirs = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut dirs: Vec<_> = dirs.filter(|dir| dir.join("generated.json").exists()).collect();
    dirs.sort();
    let read = |dir: PathBuf| {
        let json = std::fs::read_to_string(dir.join("generated.json")).unwrap();
        (dir, serde_json::from_str(&json).unwrap())
    };
    dirs.into_iter().map(read).collect()
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Writes on from all prompts, as one batch on two threads, or each by itself on one.
fn write(model: &CausalLm, prompts: &[Vec<u32>], settings: &Settings, batch: bool) -> Vec<Written> {
    if batch {
        let threads = lt_laws::same_bits::threads(2);
        let writer = model.writer(&threads);
        return Generator::new(&writer, settings.clone()).unwrap().generate(prompts).unwrap();
    }
    let threads = Threads::single();
    let writer = model.writer(&threads);
    let generator = Generator::new(&writer, settings.clone()).unwrap();
    prompts.iter().flat_map(|prompt| generator.generate(&[prompt]).unwrap()).collect()
}

/// As far as each choice was clear.
fn hold_greedy(name: &str, written: &[Written], expected: &Value) -> usize {
    let expected = expected.as_array().unwrap();
    assert_eq!(written.len(), expected.len());
    let mut clear = 0;
    for (written, expected) in written.iter().zip(expected) {
        let sequence = ids(&expected["sequence"]);
        let margins: Vec<f64> = serde_json::from_value(expected["margins"].clone()).unwrap();
        let prompt = sequence.len() - margins.len();
        let sure = margins.iter().take_while(|&&margin| margin > MARGIN).count();
        let (got, theirs) = (&written.ids[..], &sequence[..]);
        assert_eq!(got[..prompt + sure], theirs[..prompt + sure], "{name}");
        if sure == margins.len() {
            assert_eq!(got, theirs, "{name}");
        }
        clear += sure;
    }
    clear
}

#[test]
fn greedy_search_writes_what_transformers_writes() {
    let (mut clear, mut cases) = (0, 0);
    for (dir, golden) in goldens() {
        let model = CausalLm::from_dir(&dir, &LoadOptions::default()).unwrap().model;
        let prompts: Vec<Vec<u32>> =
            golden["prompts"].as_array().unwrap().iter().map(ids).collect();
        let maximum = Length::New(golden["max_new_tokens"].as_u64().unwrap() as usize);
        let end_tokens = vec![golden["eos_token_id"].as_u64().unwrap() as u32];
        let endless = Settings { maximum, ..Settings::default() };
        let greedy = Settings { end_tokens, ..endless.clone() };
        let penalties = &golden["penalties"];
        let with_penalties = Settings {
            repetition_penalty: Some(penalties["repetition_penalty"].as_f64().unwrap() as f32),
            no_repeat_ngram: Some(penalties["no_repeat_ngram_size"].as_u64().unwrap() as usize),
            ..greedy.clone()
        };
        for (what, settings) in [
            ("greedy_without_end", endless),
            ("greedy", greedy),
            ("greedy_with_penalties", with_penalties),
        ] {
            let name = format!("{}: {what}", dir.display());
            let alone = write(&model, &prompts, &settings, false);
            clear += hold_greedy(&name, &alone, &golden[what]);
            let together = write(&model, &prompts, &settings, true);
            let texts = |written: &[Written]| -> Vec<Vec<u32>> {
                written.iter().map(|written| written.ids.clone()).collect()
            };
            assert_eq!(texts(&together), texts(&alone), "{name}: in a batch");
        }
        cases += 1;
    }
    assert!(cases == 15 && clear > 2000, "{cases} checkpoints, {clear} clear choices");
}

#[test]
fn beam_search_writes_what_transformers_writes() {
    let mut held = 0;
    for (dir, golden) in goldens() {
        let model = CausalLm::from_dir(&dir, &LoadOptions::default()).unwrap().model;
        let prompts: Vec<Vec<u32>> =
            golden["prompts"].as_array().unwrap().iter().map(ids).collect();
        let beams = &golden["beam_settings"];
        let number = |name: &str| beams[name].as_u64().unwrap() as usize;
        let beam = Beam {
            beams: number("num_beams"),
            best: number("num_return_sequences"),
            length_penalty: beams["length_penalty"].as_f64().unwrap() as f32,
            early_stopping: match &beams["early_stopping"] {
                Value::Bool(true) => EarlyStopping::AtOnce,
                Value::Bool(false) => EarlyStopping::WhenUnlikelyToImprove,
                other => {
                    assert_eq!(*other, "never");
                    EarlyStopping::WhenNothingCanImprove
                }
            },
        };
        let settings = Settings {
            strategy: Strategy::Beam(beam),
            maximum: Length::New(golden["max_new_tokens"].as_u64().unwrap() as usize),
            end_tokens: vec![golden["eos_token_id"].as_u64().unwrap() as u32],
            ..Settings::default()
        };
        for batch in [false, true] {
            let written = write(&model, &prompts, &settings, batch);
            let of_prompts = written.chunks(number("num_return_sequences"));
            for (written, expected) in of_prompts.zip(golden["beams"].as_array().unwrap()) {
                if expected["stable"] != true {
                    continue;
                }
                let sequences = expected["sequences"].as_array().unwrap().iter().map(ids);
                let got = written.iter().map(|written| written.ids.clone());
                assert_eq!(
                    got.collect::<Vec<_>>(),
                    sequences.collect::<Vec<_>>(),
                    "{}",
                    dir.display()
                );
                held += 1;
            }
        }
    }
    assert!(held > 80, "{held} prompts");
}
