//! A model for another purpose than the command's: that is no fault of its directory.

use clap::CommandFactory;
use lt_model::ModelError;
use lt_tasks::TaskError;

use crate::args::Cli;
use crate::failure::Failure;

/// What the names of transformers' classes end with, and the commands that use such a head.
const USED_BY: [(&str, &[&str]); 4] = [
    ("ForMaskedLM", &["fill-mask", "classify --template"]),
    ("ForSequenceClassification", &["classify", "zero-shot", "rerank"]),
    ("ForTokenClassification", &["tag"]),
    ("ForQuestionAnswering", &["answer"]),
];

/// What every model can be used for.
const ENCODER: &[&str] = &["encode", "similarity", "search"];

/// The failure, with which model the command wants and which command wants this model.
pub(crate) fn with_hint(error: TaskError) -> Failure {
    let hint = match &error {
        TaskError::Model(error) => match &**error {
            ModelError::Head { expected, found } => Some(hint(expected, found)),
            _ => None,
        },
        _ => None,
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn hint(expected: &str, found: &str) -> String {
    let wanted = match expected {
        "a masked-LM head" => {
            "a model saved as BertForMaskedLM has one: bert-base-uncased, for example"
        }
        "a head that sorts texts" => {
            "a model saved as …ForSequenceClassification has one: \
             distilbert-base-uncased-finetuned-sst-2-english, for example"
        }
        "a head that sorts tokens" => {
            "a model saved as …ForTokenClassification has one: \
             dbmdz/bert-large-cased-finetuned-conll03-english, for example"
        }
        "a head that finds answers" => {
            "a model saved as …ForQuestionAnswering has one: \
             deepset/bert-base-cased-squad2, for example"
        }
        _ => "see `architectures` in config.json for the head that a model was saved with",
    };
    let commands = commands_for(found);
    format!("{wanted}; this one is for {}", commands.join(", "))
}

/// The commands of this program that can use a model of this class.
fn commands_for(class: &str) -> Vec<String> {
    let of_head = USED_BY.iter().find(|(suffix, _)| class.ends_with(suffix));
    let names = of_head.map_or(ENCODER, |(_, commands)| commands);
    let program = Cli::command();
    let exists = |name: &str| {
        name.split(' ').next().is_some_and(|name| program.find_subcommand(name).is_some())
    };
    let shown = |names: &[&str]| -> Vec<String> {
        let names = names.iter().filter(|name| exists(name));
        names.map(|name| format!("`lt {name}`")).collect()
    };
    match shown(names) {
        none if none.is_empty() => shown(ENCODER),
        some => some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_sent_to_commands_that_there_are() {
        assert_eq!(commands_for("RobertaForMaskedLM")[0], "`lt fill-mask`");
        assert_eq!(commands_for("BertForSequenceClassification")[0], "`lt classify`");
        assert_eq!(commands_for("no head")[0], "`lt encode`");
        assert_eq!(commands_for("BertForNothingKnown")[0], "`lt encode`");
        let program = Cli::command();
        for class in ["XForTokenClassification", "XForQuestionAnswering", "XModel"] {
            for command in commands_for(class) {
                let name = command.trim_matches('`').trim_start_matches("lt ").to_owned();
                assert!(program.find_subcommand(&name).is_some(), "{name}");
            }
        }
    }
}
