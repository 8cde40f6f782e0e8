//! Why a training run stopped.

use std::error::Error;

use crate::checkpoint::CheckpointError;

/// The result of everything that trains.
pub type Result<T, E = TrainError> = std::result::Result<T, E>;

/// Why a training run stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting that cannot be.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What came.
        got: String,
        /// What can be.
        expected: String,
    },
    /// What a layer or a loss refused.
    #[error(transparent)]
    Layer(#[from] lt_core::Error),
    /// A step that has nothing to learn from.
    #[error("step {step} has no label, expected at least one: are all its texts empty or masked?")]
    NoLabels {
        /// The step, from 0.
        step: u64,
    },
    /// A loss or a gradient that is no number any more.
    #[error("step {step}: the {quantity} is {got}{}: {cause}", first_parameter(parameter))]
    NotFinite {
        /// The step, from 0.
        step: u64,
        /// The loss, or the norm of the gradient.
        quantity: &'static str,
        /// NaN or ∞.
        got: f64,
        /// The first parameter, in the order of the visit, that is not finite or whose gradient
        /// is not.
        parameter: Option<String>,
        /// What it most likely comes from, and what to do.
        cause: &'static str,
    },
    /// A gradient beyond the bound that the recipe sets.
    #[error(
        "step {step}: the norm of the gradient is {got}, expected at most {bound}; the largest \
         part is that of `{parameter}`: lower the learning rate, lengthen the warm-up, or clip"
    )]
    Exploded {
        /// The step, from 0.
        step: u64,
        /// The norm.
        got: f64,
        /// The most that the recipe allows.
        bound: f64,
        /// The parameter with the largest part in it.
        parameter: String,
    },
    /// A gradient that is of another model than the parameters.
    #[error("parameter `{name}` is {expected:?}, but its gradient is {got:?}")]
    OtherModel {
        /// The parameter.
        name: String,
        /// Its shape.
        expected: Vec<usize>,
        /// What came.
        got: Vec<usize>,
    },
    /// The data could not be had.
    #[error("the data of step {step} could not be had")]
    Data {
        /// The step, from 0.
        step: u64,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The evaluation failed.
    #[error("the model could not be evaluated after step {step}")]
    Evaluation {
        /// The number of steps taken.
        step: u64,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The log of the run could not be written.
    #[error("the metrics of step {step} could not be written")]
    Metrics {
        /// The step, from 0.
        step: u64,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A worker process that is lost, or that refused its shard.
    #[error(
        "step {step}: the worker {worker} failed: {source}; start it again and take the run up"
    )]
    Worker {
        /// Its process.
        worker: String,
        /// The step, from 0.
        step: u64,
        /// What the connection, or the worker, said.
        source: std::io::Error,
    },
    /// A checkpoint could not be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

fn first_parameter(name: &Option<String>) -> String {
    name.as_ref().map_or_else(String::new, |name| format!(", first in `{name}`"))
}

impl TrainError {
    /// A setting that cannot be.
    pub(crate) fn setting(setting: &'static str, got: impl ToString, expected: &str) -> Self {
        Self::Setting { setting, got: got.to_string(), expected: expected.into() }
    }
}
