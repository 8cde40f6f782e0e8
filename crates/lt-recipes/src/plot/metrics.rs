//! What a run has told of itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{RecipeError, Result};

/// A number at a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The step.
    pub step: u64,
    /// The number.
    pub value: f64,
}

/// The metrics of a run. Of a step that is told of twice, as after a run was taken up again, the
/// last line counts.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// What the run is called.
    pub name: String,
    /// The loss of each step.
    pub loss: Vec<Point>,
    /// The loss of each evaluation.
    pub evaluation: Vec<Point>,
    /// The learning rate of each step.
    pub learning_rate: Vec<Point>,
    /// The norm of the gradient of each step.
    pub gradient_norm: Vec<Point>,
}

impl Metrics {
    /// Reads a `metrics.jsonl`; the run is called as its folder is.
    ///
    /// # Errors
    /// [`RecipeError::Read`]; [`RecipeError::Metrics`] with the line that is none.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let unreadable = |source| RecipeError::Read { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let shown = path.display().to_string();
        let metrics = Self::parse(&shown, &text)?;
        let folder = path.parent().and_then(Path::file_name);
        let is_usual = path.file_name().is_some_and(|name| name == "metrics.jsonl");
        let name = match (is_usual, folder, path.file_stem()) {
            (true, Some(folder), _) => folder.to_string_lossy().into_owned(),
            (_, _, Some(stem)) => stem.to_string_lossy().into_owned(),
            _ => shown,
        };
        Ok(Self { name, ..metrics })
    }

    /// Reads lines of JSON.
    ///
    /// # Errors
    /// [`RecipeError::Metrics`] with the line that is none, and if there is nothing to draw.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let keys = ["loss", "evaluation", "learning_rate", "gradient_norm"];
        let mut series: [BTreeMap<u64, f64>; 4] = Default::default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let refuse = |problem: String| RecipeError::Metrics {
                place: format!("{name}, line {}", number + 1),
                problem,
            };
            let metrics: Value = serde_json::from_str(line).map_err(|error| {
                refuse(format!("not JSON ({error}), expected a line of metrics.jsonl"))
            })?;
            let Some(step) = metrics.get("step").and_then(Value::as_u64) else {
                return Err(refuse("no step, expected {\"step\": …, \"loss\": …}".to_owned()));
            };
            for (key, series) in keys.iter().zip(&mut series) {
                match metrics.get(*key) {
                    None | Some(Value::Null) => {}
                    Some(value) => {
                        let value = value.as_f64().ok_or_else(|| {
                            refuse(format!("{key} is {value}, expected a number"))
                        })?;
                        series.insert(step, value);
                    }
                }
            }
        }
        if series.iter().all(BTreeMap::is_empty) {
            let problem = "nothing to draw, expected at least one step".to_owned();
            return Err(RecipeError::Metrics { place: name.to_owned(), problem });
        }
        let [loss, evaluation, learning_rate, gradient_norm] = series
            .map(|series| series.into_iter().map(|(step, value)| Point { step, value }).collect());
        Ok(Self { name: name.to_owned(), loss, evaluation, learning_rate, gradient_norm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_step_that_is_told_twice_the_last_line_counts() {
        let text = "{\"step\":0,\"loss\":3.0}\n{\"step\":1,\"loss\":2.0}\n\n\
                    {\"step\":1,\"loss\":2.5}\n{\"step\":2,\"evaluation\":1.0,\"best\":true}\n";
        let metrics = Metrics::parse("run", text).unwrap();
        let point = |step, value| Point { step, value };
        assert_eq!(metrics.loss, [point(0, 3.0), point(1, 2.5)]);
        assert_eq!(metrics.evaluation, [point(2, 1.0)]);
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (text, expected) in [
            ("{\"step\":0,\"loss\":1.0}\nnonsense", "run, line 2: not JSON"),
            ("{\"loss\":1.0}", "run, line 1: no step"),
            ("{\"step\":0,\"loss\":\"low\"}", "loss is \"low\", expected a number"),
            ("", "run: nothing to draw"),
            ("{\"step\":3}", "run: nothing to draw"),
        ] {
            let error = Metrics::parse("run", text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
