//! A model for another purpose than the command's: that is no fault of its directory.

use lt_model::ModelError;
use lt_tasks::TaskError;

use crate::failure::Failure;

/// A head, and what it is for.
struct Use {
    /// What the names of transformers' classes end with.
    class: &'static str,
    /// A model that has it.
    example: &'static str,
    /// The commands that use it.
    commands: &'static [&'static str],
}

const USES: [Use; 6] = [
    Use {
        class: "ForCausalLM",
        example: "HuggingFaceTB/SmolLM2-135M",
        commands: &["generate", "eval perplexity"],
    },
    // As GPT-2 names it.
    Use { class: "LMHeadModel", example: "gpt2", commands: &["generate", "eval perplexity"] },
    Use {
        class: "ForMaskedLM",
        example: "bert-base-uncased",
        commands: &["fill-mask", "classify --template"],
    },
    Use {
        class: "ForSequenceClassification",
        example: "distilbert-base-uncased-finetuned-sst-2-english",
        commands: &["classify", "zero-shot", "rerank"],
    },
    Use {
        class: "ForTokenClassification",
        example: "dbmdz/bert-large-cased-finetuned-conll03-english",
        commands: &["tag"],
    },
    Use {
        class: "ForQuestionAnswering",
        example: "deepset/bert-base-cased-squad2",
        commands: &["answer"],
    },
];

/// What every model can be used for.
const ENCODER: &[&str] = &["encode", "similarity", "search"];

/// The failure, with which model the command wants and which command wants this model.
pub(crate) fn with_hint(error: TaskError) -> Failure {
    let hint = match &error {
        TaskError::Model(error) => match &**error {
            ModelError::Head { class, found, .. } => Some(hint(class, found)),
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

fn hint(wanted: &str, found: &str) -> String {
    let example = USES.iter().find(|it| it.class == wanted);
    let example = example.map_or(String::new(), |it| format!(": {}, for example", it.example));
    let commands = commands_for(found);
    format!("a model saved as …{wanted} has one{example}; this one is for {commands}")
}

/// The commands that can use a model of this class.
fn commands_for(class: &str) -> String {
    let of_head = USES.iter().find(|it| class.ends_with(it.class));
    let commands = of_head.map_or(ENCODER, |it| it.commands);
    let shown: Vec<String> = commands.iter().map(|command| format!("`lt {command}`")).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::args::Cli;
    use clap::CommandFactory;

    #[test]
    fn each_class_is_sent_to_commands_that_there_are() {
        assert_eq!(commands_for("RobertaForTokenClassification"), "`lt tag`");
        assert_eq!(commands_for("BertForNothingKnown"), commands_for("no head"));
        let program = Cli::command();
        for command in USES.iter().flat_map(|it| it.commands).chain(ENCODER) {
            let name = command.split(' ').next().unwrap_or_default();
            assert!(program.find_subcommand(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_hint_names_what_was_wanted_and_what_is_there() {
        let hint = hint("ForQuestionAnswering", "BertForMaskedLM");
        let expected = "a model saved as …ForQuestionAnswering has one: \
                        deepset/bert-base-cased-squad2, for example; this one is for \
                        `lt fill-mask`, `lt classify --template`";
        assert_eq!(hint, expected);
    }
}
