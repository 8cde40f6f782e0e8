//! A model's directory, then a forward pass.

use std::fs;
use std::path::Path;

use lt_config::{CrossEncoder, ModelConfig};
use lt_core::{Module, Ragged, Scratch, weights};
use lt_model::{
    Decoder, LoadOptions, MaskedLm, Model, ModelError, ModelOutput, QuestionAnswering, Reading,
    SequenceClassifier, TextEncoder, TokenClassifier, TokenIds, Top,
};

use crate::files::{Files, parts};

const WEIGHTS: &str = "model.safetensors";
const NAMES: &[&str] = &["config.json", WEIGHTS];

thread_local! {
    static FILES: Files = Files::new(NAMES);
}

/// The part of an input that is no file: what is done with the model.
///
/// The first byte says which head the checkpoint has, the second which numbers, the third how many
/// bytes of its header are changed; three bytes for each of them follow (the place, and the new
/// byte), and then the ids.
struct Settings<'a> {
    head: u8,
    numbers: u8,
    changes: &'a [[u8; 3]],
    ids: &'a [u8],
}

impl<'a> Settings<'a> {
    fn of(input: &'a [u8]) -> Self {
        let bytes = parts(input).into_iter().find(|(name, _)| *name == b"settings");
        let bytes = bytes.map_or(&[][..], |(_, bytes)| bytes);
        let (&head, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        let (&numbers, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        let (&count, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        let count = usize::from(count % 8).min(bytes.len() / 3);
        let (changes, ids) = bytes.split_at(3 * count);
        Self { head, numbers, changes: changes.as_chunks().0, ids }
    }

    /// Ids, of which the last one is none that a model has; another sequence begins at the byte
    /// before it.
    fn batch(&self) -> (Vec<u32>, Ragged) {
        let sequences: Vec<Vec<u32>> = self
            .ids
            .split(|&byte| byte == u8::MAX - 1)
            .map(|ids| ids.iter().take(40).map(|&id| of_byte(id)).collect())
            .collect();
        Ragged::concatenate(&sequences[..sequences.len().min(4)])
    }
}

fn of_byte(id: u8) -> u32 {
    if id == u8::MAX { u32::MAX } else { id.into() }
}

pub(crate) fn read(bytes: &[u8]) -> bool {
    let settings = Settings::of(bytes);
    FILES.with(|files| {
        files.write(bytes);
        let dir = files.dir();
        if !dir.join(WEIGHTS).exists() {
            // A configuration that no checkpoint of a few bytes can fit is tried with none.
            if let Ok(model) = fitting(dir, settings.head) {
                write_weights(dir, &model, &settings);
            }
        }
        let reading = if settings.head >= 128 { Reading::Copy } else { Reading::Map };
        let options = LoadOptions::default().reading(reading);
        let passed = match Model::from_dir(dir, &options) {
            Ok(loaded) => {
                let _ = loaded.report.to_string();
                pass(&loaded.model, &settings)
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                false
            }
        };
        let _ = CrossEncoder::from_dir(dir);
        let _ = TextEncoder::from_dir(dir, &options);
        let _ = MaskedLm::from_dir(dir, &options);
        let _ = SequenceClassifier::from_dir(dir, &options);
        let _ = TokenClassifier::from_dir(dir, &options);
        let _ = QuestionAnswering::from_dir(dir, &options);
        passed
    })
}

/// The output has the shape it should have, and the bits of the steps on the way to it. Tells
/// whether there was one.
fn pass(model: &Model, settings: &Settings<'_>) -> bool {
    let mut passed = false;
    let (ids, sequences) = settings.batch();
    let segments: Vec<u32> = ids.iter().map(|id| id % 3).collect();
    let mut scratch = Scratch::new();
    let plain = TokenIds::new(&ids, &sequences);
    for input in [plain, model.encoder().token_ids(&ids, &segments, &sequences)] {
        let Ok(output) = model.forward_in(input, &mut scratch) else { continue };
        let tokens = ids.len();
        match output {
            ModelOutput::Encoded(output) => {
                assert_eq!(output.last_hidden_state.dim(), (tokens, model.encoder().width()));
            }
            ModelOutput::TokenLogits(logits) => assert_eq!(logits.nrows(), tokens),
            ModelOutput::SequenceLogits(logits) => assert_eq!(logits.nrows(), sequences.len()),
            ModelOutput::Spans(spans) => assert_eq!(spans.start.len(), tokens),
            other => panic!("another output: {other:?}"),
        }
        let trace = model.encoder().trace(input, &mut scratch).expect("what the model can do");
        let hidden = model.encoder().hidden(input, &mut scratch).expect("what the model can do");
        let last = trace.hidden_states.last().expect("the last layer");
        let bits = |x: &f32| x.to_bits();
        assert!(last.iter().map(bits).eq(hidden.iter().map(bits)));
        passed = true;
    }
    passed
}

/// A model of zeros, as the configuration in the directory has it.
fn fitting(dir: &Path, head: u8) -> Result<Model, ModelError> {
    zeros(&ModelConfig::from_dir(dir)?, head)
}

/// Writes a checkpoint of this model, if it is small, with the changes that the input asks for.
fn write_weights(dir: &Path, model: &Model, settings: &Settings<'_>) {
    const MOST_NUMBERS: usize = 20_000;
    let numbers = weights(model).iter().fold(0_usize, |n, (_, it)| n.saturating_add(it.len()));
    let path = dir.join(WEIGHTS);
    if numbers > MOST_NUMBERS || model.save(&path).is_err() {
        return;
    }
    let mut bytes = fs::read(&path).expect("what was just saved");
    let (length, rest) = bytes.split_first_chunk_mut::<8>().expect("the length of the header");
    let header = usize::try_from(u64::from_le_bytes(*length)).expect("a short header");
    let (header, data) = rest.split_at_mut(header);
    for &[high, low, byte] in settings.changes {
        let place = usize::from(high) << 8 | usize::from(low);
        let length = header.len();
        header[place % length] = byte;
    }
    let (numbers, _) = data.as_chunks_mut();
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = value(settings.numbers, at).to_le_bytes();
    }
    fs::write(&path, bytes).expect("a file that can be written");
}

/// Small numbers, or such as no training gives.
fn value(kind: u8, at: usize) -> f32 {
    const ODD: [f32; 8] = [0.5, -1.0, 1e-40, 0.0, f32::MAX, 1e20, f32::INFINITY, f32::NAN];
    let small = (at * 37 % 101) as f32 / 101.0 - 0.5;
    match usize::from(kind) {
        0 => small,
        kind if at.is_multiple_of(kind) => ODD[at / kind % (1 + kind % ODD.len())],
        _ => small,
    }
}

fn zeros(config: &ModelConfig, head: u8) -> Result<Model, ModelError> {
    Ok(match head % 7 {
        0 => Model::Encoder(TextEncoder::zeros(config, Top::Nothing)?),
        1 => Model::Encoder(TextEncoder::zeros(config, Top::Pooler)?),
        2 => Model::MaskedLm(MaskedLm::zeros(config, Decoder::Tied)?),
        3 => Model::MaskedLm(MaskedLm::zeros(config, Decoder::Own)?),
        4 => Model::SequenceClassifier(SequenceClassifier::zeros(config)?),
        5 => Model::TokenClassifier(TokenClassifier::zeros(config)?),
        _ => Model::QuestionAnswering(QuestionAnswering::zeros(config)?),
    })
}
