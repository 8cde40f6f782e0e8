//! What a head tells apart: its labels, in the order of its scores.

use crate::ConfigError;
use crate::fields::Fields;

/// More labels than any head has.
const MAX_LABELS: usize = 1 << 20;

/// The labels (标签) of a head, in the order of its scores.
///
/// ```
/// use lt_config::ModelConfig;
/// let json = r#"{"model_type": "bert", "id2label": {"1": "good", "0": "bad"}}"#;
/// assert_eq!(ModelConfig::from_json(json)?.labels().names(), ["bad", "good"]);
///
/// // Two without a name, where the file says nothing: as transformers has it.
/// let silent = ModelConfig::from_json(r#"{"model_type": "bert"}"#)?;
/// assert_eq!(silent.labels().names(), ["LABEL_0", "LABEL_1"]);
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// PyTorch: `id2label` and `num_labels` of transformers' `PretrainedConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
    problem: Option<Problem>,
}

/// What the scores of a head mean.
///
/// PyTorch: `problem_type` of transformers' `PretrainedConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// One label is right: softmax of all scores.
    SingleLabel,
    /// Any number of labels is right: a sigmoid of each score.
    MultiLabel,
    /// Scores are numbers that were learned as such.
    Regression,
}

impl Labels {
    /// These labels, in the order of the scores.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self { names, problem: None }
    }

    /// So many without a name: `LABEL_0`, `LABEL_1`, …
    #[must_use]
    pub fn unnamed(count: usize) -> Self {
        Self::new((0..count).map(|id| format!("LABEL_{id}")).collect())
    }

    /// With what the scores mean.
    #[must_use]
    pub fn problem_of(self, problem: Problem) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there are none: an encoder that was never meant to tell anything apart may say so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// What the scores mean. Where the configuration does not say, one score is a regression and
    /// several are single labels, as transformers has it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.problem.unwrap_or(match self.names.len() {
            1 => Problem::Regression,
            _ => Problem::SingleLabel,
        })
    }

    /// What the configuration itself says that the scores mean, if it does.
    #[must_use]
    pub fn stated_problem(&self) -> Option<Problem> {
        self.problem
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        let labels = match fields.get("id2label") {
            Some(map) => Self::new(names_by_id(map, fields)?),
            None => match fields.size("num_labels", 2)? {
                count @ 0..=MAX_LABELS => Self::unnamed(count),
                _ => return Err(fields.invalid("num_labels", format!("at most {MAX_LABELS}"))),
            },
        };
        let problem = match fields.text("problem_type")? {
            None => None,
            Some("single_label_classification") => Some(Problem::SingleLabel),
            Some("multi_label_classification") => Some(Problem::MultiLabel),
            Some("regression") => Some(Problem::Regression),
            Some(_) => {
                let expected = "single_label_classification, multi_label_classification or \
                                regression";
                return Err(fields.invalid("problem_type", expected));
            }
        };
        Ok(Self { problem, ..labels })
    }
}

impl Default for Labels {
    /// Two without a name.
    fn default() -> Self {
        Self::unnamed(2)
    }
}

/// The labels of an object whose keys are their ids, each of them once.
fn names_by_id(map: &serde_json::Value, fields: &Fields) -> Result<Vec<String>, ConfigError> {
    let wrong = || fields.invalid("id2label", "an object {\"0\": \"first label\", …}");
    let gap = || fields.invalid("id2label", "the ids 0, 1, 2, … as keys, each once, none left out");
    let map = map.as_object().ok_or_else(wrong)?;
    let mut names: Vec<Option<String>> = vec![None; map.len()];
    for (id, name) in map {
        // Some files have numbers for names.
        let name = match name {
            serde_json::Value::String(name) => name.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(wrong()),
        };
        let place = id.parse().ok().and_then(|id: usize| names.get_mut(id)).ok_or_else(gap)?;
        if place.replace(name).is_some() {
            return Err(gap());
        }
    }
    names.into_iter().collect::<Option<_>>().ok_or_else(gap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelConfig;

    fn labels(more: &str) -> Result<Labels, String> {
        let json = format!("{{\"model_type\": \"bert\", {more}}}");
        let config = ModelConfig::from_json(&json).map_err(|error| error.to_string())?;
        Ok(config.labels().clone())
    }

    #[test]
    fn labels_stand_in_the_order_of_their_ids() {
        let ids: Vec<String> = (0..12).map(|id| format!("\"{id}\": \"L{id}\"")).collect();
        let labels = labels(&format!("\"id2label\": {{{}}}", ids.join(","))).unwrap();
        assert_eq!(labels.names()[10], "L10"); // "10" sorts before "2" as a text
        assert_eq!(labels.len(), 12);
    }

    #[test]
    fn ids_that_leave_a_gap_or_are_no_numbers_are_refused() {
        for bad in [
            r#"{"0": "a", "2": "b"}"#,
            r#"{"1": "a", "2": "b"}"#,
            r#"{"0": "a", "00": "b"}"#,
            r#"{"-1": "a"}"#,
            r#"{"a": "b"}"#,
            r#"{"99999999999999999999": "b"}"#,
            "[\"a\"]",
            r#"{"0": ["a"]}"#,
        ] {
            let error = labels(&format!("\"id2label\": {bad}")).unwrap_err();
            assert!(error.contains("id2label is "), "{bad}: {error}");
        }
    }

    #[test]
    fn a_number_of_labels_makes_as_many() {
        assert_eq!(labels("\"num_labels\": 3").unwrap().names().last().unwrap(), "LABEL_2");
        assert!(labels("\"num_labels\": 0").unwrap().is_empty());
        assert!(labels("\"num_labels\": 1e18").is_err());
    }

    #[test]
    fn what_scores_mean_follows_from_their_number_where_nothing_is_said() {
        let silent = labels("\"num_labels\": 1").unwrap();
        assert_eq!((silent.problem(), silent.stated_problem()), (Problem::Regression, None));
        assert_eq!(labels("\"num_labels\": 2").unwrap().problem(), Problem::SingleLabel);
        let said = labels("\"problem_type\": \"multi_label_classification\"").unwrap();
        assert_eq!(said.problem(), Problem::MultiLabel);
        assert!(labels("\"problem_type\": \"ranking\"").unwrap_err().contains("regression"));
    }
}
