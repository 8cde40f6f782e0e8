//! The end of the page: where to read on, and what to try.

use std::path::Path;

use super::page::{BOLD, Page};
use super::table::Table;
use crate::columns::{printable, width};
use crate::tour::data::Tour;
use crate::tour::outcome::Outcome;

/// What has to be said again to run another command with the same model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Again<'a> {
    /// The model, if it was an argument.
    pub(crate) model: Option<&'a Path>,
}

pub(crate) fn show(page: &mut Page, tour: &Tour, again: &Again<'_>) {
    let number = if tour.cache.is_some() { 7 } else { 6 };
    page.heading(number, "Where the numbers came from, and what to try");
    let layers = if tour.attention.sight.causal { "lt-decoder" } else { "lt-encoder" };
    let mut stages = vec![
        ("pieces and ids", "lt-tokenizer"),
        ("vectors from ids", "lt-embedding"),
        ("attention", "lt-attention"),
        ("layers on layers", layers),
    ];
    stages.extend(match tour.result {
        Outcome::SentenceVector(_) => vec![("pooling, similarity", "lt-tasks")],
        Outcome::MaskedWords { .. } => vec![("the head that guesses words", "lt-model")],
        Outcome::NextToken(_) => {
            vec![("the head that foretells", "lt-model"), ("writing with a cache", "lt-generate")]
        }
    });
    page.say("Each stage is a crate, and its front page (`cargo doc --open`) a chapter:");
    let table = Table::new()
        .number("stage", (1..=stages.len()).map(|number| number.to_string()))
        .text("what", stages.iter().map(|stage| stage.0.to_owned()))
        .text("crate", stages.iter().map(|stage| stage.1.to_owned()));
    page.lines(table.lines(page.columns()));
    page.line("");
    page.say("Try next:");
    for command in commands(tour, again) {
        page.line(&format!("  {BOLD}{command}{BOLD:#}"));
    }
}

/// Three commands that can be pasted.
fn commands(tour: &Tour, again: &Again<'_>) -> [String; 3] {
    let model = again.model.map_or(String::new(), |model| {
        format!("--model {} ", quoted_for_a_shell(&model.display().to_string(), usize::MAX))
    });
    let text = quoted_for_a_shell(&tour.text, 50);
    let shown = &tour.attention.shown;
    let another =
        tour.attention.sharpest_of_each_layer.iter().find(|head| head.layer != shown.layer);
    let (layer, head) = another.map_or((0, 0), |head| (head.layer, head.head));
    let third = match tour.result {
        Outcome::SentenceVector(_) => {
            format!("lt similarity {model}'a cat' 'a kitten' 'a bank account'")
        }
        Outcome::MaskedWords { .. } => {
            format!("lt fill-mask {model}'The cat sat on the [MASK].'")
        }
        Outcome::NextToken(_) => format!("lt generate {model}{text}"),
    };
    [
        format!("lt tour {model}--layer {layer} --head {head} {text}"),
        format!("lt tokenize {model}{text}"),
        third,
    ]
}

/// A text as an argument; a stand-in for one that is too long or cannot be typed.
fn quoted_for_a_shell(text: &str, columns: usize) -> String {
    if width(text) > columns || printable(text) != text || text.starts_with('-') {
        return "TEXT".to_owned();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_so_that_a_shell_gives_it_back() {
        assert_eq!(quoted_for_a_shell("model/dir", 50), "model/dir");
        assert_eq!(quoted_for_a_shell("it's", 50), r"'it'\''s'");
        assert_eq!(quoted_for_a_shell("", 50), "''");
        assert_eq!(quoted_for_a_shell("a\u{1b}[2J", 50), "TEXT");
        assert_eq!(quoted_for_a_shell("too long", 7), "TEXT");
        assert_eq!(quoted_for_a_shell("--help", 50), "TEXT");
    }
}
