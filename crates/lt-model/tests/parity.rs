//! Against PyTorch: every intermediate of tiny random checkpoints, within promise P4.
//!
//! The checkpoints and what PyTorch computes from them are in `golden/`, with the script that made
//! them.

#![allow(clippy::unwrap_used)] // what fails here is the test

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lt_core::{Module, Ragged, Scratch};
use lt_model::{EncoderTrace, LoadOptions, Model, ModelOutput, TokenIds};
use ndarray::Array2;
use safetensors::SafeTensors;
use serde_json::Value;

/// How far off we may be, as a share of the largest number of a tensor; or four times PyTorch's own error.
const TOLERANCE: f64 = 2e-5;

/// One directory of `golden/`: inputs, and what PyTorch gave for them.
struct Golden {
    name: String,
    dir: PathBuf,
    ids: Vec<Vec<u32>>,
    segments: Option<Vec<Vec<u32>>>,
    tensors: BTreeMap<String, Vec<f32>>,
    own_error: BTreeMap<String, f64>,
}

fn goldens() -> Vec<Golden> {
    let encoders = goldens_in("golden", include_str!("golden/cases.py"));
    let decoders = include_str!("golden-decoders/decoder_cases.py");
    encoders.into_iter().chain(goldens_in("golden-decoders", decoders)).collect()
}

fn goldens_in(folder: &str, cases: &str) -> Vec<Golden> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(golden)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("golden.json").exists())
        .collect();
    dirs.sort();
    let cases: Vec<&str> = cases.split("    Case(").skip(1).collect();
    let names = cases.iter().map(|case| case.split('"').nth(1).unwrap());
    let names: BTreeSet<&str> = names.collect();
    let found = dirs.iter().map(|dir| dir.file_name().unwrap().to_str().unwrap());
    assert_eq!(found.collect::<BTreeSet<_>>(), names, "{folder} holds the cases of its script");
    dirs.into_iter().map(|dir| Golden::read(dir, "golden")).collect()
}

impl Golden {
    fn read(dir: PathBuf, stem: &str) -> Self {
        let json = std::fs::read_to_string(dir.join(format!("{stem}.json"))).unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        let bytes = std::fs::read(dir.join(format!("{stem}.safetensors"))).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file.tensors().into_iter().map(|(name, tensor)| {
            let (numbers, rest) = tensor.data().as_chunks();
            assert!(rest.is_empty());
            (name, numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
        });
        Self {
            name: dir.file_name().unwrap().to_string_lossy().into_owned(),
            ids: serde_json::from_value(json["input_ids"].clone()).unwrap(),
            segments: serde_json::from_value(json["token_type_ids"].clone()).unwrap(),
            own_error: serde_json::from_value(json["own_error"].clone()).unwrap(),
            tensors: tensors.collect(),
            dir,
        }
    }

    /// Holds what we computed against PyTorch's tensor of this name, and crosses it off.
    fn hold(&mut self, name: &str, got: impl IntoIterator<Item = f32>) {
        let expected = self.tensors.remove(name).unwrap_or_else(|| {
            panic!("{}: PyTorch gives no {name}, we do", self.name);
        });
        let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let tolerance = (4.0 * self.own_error[name]).max(TOLERANCE) * f64::from(largest);
        let got: Vec<f32> = got.into_iter().collect();
        assert_eq!(got.len(), expected.len(), "{}: {name}", self.name);
        for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let error = f64::from((got - expected).abs());
            assert!(
                error <= tolerance,
                "{}: {name}[{i}] is {got}, PyTorch has {expected}; off by {error:e}, \
                 expected at most {tolerance:e}",
                self.name
            );
        }
    }

    fn done(self) {
        let left: Vec<_> = self.tensors.keys().collect();
        assert!(left.is_empty(), "{}: PyTorch also gives {left:?}", self.name);
    }
}

fn hold_trace(golden: &mut Golden, trace: &EncoderTrace) {
    for (n, hidden) in trace.hidden_states.iter().enumerate() {
        golden.hold(&format!("hidden_states.{n}"), hidden.iter().copied());
    }
    for (n, layer) in trace.attentions.iter().enumerate() {
        let name = format!("attentions.{n}");
        if golden.tensors.contains_key(&name) {
            golden.hold(&name, layer.iter().flatten().copied());
        }
    }
    if let Some(pooled) = &trace.pooler_output {
        golden.hold("pooler_output", pooled.iter().copied());
    }
}

fn hold_output(golden: &mut Golden, output: &ModelOutput, trace: &EncoderTrace) {
    match output {
        ModelOutput::TokenLogits(logits) | ModelOutput::SequenceLogits(logits) => {
            golden.hold("logits", logits.iter().copied());
        }
        ModelOutput::TokenScores(scores) => golden.hold("logits", scores.iter().copied()),
        ModelOutput::Spans(spans) => {
            golden.hold("start_logits", spans.start.iter().copied());
            golden.hold("end_logits", spans.end.iter().copied());
        }
        // What is looked at on the way is what is used.
        ModelOutput::Encoded(output) => {
            assert_eq!(Some(&output.last_hidden_state), trace.hidden_states.last());
            assert_eq!(output.pooler_output, trace.pooler_output);
        }
        other => panic!("an output that transformers does not have: {other:?}"),
    }
}

#[test]
fn every_intermediate_is_what_pytorch_computes() {
    for mut golden in goldens() {
        let (ids, sequences) = Ragged::concatenate(&golden.ids);
        let segments = golden.segments.as_deref().map(<[Vec<u32>]>::concat);
        let input = TokenIds { segments: segments.as_deref(), ..TokenIds::new(&ids, &sequences) };
        let model = load(&golden);
        let trace = model.encoder().trace(input, &mut Scratch::new()).unwrap();
        hold_trace(&mut golden, &trace);
        hold_output(&mut golden, &model.forward(input).unwrap(), &trace);
        golden.done();
    }
}

fn load(golden: &Golden) -> Model {
    let loaded = Model::from_dir(&golden.dir, &LoadOptions::default());
    loaded.unwrap_or_else(|error| panic!("{}: {error}", golden.name)).model
}

/// A padded batch of transformers' own, made ragged at the border.
#[test]
fn a_padded_batch_is_what_pytorch_computes_at_its_real_positions() {
    let mut padded = 0;
    for golden in goldens().into_iter().filter(|golden| golden.dir.join("padded.json").exists()) {
        let mut golden = Golden::read(golden.dir, "padded");
        let json = std::fs::read_to_string(golden.dir.join("padded.json")).unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        let mask: Vec<Vec<u8>> = serde_json::from_value(json["attention_mask"].clone()).unwrap();
        let mask = rectangle(&mask);
        let (ids, sequences) =
            Ragged::from_padded(rectangle(&golden.ids).view(), mask.view()).unwrap();
        let segments = golden
            .segments
            .as_deref()
            .map(|rows| Ragged::from_padded(rectangle(rows).view(), mask.view()).unwrap().0);
        let input = TokenIds { segments: segments.as_deref(), ..TokenIds::new(&ids, &sequences) };
        let model = load(&golden);
        let mut trace = model.encoder().trace(input, &mut Scratch::new()).unwrap();
        trace.attentions.clear();
        hold_trace(&mut golden, &trace);
        hold_output(&mut golden, &model.forward(input).unwrap(), &trace);
        golden.done();
        padded += 1;
    }
    assert_eq!(padded, 6);
}

fn rectangle<T: Copy>(rows: &[Vec<T>]) -> Array2<T> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}
