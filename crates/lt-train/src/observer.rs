//! What is told of a run while it goes on.

use std::io::{self, Write};

use serde::Serialize;

/// What is told of one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StepMetrics {
    /// The step, from 0.
    pub step: u64,
    /// The mean loss of a label, before the step.
    pub loss: f64,
    /// The learning rate.
    pub learning_rate: f64,
    /// The norm of the gradient, before it is clipped.
    pub gradient_norm: f64,
    /// How many labels there were.
    pub labels: usize,
    /// How many tokens there were.
    pub tokens: usize,
    /// How long the step took, its data included.
    pub seconds: f64,
}

/// What is told of one evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EvaluationMetrics {
    /// How many steps were taken before.
    pub step: u64,
    /// What was measured: less is better.
    pub evaluation: f64,
    /// Whether it is the best so far.
    pub best: bool,
    /// How long it took.
    pub seconds: f64,
}

/// Who is told of a run while it goes on.
pub trait Observer {
    /// A step was taken.
    ///
    /// # Errors
    /// If it cannot be written down; the run stops then.
    fn step(&mut self, metrics: &StepMetrics) -> io::Result<()>;

    /// The model was evaluated.
    ///
    /// # Errors
    /// If it cannot be written down; the run stops then.
    fn evaluated(&mut self, metrics: &EvaluationMetrics) -> io::Result<()> {
        let _ = metrics;
        Ok(())
    }
}

/// Writes each step and each evaluation as one line of JSON.
///
/// A run that was taken up again tells the steps since its last checkpoint a second time.
#[derive(Debug)]
pub struct JsonLines<W>(pub W);

impl<W: Write> JsonLines<W> {
    fn line(&mut self, metrics: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(metrics)?;
        line.push(b'\n');
        // In one piece: others may write to the same file.
        self.0.write_all(&line)?;
        self.0.flush()
    }
}

impl<W: Write> Observer for JsonLines<W> {
    fn step(&mut self, metrics: &StepMetrics) -> io::Result<()> {
        self.line(metrics)
    }

    fn evaluated(&mut self, metrics: &EvaluationMetrics) -> io::Result<()> {
        self.line(metrics)
    }
}
