//! A model that is small enough to train in a test: which of three topics are these words of?
//!
//! The vectors of the words are averaged, and two layers judge the average.

#![allow(dead_code, unused_imports, reason = "each test file uses its own part of it")]

mod unsynced;

use std::error::Error;

use lt_kernels::Activation;
use lt_layers::{Dropout, FeedForward, Linear};
use lt_train::loss::CrossEntropy;
use lt_train::lt_core::{Backward, Module, Ragged, Result, Scratch, Train, Weight, params};
use lt_train::{Batches, Objective, Position};
use ndarray::Array2;

pub(crate) use unsynced::{Numbers, Unsynced};

pub(crate) const WORDS: usize = 30;
pub(crate) const TOPICS: u32 = 3;
const WIDTH: usize = 8;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tiny {
    pub(crate) words: Weight,
    pub(crate) judge: FeedForward,
}
params!(Tiny { words, judge });

/// A model that knows nothing yet.
pub(crate) fn untrained() -> Tiny {
    let layer = |inputs, outputs| Linear::zeros(inputs, outputs).unwrap();
    let up = layer(WIDTH, 16);
    let judge = FeedForward::new(up, Activation::Gelu, layer(16, TOPICS as usize)).unwrap();
    lt_laws::sample::filled(Tiny { words: Weight::zeros(&[WORDS, WIDTH]), judge }, 5)
}

/// Some words, and the topic that they are of.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    pub(crate) words: Vec<u32>,
    pub(crate) topic: u32,
}

/// Examples number `first`, `first + 1`, … of the data.
#[derive(Debug, Clone)]
pub(crate) struct Shard {
    pub(crate) first: u64,
    pub(crate) examples: Vec<Example>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Topics {
    pub(crate) dropout: Dropout,
}

impl Topics {
    /// The average vector of each example, `[n, d]`.
    fn averages(model: &Tiny, shard: &Shard) -> Array2<f32> {
        let mut averages = Array2::zeros((shard.examples.len(), WIDTH));
        let table = model.words.matrix();
        for (mut average, example) in averages.rows_mut().into_iter().zip(&shard.examples) {
            for &word in &example.words {
                average.scaled_add(1.0 / example.words.len() as f32, &table.row(word as usize));
            }
        }
        averages
    }

    fn topics(shard: &Shard) -> Vec<u32> {
        shard.examples.iter().map(|example| example.topic).collect()
    }
}

impl Objective for Topics {
    type Model = Tiny;
    type Shard = Shard;

    fn labels(&self, shard: &Shard) -> usize {
        shard.examples.len()
    }

    fn tokens(&self, shard: &Shard) -> usize {
        shard.examples.iter().map(|example| example.words.len()).sum()
    }

    fn gradient(
        &self,
        model: &Tiny,
        shard: &Shard,
        train: &mut Train,
        scale: f32,
        grads: &mut Tiny,
    ) -> Result<f64> {
        let each = Ragged::from_lengths(shard.examples.iter().map(|_| 1));
        *train = std::mem::take(train).with_sequences(shard.first, &each);
        let mut averages = Self::averages(model, shard);
        let dropped = self.dropout.apply(&mut averages, train);
        let (logits, cache) = model.judge.forward_cached(averages.view(), train)?;
        let loss = CrossEntropy::new().sum(logits.view(), &Self::topics(shard))?;
        let sum = loss.sum;
        let d_logits = loss.scaled(scale);
        let mut d_averages = model.judge.backward(
            averages.view(),
            &cache,
            &d_logits,
            &mut grads.judge,
            &mut train.scratch,
        )?;
        dropped.apply(0, d_averages.view_mut());
        for (d, example) in d_averages.rows().into_iter().zip(&shard.examples) {
            let d: Vec<f32> = d.iter().map(|d| d / example.words.len() as f32).collect();
            example.words.iter().for_each(|&word| grads.words.add_row(word as usize, &d));
        }
        Ok(sum)
    }

    fn loss(&self, model: &Tiny, shard: &Shard, scratch: &mut Scratch) -> Result<f64> {
        let logits = model.judge.forward_in(Self::averages(model, shard).view(), scratch)?;
        Ok(CrossEntropy::new().sum(logits.view(), &Self::topics(shard))?.sum)
    }
}

/// Examples without end: the words of a topic are those with its remainder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endless {
    /// How many shards a step has.
    pub(crate) shards: usize,
    /// How many examples the data has before it begins again.
    pub(crate) examples: u64,
}

impl Endless {
    pub(crate) fn example(number: u64) -> Example {
        let draw = |place: u64| lt_kernels::math::scramble(number << 8 | place);
        let topic = (draw(0) % u64::from(TOPICS)) as u32;
        let words = WORDS as u64 / u64::from(TOPICS);
        let word = |place| (draw(place) % words) as u32 * TOPICS + topic;
        Example { words: (1..4 + draw(9) % 3).map(word).collect(), topic }
    }

    pub(crate) fn shard(&self, step: u64, shard: usize) -> Shard {
        // Shards of unequal size: 3, 4, 5, 3, …
        let size = 3 + shard as u64 % 3;
        let first = (step * 5 * self.shards as u64 + 5 * shard as u64) % self.examples;
        Shard { first, examples: (first..first + size).map(Self::example).collect() }
    }
}

impl Batches for Endless {
    type Shard = Shard;

    fn shards(&self, step: u64) -> Result<Vec<Shard>, Box<dyn Error + Send + Sync>> {
        Ok((0..self.shards).map(|shard| self.shard(step, shard)).collect())
    }

    fn position(&self, step: u64) -> Position {
        let done = step * 5 * self.shards as u64;
        Position { epoch: done / self.examples, offset: done % self.examples }
    }
}

/// The same examples in each step: to be learned by heart.
pub(crate) struct Same(pub(crate) Vec<Shard>);

impl Batches for Same {
    type Shard = Shard;

    fn shards(&self, _: u64) -> Result<Vec<Shard>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.clone())
    }
}
