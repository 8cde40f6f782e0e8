//! `lt zero-shot`: labels that the model was not trained for.

use std::num::NonZeroUsize;

use clap::Args;
use lt_tasks::{LabelChoice, ZeroShot};

use crate::another_head::with_hint;
use crate::args::Common;
use crate::classify::Printer;
use crate::failure::Result;
use crate::text_input::TextInput;
use crate::text_pair::TextPair;

/// Sort texts into any labels, with a model that tells what follows from a text
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ZeroShotArgs {
    /// The texts; without any, each line of the standard input is one
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// The labels to choose from, with commas; may be given several times
    #[arg(long, value_name = "LABEL,…", value_delimiter = ',', required = true)]
    labels: Vec<String>,
    /// The sentence that the model is asked about, with {} where the label goes
    #[arg(long, value_name = "SENTENCE", default_value = "This example is {}.")]
    template: String,
    /// Any number of labels may hold, each by itself; otherwise exactly one does
    #[arg(long)]
    multi_label: bool,
    /// How many labels are shown for each text, the likeliest first [default: all]
    #[arg(long, value_name = "N")]
    top: Option<NonZeroUsize>,
    /// Cut texts at this many tokens, with the sentence about the label and special tokens
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  lt zero-shot --model DIR --labels sports,politics,weather \"The match ended in a draw.\"
  lt zero-shot --model DIR --labels urgent,billing --multi-label --format json < lines.txt
  lt zero-shot --model DIR --labels 体育,政治 --template \"这个例子是关于{}的。\" \"比赛以平局结束。\"

JSON, for each text: {\"text\": \"…\", \"scores\": [{\"label\": \"sports\", \"score\": 0.98}, …],
\"truncated\": 0}

The model must have been trained on natural language inference (NLI): one of the labels in its
config.json is \"entailment\". Each label costs a pass of the model over the text.";

pub(crate) fn run(args: &ZeroShotArgs, common: &Common) -> Result<()> {
    let mut model = ZeroShot::from_dir(common.model_dir()?, &common.load_options())
        .map_err(with_hint)?
        .with_template(&args.template)?;
    if let Some(max_length) = args.max_length {
        model = model.with_max_length(max_length)?;
    }
    let choice = if args.multi_label { LabelChoice::Any } else { LabelChoice::One };
    let mut scratch = common.scratch()?;
    Printer::new(args.top, common.format).answer(
        TextInput::new(&args.texts),
        |text| Ok(TextPair { text, pair: None }),
        |texts| {
            let texts: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
            model.classify(&texts, &args.labels, choice, &mut scratch)
        },
    )
}
