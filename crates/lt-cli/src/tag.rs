//! `lt tag`: which pieces of a text are names, and of what.

use std::io::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use lt_tasks::tag::{Aggregation, Entity, TokenTagger};
use lt_tokenizer::WindowSize;
use serde::Serialize;

use crate::another_head::with_hint;
use crate::args::{Common, Format};
use crate::columns::{padded, printable, shortened, width};
use crate::failure::Result;
use crate::output::Output;
use crate::text_input::TextInput;
use crate::windows::answer_all;

/// Find names of people, places, organisations; or label each word
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TagArgs {
    /// The texts; without any, each line of the standard input is one
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// How the labels of tokens become entities
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    aggregation: AggregationName,
    #[command(flatten)]
    windows: WindowSettings,
}

const EXAMPLES: &str = "\
Examples:
  lt tag --model DIR \"My name is Sylvain and I work in Brooklyn.\"
  lt tag --model DIR --aggregation average --format json < lines.txt

JSON, a line for each text: {\"text\": \"My name …\", \"entities\": [{\"label\": \"PER\",
\"score\": 0.99, \"text\": \"Sylvain\", \"start\": 11, \"end\": 18}, …]}; start and end are counted
in characters.

The model must have been saved with the head that sorts tokens (BertForTokenClassification). Texts
of any length are tagged: what is too long for the model is looked at in windows that overlap.";

/// The rules, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum AggregationName {
    /// Each token with its label, O too.
    None,
    /// Tokens that follow each other with the tags of one entity are one.
    #[default]
    Simple,
    /// As simple, of words: each has the label of its first token.
    First,
    /// As simple, of words: each has the label that is likeliest in the mean over its tokens.
    Average,
    /// As simple, of words: each has the label of the token that is surest.
    Max,
}

impl From<AggregationName> for Aggregation {
    fn from(name: AggregationName) -> Self {
        match name {
            AggregationName::None => Self::None,
            AggregationName::Simple => Self::Simple,
            AggregationName::First => Self::First,
            AggregationName::Average => Self::Average,
            AggregationName::Max => Self::Max,
        }
    }
}

/// How what is too long for the model is cut.
#[derive(Debug, Args)]
pub(crate) struct WindowSettings {
    /// The most tokens that are looked at together, special tokens included
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
    /// How many tokens of a long text each window shares with the one before
    #[arg(long, value_name = "N")]
    overlap: Option<usize>,
}

impl WindowSettings {
    /// These settings where they say something. A shorter window takes a shorter overlap with it.
    pub(crate) fn over(&self, own: WindowSize) -> Option<WindowSize> {
        if self.max_length.is_none() && self.overlap.is_none() {
            return None;
        }
        let limit = self.max_length.unwrap_or(own.limit);
        let overlap = self.overlap.unwrap_or(own.overlap.min(limit / 4));
        Some(WindowSize { limit, overlap })
    }
}

#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    entities: &'a [Entity],
}

pub(crate) fn run(args: &TagArgs, common: &Common) -> Result<()> {
    let tagger = load(args, common)?;
    let aggregation = args.aggregation.into();
    let mut scratch = common.scratch()?;
    let mut output = Output::new(common.format);
    let tag = |texts: &[String]| tagger.tag(texts, aggregation, &mut scratch);
    answer_all(TextInput::new(&args.texts), &mut output, Ok, tag, |output, text, entities| {
        match common.format {
            Format::Json => output.json(&Line { text, entities }),
            Format::Text => print_entities(output, text, entities),
        }
    })?;
    output.finish()
}

fn load(args: &TagArgs, common: &Common) -> Result<TokenTagger> {
    let tagger =
        TokenTagger::from_dir(common.model_dir()?, &common.load_options()).map_err(with_hint)?;
    match args.windows.over(tagger.windows()) {
        Some(size) => Ok(tagger.with_windows(size)?),
        None => Ok(tagger),
    }
}

/// The text with what was found standing out, and a table of it.
fn print_entities(output: &mut Output, text: &str, entities: &[Entity]) -> Result<()> {
    let dim = Style::new().dimmed();
    let found = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    let named = entities.iter().filter(|entity| entity.label != "O");
    let named = named.map(|entity| entity.start..entity.end);
    writeln!(output, "{}", highlighted(text, named, found))?;
    if entities.is_empty() {
        writeln!(output, "  {dim}nothing found{dim:#}")?;
    }
    let columns = output.columns();
    let widest = |of: fn(&Entity) -> &str, most: usize| {
        entities.iter().map(|entity| width(&printable(of(entity)))).max().unwrap_or(0).min(most)
    };
    let labels = widest(|entity| &entity.label, columns / 4);
    let texts = widest(|entity| &entity.text, columns / 2);
    for entity in entities {
        let label = padded(&shortened(&entity.label, labels), labels);
        let piece = padded(&shortened(&entity.text, texts), texts);
        let (score, start, end) = (entity.score, entity.start, entity.end);
        writeln!(output, "  {label}  {piece}  {score:>6.4}  {dim}{start}..{end}{dim:#}")?;
    }
    writeln!(output)?;
    Ok(())
}

/// A text, printable, some of whose characters stand out. The ranges lie in order.
pub(crate) fn highlighted(
    text: &str,
    ranges: impl IntoIterator<Item = Range<usize>>,
    style: Style,
) -> String {
    let characters: Vec<char> = text.chars().collect();
    let part = |range: Range<usize>| -> String {
        printable(&characters.get(range).unwrap_or_default().iter().collect::<String>())
    };
    let (mut shown, mut done) = (String::new(), 0);
    for Range { start, end } in ranges {
        let end = end.min(characters.len());
        if start >= done && start < end {
            shown += &format!("{}{style}{}{style:#}", part(done..start), part(start..end));
            done = end;
        }
    }
    shown + &part(done..characters.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stand_out_that_are_counted_as_such() {
        let bold = Style::new().bold();
        let shown = highlighted("我在北京\u{1b}", std::iter::once(2..4), bold);
        assert_eq!(shown, format!("我在{bold}北京{bold:#}␛"));
        assert_eq!(highlighted("abc", [1..2, 1..3, 5..9], bold), format!("a{bold}b{bold:#}c"));
    }

    #[test]
    fn a_shorter_window_has_a_shorter_overlap() {
        let own = WindowSize { limit: 384, overlap: 128 };
        let settings = |max_length, overlap| WindowSettings { max_length, overlap };
        assert_eq!(settings(None, None).over(own), None);
        let size = |limit, overlap| Some(WindowSize { limit, overlap });
        assert_eq!(settings(Some(100), None).over(own), size(100, 25));
        assert_eq!(settings(None, Some(5)).over(own), size(384, 5));
    }
}
