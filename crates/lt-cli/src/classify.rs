//! `lt classify`: which label a text has.

use std::io::Write;
use std::num::NonZeroUsize;

use anstyle::Style;
use clap::{Args, ValueEnum};
use lt_tasks::{
    Classified, LabelScore, LabelWords, PromptClassifier, ScoreFunction, TextClassifier,
};
use serde::Serialize;

use crate::another_head::with_hint;
use crate::args::{Common, Format};
use crate::columns::shortened;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::score_bars::{name_width, print_bars, print_numbers};
use crate::text_input::TextInput;
use crate::text_pair::{PairArgs, TextPair};
use crate::windows::answer_all;

/// Sort texts, or pairs of texts, into the labels that the model was trained for
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ClassifyArgs {
    /// The texts; without any, each line of the standard input is one
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    #[command(flatten)]
    pairs: PairArgs,
    /// How many labels are shown for each text, the likeliest first [default: all]
    #[arg(long, value_name = "N")]
    top: Option<NonZeroUsize>,
    /// How scores are made of what the model computes [default: as its config.json says]
    #[arg(long, value_enum, value_name = "HOW", conflicts_with = "template")]
    function: Option<FunctionName>,
    /// Cut texts at this many tokens, special tokens included
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
    /// Ask a masked LM instead: a sentence with {text} where the text goes, {mask} for a word
    #[arg(long, value_name = "SENTENCE", requires = "labels", conflicts_with_all = ["pair", "pairs"])]
    template: Option<String>,
    /// With --template: a label, and the words that speak for it where the mask is
    #[arg(long = "label", value_name = "LABEL=WORD,…", requires = "template", value_parser = label_words)]
    labels: Vec<LabelWords>,
}

const EXAMPLES: &str = "\
Examples:
  lt classify --model DIR \"A fine film.\" \"A waste of time.\"
  lt classify --model DIR --top 1 --format json < lines.txt
  lt classify --model DIR --pair \"A man sleeps.\" \"A man is awake.\"
  lt classify --model DIR --pairs < two-texts-with-a-tab-between.tsv
  lt classify --model DIR --template \"{text} It was {mask}.\" --label good=great,good \\
    --label bad=terrible \"I could watch it again.\"

JSON, for each text: {\"text\": \"A fine film.\", \"scores\": [{\"label\": \"POSITIVE\", \"score\": 0.99},
…], \"truncated\": 0}, for pairs with \"pair\" beside \"text\". Tokens that the model could not take are
counted in \"truncated\".

The model must have been saved with a head that sorts texts (BertForSequenceClassification). With
--template a masked LM does (BertForMaskedLM), without any training: each label is as likely as its
words are where {mask} is, of all words given. A word must be one token of the model's.";

/// What can be done to scores, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FunctionName {
    /// One label is right: they add up to 1.
    Softmax,
    /// Each label by itself, from 0 to 1.
    Sigmoid,
    /// The number that the model computes.
    None,
}

impl From<FunctionName> for ScoreFunction {
    fn from(name: FunctionName) -> Self {
        match name {
            FunctionName::Softmax => Self::Softmax,
            FunctionName::Sigmoid => Self::Sigmoid,
            FunctionName::None => Self::Raw,
        }
    }
}

/// `good=great,good`.
fn label_words(argument: &str) -> std::result::Result<LabelWords, String> {
    match argument.split_once('=') {
        Some((label, words)) if !label.is_empty() && !words.is_empty() => {
            Ok(LabelWords::new(label, words.split(',').map(str::trim)))
        }
        _ => Err("expected a label and its words: good=great,good".to_owned()),
    }
}

pub(crate) fn run(args: &ClassifyArgs, common: &Common) -> Result<()> {
    let (dir, options) = (common.model_dir()?, common.load_options());
    let mut printer = Printer::new(args.top, common.format);
    if let Some(template) = &args.template {
        let mut model =
            PromptClassifier::from_dir(dir, &options, template, &args.labels).map_err(with_hint)?;
        if let Some(max_length) = args.max_length {
            model = model.with_max_length(max_length)?;
        }
        let mut scratch = common.scratch()?;
        return printer.print_all(args, |texts| {
            let texts: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
            model.classify(&texts, &mut scratch)
        });
    }
    let mut model = TextClassifier::from_dir(dir, &options).map_err(with_hint)?;
    if let Some(function) = args.function {
        model = model.with_function(function.into());
    }
    if let Some(max_length) = args.max_length {
        model = model.with_max_length(max_length)?;
    }
    printer.raw = model.function() == ScoreFunction::Raw;
    let mut scratch = common.scratch()?;
    printer
        .print_all(args, |texts| model.classify(texts.iter().map(TextPair::as_text), &mut scratch))
}

/// Prints the labels of texts.
pub(crate) struct Printer {
    output: Output,
    format: Format,
    top: usize,
    raw: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<&'a str>,
    scores: &'a [LabelScore<'a>],
    truncated: usize,
}

impl Printer {
    pub(crate) fn new(top: Option<NonZeroUsize>, format: Format) -> Self {
        let top = top.map_or(usize::MAX, NonZeroUsize::get);
        Self { output: Output::new(format), format, top, raw: false }
    }

    fn print_all<'m>(
        self,
        args: &ClassifyArgs,
        classify: impl FnMut(&[TextPair]) -> Result<Vec<Classified<'m>>, lt_tasks::TaskError>,
    ) -> Result<()> {
        self.answer(TextInput::new(&args.texts), |text| args.pairs.parse(text), classify)
    }

    /// Sorts all texts and prints their labels.
    pub(crate) fn answer<'m>(
        self,
        texts: TextInput,
        parse: impl Fn(String) -> Result<TextPair>,
        classify: impl FnMut(&[TextPair]) -> Result<Vec<Classified<'m>>, lt_tasks::TaskError>,
    ) -> Result<()> {
        let Self { mut output, format, top, raw } = self;
        answer_all(texts, &mut output, parse, classify, |output, text, answer| {
            let scores = answer.scores.get(..top).unwrap_or(&answer.scores);
            if format == Format::Json {
                let (pair, truncated) = (text.pair.as_deref(), answer.truncated);
                return output.json(&Line { text: &text.text, pair, scores, truncated });
            }
            print_labels(output, text, scores, answer.truncated, raw)
        })?;
        output.finish()
    }
}

fn print_labels(
    output: &mut Output,
    text: &TextPair,
    scores: &[LabelScore<'_>],
    truncated: usize,
    raw: bool,
) -> Result<()> {
    let (dim, bold) = (Style::new().dimmed(), Style::new().bold());
    writeln!(output, "{bold}{}{bold:#}", shortened(&text.shown(), output.columns()))?;
    if truncated > 0 {
        writeln!(output, "{dim}without its last {truncated} tokens: it is too long{dim:#}")?;
    }
    let names = name_width(scores.iter().map(|score| score.label), output);
    let rows = scores.iter().map(|score| (score.label, score.score));
    if raw { print_numbers(output, names, rows) } else { print_bars(output, names, rows) }?;
    writeln!(output).map_err(Failure::from)
}
