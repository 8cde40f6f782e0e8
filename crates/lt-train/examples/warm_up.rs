//! `cargo run --release -p lt-train --example warm_up [STEPS [RATE [LAYERS]]]`: does a deep stack
//! with its norms behind the sublayers (post-LN) need a warm-up (预热), and one with its norms before
//! them (pre-LN) none?
//!
//! The task: sixteen random digits, to be said backwards. Every token has to look at one other.

#![allow(missing_docs)]

use lt_attention::{AttentionConfig, HiddenStates, MultiHeadAttention};
use lt_embedding::Embedding;
use lt_encoder::{Encoder, EncoderLayer, NormPlacement, Norms};
use lt_layers::{Activation, FeedForward, LayerNorm, Linear};
use lt_train::data::Draw;
use lt_train::loss::CrossEntropy;
use lt_train::lt_core::{
    Backward, Module, Params, Path, Ragged, Result, Scratch, Threads, Train, Weight, params,
};
use lt_train::{Moment, Moments, Objective, Optimizer, Rule, Schedule, Stepper, TrainError};
use ndarray::Array2;

const DIGITS: usize = 10;
const LENGTH: usize = 16;
const WIDTH: usize = 64;
/// Texts of a shard, and shards of a step.
const TEXTS: usize = 16;
const SHARDS: usize = 4;

/// One run of the comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) placement: NormPlacement,
    pub(crate) warmup: u64,
    pub(crate) steps: u64,
    pub(crate) rate: f64,
    pub(crate) layers: usize,
}

/// An encoder between a table of digits and places, and scores of digits.
#[derive(Debug, Clone)]
pub(crate) struct Reverser {
    digit: Embedding,
    place: Embedding,
    encoder: Encoder,
    head: Linear,
}

params!(Reverser { digit, place, encoder, head });

impl Reverser {
    /// Drawn as the Transformer paper's code draws: matrices as wide as their sides ask for
    /// ([Glorot & Bengio 2010](https://proceedings.mlr.press/v9/glorot10a.html), equation 16).
    pub(crate) fn new(setup: Setup) -> Result<Self> {
        let layer = || {
            let up = Linear::zeros(WIDTH, 4 * WIDTH)?;
            let down = Linear::zeros(4 * WIDTH, WIDTH)?;
            let attention = Some(LayerNorm::zeros(WIDTH, 1e-5)?);
            let feed_forward = LayerNorm::zeros(WIDTH, 1e-5)?;
            let norms = Norms { attention, feed_forward, placement: setup.placement };
            let attention = MultiHeadAttention::zeros(WIDTH, AttentionConfig::new(4))?;
            EncoderLayer::new(attention, FeedForward::new(up, Activation::Relu, down)?, norms)
        };
        let layers = (0..setup.layers).map(|_| layer()).collect::<Result<_>>()?;
        let last = match setup.placement {
            NormPlacement::Pre => Some(LayerNorm::zeros(WIDTH, 1e-5)?),
            NormPlacement::Post => None,
        };
        let mut model = Self {
            digit: Embedding::new(Weight::zeros(&[DIGITS, WIDTH]))?,
            place: Embedding::new(Weight::zeros(&[LENGTH, WIDTH]))?,
            encoder: Encoder::new(layers, last),
            head: Linear::zeros(WIDTH, DIGITS)?,
        };
        let mut number = 0;
        model.visit_mut(&mut Path::new(), &mut |name, weight| {
            let sides = weight.shape().to_vec();
            if name.ends_with("gain") {
                weight.make_mut().fill(1.0);
            } else if let [out, inner] = sides[..] {
                let table = name == "digit.weight" || name == "place.weight";
                let widest = if table { 3.0_f64 } else { 6.0 / (out + inner) as f64 }.sqrt();
                for value in weight.make_mut() {
                    number += 1;
                    let unit = Draw::of(1).then(number).unit();
                    *value = (widest * (2.0 * unit - 1.0)) as f32;
                }
            }
        });
        Ok(model)
    }

    /// Digits and places, added up: rows `[tokens, d]`.
    fn rows(&self, ids: &[u32]) -> Result<Array2<f32>> {
        Ok(self.digit.forward(ids)? + self.place.forward(places(ids).as_slice())?)
    }
}

fn places(ids: &[u32]) -> Vec<u32> {
    (0..LENGTH as u32).cycle().take(ids.len()).collect()
}

/// For each place of the texts of a shard the digit that belongs there.
fn labels(ids: &[u32]) -> Vec<u32> {
    ids.chunks(LENGTH).flat_map(|text| text.iter().rev().copied()).collect()
}

/// To say digits backwards.
#[derive(Debug)]
pub(crate) struct Backwards;

impl Objective for Backwards {
    type Model = Reverser;
    type Shard = Vec<u32>;

    fn labels(&self, shard: &Vec<u32>) -> usize {
        shard.len()
    }

    fn gradient(
        &self,
        model: &Reverser,
        ids: &Vec<u32>,
        train: &mut Train,
        scale: f32,
        grads: &mut Reverser,
    ) -> Result<f64> {
        let texts = Ragged::from_lengths(vec![LENGTH; ids.len() / LENGTH]);
        let x = model.rows(ids)?;
        let input = HiddenStates::new(x.view(), &texts);
        let (hidden, cache) = model.encoder.forward_cached(input, train)?;
        let logits = model.head.forward(hidden.view())?; // [tokens, digits]
        let loss = CrossEntropy::new().sum(logits.view(), &labels(ids))?;
        let sum = loss.sum;
        let (d_logits, scratch) = (loss.scaled(scale), &mut train.scratch);
        let d_hidden =
            model.head.backward(hidden.view(), &(), &d_logits, &mut grads.head, scratch)?;
        let d = model.encoder.backward(input, &cache, &d_hidden, &mut grads.encoder, scratch)?;
        model.digit.backward(ids.as_slice(), &(), &d.hidden, &mut grads.digit, scratch)?;
        let places = places(ids);
        model.place.backward(places.as_slice(), &(), &d.hidden, &mut grads.place, scratch)?;
        Ok(sum)
    }

    fn loss(&self, model: &Reverser, ids: &Vec<u32>, scratch: &mut Scratch) -> Result<f64> {
        let texts = Ragged::from_lengths(vec![LENGTH; ids.len() / LENGTH]);
        let x = model.rows(ids)?;
        let hidden = model.encoder.forward_in(HiddenStates::new(x.view(), &texts), scratch)?;
        let logits = model.head.forward(hidden.view())?;
        Ok(CrossEntropy::new().sum(logits.view(), &labels(ids))?.sum)
    }
}

/// The mean loss of the last tenth of the steps: ln 10 = 2.303 is that of who has learned nothing.
pub(crate) fn last_loss(setup: Setup, threads: &Threads) -> Result<f64, TrainError> {
    let mut model = Reverser::new(setup)?;
    let rule = Rule::AdamW(Moments { weight_decay: 0.0, ..Moments::default() });
    let mut optimizer = Optimizer::new(rule, &model, &[])?;
    let stepper = Stepper::new(threads.clone());
    let schedule = Schedule::Constant { warmup: setup.warmup };
    let tail = (setup.steps / 10).max(1);
    let mut sum = 0.0;
    for step in 0..setup.steps {
        let digits = Draw::of(2).then(step);
        let digit = |number: usize| digits.then(number as u64).below(DIGITS as u64) as u32;
        let all: Vec<u32> = (0..SHARDS * TEXTS * LENGTH).map(digit).collect();
        let shards: Vec<Vec<u32>> = all.chunks(TEXTS * LENGTH).map(<[u32]>::to_vec).collect();
        let found = stepper.gather(&Backwards, &model, &shards, Moment { seed: 1, step })?;
        let rate = setup.rate * schedule.factor(step);
        optimizer.step(&mut model, &found.gradient, rate, 1.0, threads)?;
        if step >= setup.steps - tail {
            sum += found.loss;
        }
    }
    Ok(sum / tail as f64)
}

#[allow(dead_code)] // the test of this lesson has no use for it
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |place: usize, default: f64| {
        std::env::args().nth(place).map_or(Ok(default), |number| number.parse())
    };
    let (steps, rate, layers) = (number(1, 600.0)?, number(2, 1e-3)?, number(3, 12.0)?);
    let threads = lt_kernels::pool(std::thread::available_parallelism()?.get())?;
    println!("| norms | warm-up | loss after {steps} steps at {rate}, {layers} layers |");
    println!("|---|---:|---:|");
    for placement in [NormPlacement::Post, NormPlacement::Pre] {
        for warmup in [0, steps as u64 / 3] {
            let (steps, layers) = (steps as u64, layers as usize);
            let loss = last_loss(Setup { placement, warmup, steps, rate, layers }, &threads)?;
            println!("| {placement:?} | {warmup} | {loss:.3} |");
        }
    }
    Ok(())
}
