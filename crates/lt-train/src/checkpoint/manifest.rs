//! `state.json`: what a checkpoint says about itself.

use std::collections::BTreeMap;
use std::path::Path;

use lt_core::{Params, weights};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CheckpointError, fingerprint};
use crate::{Position, Recipe};

/// The version of the files of a checkpoint; any other is refused.
const FORMAT: u64 = 1;

/// How far a run has come: what there is to know besides parameters and the optimiser's buffers.
///
/// There is no generator to save: what is random is a function of the recipe's seed and the step.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Progress {
    /// How many steps were taken.
    pub step: u64,
    /// Where the next step begins in the data.
    pub position: Position,
    /// The best evaluation so far.
    pub best: Option<Best>,
    /// How many evaluations there were since.
    pub evaluations_since_best: u64,
}

/// The best evaluation so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Best {
    /// After how many steps.
    pub step: u64,
    /// What was measured: less is better.
    #[serde(with = "exact")]
    pub loss: f64,
}

/// A number as text, which is read back to the same bits; a JSON reader may be off by one.
mod exact {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&number.to_string())
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// What a checkpoint says about itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u64,
    /// Of the recipe as text: equal to the last digit, or another recipe.
    recipe_fingerprint: String,
    recipe: Value,
    /// The shape of each parameter.
    parameters: BTreeMap<String, Vec<usize>>,
    pub(super) progress: Progress,
    pub(super) files: BTreeMap<String, Mark>,
}

/// What tells a file from a damaged one.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    bytes: usize,
    fingerprint: String,
}

impl Mark {
    pub(super) fn of(content: &[u8]) -> Self {
        Self { bytes: content.len(), fingerprint: fingerprint(content) }
    }

    /// What is wrong with this content, if anything.
    pub(super) fn problem(&self, content: &[u8]) -> Option<String> {
        if content.len() != self.bytes {
            return Some(format!("expected {} bytes, got {}", self.bytes, content.len()));
        }
        let got = fingerprint(content);
        (got != self.fingerprint)
            .then(|| format!("expected the fingerprint {}, got {got}", self.fingerprint))
    }
}

impl Manifest {
    pub(super) fn new(
        recipe: &Recipe,
        model: &impl Params,
        progress: Progress,
        files: BTreeMap<String, Mark>,
    ) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(recipe)?;
        Ok(Self {
            format: FORMAT,
            recipe_fingerprint: fingerprint(text.as_bytes()),
            recipe: serde_json::from_str(&text)?,
            parameters: parameters(model),
            progress,
            files,
        })
    }

    /// Reads a manifest, and refuses one of another format.
    pub(super) fn parse(path: &Path, content: &[u8]) -> Result<Self, CheckpointError> {
        let damaged = |error: serde_json::Error| CheckpointError::Damaged {
            path: path.to_owned(),
            problem: error.to_string(),
        };
        let value: Value = serde_json::from_slice(content).map_err(damaged)?;
        match value.get("format").and_then(Value::as_u64) {
            Some(FORMAT) => serde_json::from_value(value).map_err(damaged),
            Some(got) => {
                Err(CheckpointError::Format { path: path.to_owned(), got, expected: FORMAT })
            }
            None => {
                let problem = "it has no number `format`".to_owned();
                Err(CheckpointError::Damaged { path: path.to_owned(), problem })
            }
        }
    }

    /// Refuses a checkpoint of another recipe or another model, and names what differs first.
    pub(super) fn check(
        &self,
        folder: &Path,
        recipe: &Recipe,
        model: &impl Params,
    ) -> Result<(), CheckpointError> {
        let (stored, ours) = (&self.parameters, &parameters(model));
        let shape = |shape: Option<&Vec<usize>>| {
            shape.map_or_else(|| "absent".to_owned(), |shape| format!("{shape:?}"))
        };
        for name in stored.keys().chain(ours.keys()) {
            let (stored, ours) = (stored.get(name), ours.get(name));
            if stored != ours {
                let (stored, ours) = (shape(stored), shape(ours));
                let (folder, name) = (folder.to_owned(), name.clone());
                return Err(CheckpointError::OtherModel { folder, name, stored, ours });
            }
        }
        let unreadable = |error: serde_json::Error| CheckpointError::OtherRecipe {
            folder: folder.to_owned(),
            field: "recipe".to_owned(),
            stored: self.recipe_fingerprint.clone(),
            ours: error.to_string(),
        };
        let text = serde_json::to_string(recipe).map_err(unreadable)?;
        let fingerprint = fingerprint(text.as_bytes());
        if fingerprint == self.recipe_fingerprint {
            return Ok(());
        }
        let ours: Value = serde_json::from_str(&text).map_err(unreadable)?;
        let (field, stored, ours) = differing("", &self.recipe, &ours).unwrap_or_else(|| {
            ("fingerprint".to_owned(), self.recipe_fingerprint.clone(), fingerprint)
        });
        Err(CheckpointError::OtherRecipe { folder: folder.to_owned(), field, stored, ours })
    }
}

fn parameters(model: &impl Params) -> BTreeMap<String, Vec<usize>> {
    weights(model).into_iter().map(|(name, weight)| (name, weight.shape().to_vec())).collect()
}

/// The first place where two documents differ, and what stands there.
fn differing(path: &str, stored: &Value, ours: &Value) -> Option<(String, String, String)> {
    if stored == ours {
        return None;
    }
    let (Value::Object(a), Value::Object(b)) = (stored, ours) else {
        return Some((path.to_owned(), stored.to_string(), ours.to_string()));
    };
    a.keys().chain(b.keys()).find_map(|key| {
        let dot = if path.is_empty() { "" } else { "." };
        let null = &Value::Null;
        let (stored, ours) = (a.get(key).unwrap_or(null), b.get(key).unwrap_or(null));
        differing(&format!("{path}{dot}{key}"), stored, ours)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_read_back_to_the_same_bits() {
        for number in lt_laws::sample::numbers(3).take(1000) {
            let best = Best { step: 1, loss: f64::from(number) / 3.0 };
            let text = serde_json::to_string(&best).unwrap();
            let read: Best = serde_json::from_str(&text).unwrap();
            assert_eq!(read.loss.to_bits(), best.loss.to_bits(), "{text}");
        }
    }
}
