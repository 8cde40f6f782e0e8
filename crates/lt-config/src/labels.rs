//! What the classes of a classifier are called, and what kind of question it answers.

use serde_json::{Map, Value};

use crate::fields::{Fields, excerpt};
use crate::limits::Checks;
use crate::{ConfigError, Origin};

/// So many names are made up at most. A file that holds its names has no other bound than its size.
const MAX_MADE_UP: usize = 1 << 16;

/// The labels (标签) of a head that classifies sequences or tokens, and the kind of its question.
///
/// The [`Default`] is what transformers takes if a file says nothing:
///
/// ```
/// use lt_config::Labels;
/// use lt_config::{ModelConfig, Problem};
/// assert_eq!(Labels::default().names(), ["LABEL_0", "LABEL_1"]);
/// assert_eq!(Labels::numbered(3).problem(), Problem::SingleLabel);
///
/// let json = r#"{"model_type": "bert", "id2label": {"1": "good", "0": "bad"}}"#;
/// assert_eq!(ModelConfig::from_json(json)?.labels().names(), ["bad", "good"]);
/// # Ok::<(), lt_config::ConfigError>(())
/// ```
///
/// PyTorch: `id2label`, `num_labels` and `problem_type` of `transformers.PreTrainedConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
    problem: Option<Problem>,
}

impl Default for Labels {
    fn default() -> Self {
        Self::numbered(2)
    }
}

/// Which question a classifier answers, and so what its outputs mean.
///
/// ```
/// use lt_config::Problem;
/// assert_eq!(Problem::from_name("regression"), Some(Problem::Regression));
/// assert_eq!(Problem::SingleLabel.name(), "single_label_classification");
/// ```
///
/// PyTorch: `problem_type` of `transformers.PreTrainedConfig`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// Each output is a number, as it is (回归).
    Regression,
    /// One label of all: the outputs go through a softmax (单标签分类).
    SingleLabel,
    /// Each label or not: every output goes through a sigmoid of its own (多标签分类).
    MultiLabel,
}

/// Each problem and its name.
const PROBLEMS: [(Problem, &str); 3] = [
    (Problem::Regression, "regression"),
    (Problem::SingleLabel, "single_label_classification"),
    (Problem::MultiLabel, "multi_label_classification"),
];

impl Problem {
    /// The problem that transformers calls by this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        PROBLEMS.iter().find(|(_, known)| *known == name).map(|&(problem, _)| problem)
    }

    /// The name that transformers has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        PROBLEMS.iter().find(|(problem, _)| *problem == self).map_or("", |&(_, name)| name)
    }
}

impl Labels {
    /// These labels, in the order of the outputs of the head. Two may have the same name.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self { names, problem: None }
    }

    /// With the kind of question said.
    #[must_use]
    pub fn with_problem(self, problem: Problem) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// The name of each output of the head, in their order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The kind of question, if the file says.
    #[must_use]
    pub fn stated_problem(&self) -> Option<Problem> {
        self.problem
    }

    /// The kind of question. Where the file does not say, one output is a regression and several
    /// are single labels, as transformers has it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.problem.unwrap_or(match self.names.len() {
            1 => Problem::Regression,
            _ => Problem::SingleLabel,
        })
    }

    /// `LABEL_0`, `LABEL_1` and so on: the names of labels that nobody has named.
    #[must_use]
    pub fn numbered(count: usize) -> Self {
        Self::new((0..count).map(|id| format!("LABEL_{id}")).collect())
    }

    pub(crate) fn from_fields(fields: &Fields) -> Result<Self, ConfigError> {
        Ok(Self { names: names(fields)?, problem: problem(fields)? })
    }

    pub(crate) fn check(&self, origin: &Origin) -> Result<(), ConfigError> {
        let checks = Checks { origin };
        if self.names.is_empty() {
            return checks.refuse("the number of labels", 0, "at least 1");
        }
        // A softmax over one number is 1, whatever the text.
        if self.names.len() == 1 && self.problem == Some(Problem::SingleLabel) {
            let expected = "another for a single label, such as regression";
            return checks.refuse("problem_type", Problem::SingleLabel.name(), expected);
        }
        Ok(())
    }
}

fn names(fields: &Fields) -> Result<Vec<String>, ConfigError> {
    let count = match fields.get("num_labels") {
        None => None,
        Some(_) => match fields.size("num_labels", 0)? {
            count @ 1..=MAX_MADE_UP => Some(count),
            _ => return Err(fields.invalid("num_labels", format!("1 to {MAX_MADE_UP}"))),
        },
    };
    let (field, names) = if let Some(map) = fields.object("id2label")? {
        let entries = map.iter().map(|(id, name)| Some((id.parse().ok()?, name_of(name)?)));
        let expected = "an object with a text for each of the ids 0, 1, 2, …";
        ("id2label", in_order(fields, "id2label", map, entries, expected)?)
    } else if let Some(map) = fields.object("label2id")? {
        // transformers reads the names only the other way; how many they are is then not said.
        let entries = map.iter().map(|(name, id)| Some((id_of(id)?, name.clone())));
        let expected = "an object whose ids are 0, 1, 2, …";
        let names = in_order(fields, "label2id", map, entries, expected)?;
        if count.is_none() && names.len() != 2 {
            let expected = "two names if there is neither id2label nor num_labels";
            return Err(fields.invalid("label2id", expected));
        }
        ("label2id", names)
    } else {
        return Ok(Labels::numbered(count.unwrap_or(2)).names);
    };
    match count {
        // Versions of transformers differ in which of the two they believe.
        Some(count) if count != names.len() => {
            let expected = format!("as many as {field} has names ({})", names.len());
            Err(fields.invalid("num_labels", expected))
        }
        _ => Ok(names),
    }
}

/// The names by their ids, which must be those from 0 on, each once.
fn in_order(
    fields: &Fields,
    field: &str,
    map: &Map<String, Value>,
    entries: impl Iterator<Item = Option<(usize, String)>>,
    expected: &str,
) -> Result<Vec<String>, ConfigError> {
    let mut names: Vec<Option<String>> = vec![None; map.len()];
    for entry in entries {
        // As many ids as places, each below their number and none twice: no place stays empty.
        match entry.and_then(|(id, name)| Some((names.get_mut(id)?, name))) {
            Some((place @ None, name)) => *place = Some(name),
            _ => return Err(fields.invalid(field, expected)),
        }
    }
    Ok(names.into_iter().flatten().collect())
}

/// Some files have numbers for names.
fn name_of(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Some programs write numbers as texts.
fn id_of(value: &Value) -> Option<usize> {
    match value {
        Value::String(digits) => digits.parse().ok(),
        number => usize::try_from(number.as_u64()?).ok(),
    }
}

fn problem(fields: &Fields) -> Result<Option<Problem>, ConfigError> {
    let Some(value) = fields.get("problem_type") else { return Ok(None) };
    match value.as_str().and_then(Problem::from_name) {
        Some(problem) => Ok(Some(problem)),
        None => Err(ConfigError::Field {
            origin: fields.origin.clone(),
            field: "problem_type".to_owned(),
            got: excerpt(value),
            expected: format!("one of {}", PROBLEMS.map(|(_, name)| name).join(", ")),
        }),
    }
}
