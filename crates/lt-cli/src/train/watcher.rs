//! How a run goes, on the standard error stream.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lt_recipes::{Beginning, Watcher};
use lt_train::{EvaluationMetrics, Observer, StepMetrics};

use crate::columns::printable_lines;
use crate::failure::complain;

/// A bar with loss, tokens per second and the time that is left, and lines for what happens seldom,
/// if the stream is a terminal: for programs there are the metrics. Rows that are passed over are
/// told of to all.
pub(crate) struct Bar {
    bar: ProgressBar,
    tokens: usize,
    seconds: f64,
}

impl Default for Bar {
    fn default() -> Self {
        Self { bar: ProgressBar::hidden(), tokens: 0, seconds: 0.0 }
    }
}

impl Bar {
    fn say(&self, line: &str) {
        if io::stderr().is_terminal() {
            self.bar.suspend(|| complain(printable_lines(line)));
        }
    }
}

impl Watcher for Bar {
    fn begins(&mut self, beginning: &Beginning) -> io::Result<()> {
        let Beginning { steps, taken, parameters, examples, .. } = *beginning;
        if beginning.skipped > 0 {
            let first = beginning.first_skipped.first().map_or("", String::as_str);
            let line = format!("{} rows are passed over; the first: {first}", beginning.skipped);
            complain(printable_lines(&line));
        }
        let on = if taken > 0 { format!(", going on behind {taken}") } else { String::new() };
        self.say(&format!("{examples} examples, {parameters} parameters, {steps} steps{on}"));
        let target = ProgressDrawTarget::stderr(); // Draws nothing if it is no terminal.
        self.bar = ProgressBar::with_draw_target(Some(steps), target);
        let template = "{bar:24} {human_pos}/{human_len} {msg}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_position(taken);
        self.bar.reset_eta();
        Ok(())
    }
}

impl Observer for Bar {
    fn step(&mut self, metrics: &StepMetrics) -> io::Result<()> {
        self.tokens += metrics.tokens;
        self.seconds += metrics.seconds;
        let speed = self.tokens as f64 / self.seconds.max(1e-9);
        self.bar.set_message(format!("loss {:.4}, {speed:.0} tokens/s", metrics.loss));
        self.bar.set_position(metrics.step + 1);
        Ok(())
    }

    fn evaluated(&mut self, metrics: &EvaluationMetrics) -> io::Result<()> {
        let best = if metrics.best { ", the best so far" } else { "" };
        self.say(&format!("step {}: evaluation {:.4}{best}", metrics.step, metrics.evaluation));
        Ok(())
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
