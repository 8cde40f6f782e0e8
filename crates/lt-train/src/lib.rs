#![doc = concat!(
    include_str!("../doc/01-train.md"),
    include_str!("../doc/cross-entropy.mathml"),
    include_str!("../doc/02-adamw.md"),
    include_str!("../doc/adamw.mathml"),
    include_str!("../doc/03-clip.md"),
    include_str!("../doc/clip.mathml"),
    include_str!("../doc/03b-schedule.md"),
    include_str!("../doc/loss.svg"),
    include_str!("../doc/03c-loss.md"),
    include_str!("../doc/03d-sentence.md"),
    include_str!("../doc/04-code.md"),
)]

mod batches;
pub mod checkpoint;
mod crf;
pub mod data;
mod error;
pub mod gradient;
mod lora;
pub mod loss;
pub mod objective;
mod observer;
mod optimizer;
pub mod pattern;
pub mod process;
mod recipe;
mod schedule;
mod step;
mod trainer;
mod tree;

pub use batches::{Batches, Position};
pub use crf::Crf;
pub use error::{Result, TrainError};
pub use lora::{Adapted, LoraSettings, WithAdapters};
pub use lt_core;
pub use objective::Objective;
pub use observer::{EvaluationMetrics, JsonLines, Observer, StepMetrics};
pub use optimizer::{Buffers, Moments, Optimizer, Rule, Sgd, State, clip};
pub use recipe::Recipe;
pub use schedule::Schedule;
pub use step::{Gathered, Moment, Stepper};
pub use trainer::{End, Evaluation, Keeping, Outcome, Trainer};
pub use tree::GradientTree;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
