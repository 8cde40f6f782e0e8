//! What to do with a model that was saved for something else.

use lt_model::ModelError;
use lt_tasks::TaskError;

use crate::failure::Failure;

/// What the class of a model ends with, and the command that uses it.
const COMMANDS: &[(&str, &str)] = &[
    ("ForMaskedLM", "fill-mask"),
    ("ForTokenClassification", "tag"),
    ("ForQuestionAnswering", "answer"),
];

/// A failure to load a model. Most directories hold one for another purpose, which is no fault of
/// theirs: the hint says which class is `wanted`, and which command suits what is there.
pub(crate) fn hint_at_head(error: TaskError, wanted: &str) -> Failure {
    let advice = match &error {
        TaskError::Model(error) => match &**error {
            ModelError::Head { found, .. } => Some(advice(found, wanted)),
            _ => None,
        },
        _ => None,
    };
    let failure = Failure::from(error);
    match advice {
        Some(advice) => failure.hint(advice),
        None => failure,
    }
}

fn advice(found: &str, wanted: &str) -> String {
    let command = COMMANDS.iter().find(|(class, _)| found.ends_with(class));
    let suits = match command {
        Some((_, command)) => format!("; `lt {command}` is what this one is for"),
        None => "; `lt encode` gives the vectors of any".to_owned(),
    };
    format!("{wanted}{suits}")
}
