//! `lt encode`: a vector for each text.

use std::io::Write;

use anstyle::Style;
use clap::{ArgAction, Args, ValueEnum};
use lt_core::Scratch;
use lt_core::ndarray::{Array1, Array2, ArrayView1};
use lt_tasks::{Pooling, SentenceEncoder};
use serde::Serialize;

use crate::args::{Common, Format};
use crate::columns::{padded, shortened};
use crate::failure::Result;
use crate::output::Output;
use crate::text_input::TextInput;
use crate::windows::{answer_all, failed_after};

/// Turn texts into vectors: similar texts get similar ones
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EncodeArgs {
    /// The texts; without any, each line of the standard input is one
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    #[command(flatten)]
    settings: EncoderSettings,
    /// How many numbers of each vector the text format shows [default: as many as fit]
    #[arg(long, value_name = "N")]
    numbers: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  lt encode \"a cat\" \"a kitten\"
  lt encode --format json < lines.txt > vectors.jsonl
  lt encode --model DIR --pooling cls --normalize \"a cat\"

JSON, for each text, empty lines included: {\"text\": \"a cat\", \"embedding\": [0.1, …]}

A directory with modules.json (sentence-transformers) says how vectors are made; without one, they
are the mean over the tokens, not normalised. The options override both.";

/// How a vector is made, where the model's directory is not to decide.
#[derive(Debug, Args)]
pub(crate) struct EncoderSettings {
    /// How the vectors of the tokens become one; several, with commas, are concatenated
    #[arg(long, value_enum, value_delimiter = ',', value_name = "HOW")]
    pooling: Vec<PoolingName>,
    /// Put this in front of each text; empty for nothing
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// Scale each vector to length 1
    #[arg(long, overrides_with = "no_normalize", action = ArgAction::SetTrue)]
    normalize: bool,
    /// Leave the length of the vectors as it is
    #[arg(long, overrides_with = "normalize", action = ArgAction::SetTrue)]
    no_normalize: bool,
    /// Cut texts at this many tokens, special tokens included
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
}

/// The poolings, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PoolingName {
    /// The mean over the tokens.
    Mean,
    /// The first token.
    Cls,
    /// The largest of each coordinate.
    Max,
    /// The sum over the tokens, divided by the root of their number.
    #[value(alias = "mean_sqrt_len_tokens", alias = "mean_sqrt_len")]
    MeanSqrtLen,
    /// The mean weighted by position.
    #[value(alias = "weightedmean")]
    WeightedMean,
    /// The last token.
    #[value(alias = "lasttoken")]
    LastToken,
}

impl From<PoolingName> for Pooling {
    fn from(name: PoolingName) -> Self {
        match name {
            PoolingName::Mean => Self::Mean,
            PoolingName::Cls => Self::Cls,
            PoolingName::Max => Self::Max,
            PoolingName::MeanSqrtLen => Self::MeanSqrtLen,
            PoolingName::WeightedMean => Self::WeightedMean,
            PoolingName::LastToken => Self::LastToken,
        }
    }
}

impl EncoderSettings {
    /// The model's encoder with these settings.
    pub(crate) fn load(&self, common: &Common) -> Result<SentenceEncoder> {
        let mut encoder = common.sentence_encoder()?;
        if !self.pooling.is_empty() {
            let pooling: Vec<Pooling> = self.pooling.iter().copied().map(Pooling::from).collect();
            encoder = encoder.with_pooling(pooling)?;
        }
        if let Some(prompt) = &self.prompt {
            encoder = encoder.with_prompt(prompt);
        }
        if self.normalize || self.no_normalize {
            encoder = encoder.with_normalize(self.normalize);
        }
        if let Some(max_length) = self.max_length {
            encoder = encoder.with_max_length(max_length)?;
        }
        Ok(encoder)
    }
}

pub(crate) fn run(args: &EncodeArgs, common: &Common) -> Result<()> {
    let encoder = args.settings.load(common)?;
    let mut scratch = common.scratch()?;
    let texts = TextInput::new(&args.texts);
    let mut output = Output::new(common.format);
    let mut printer = Printer::new(args, &output, common.format, &encoder);
    let encode = |texts: &[String]| {
        let vectors = encoder.encode(texts, &mut scratch)?;
        Ok(vectors.outer_iter().map(|vector| vector.to_owned()).collect())
    };
    answer_all(texts, &mut output, Ok, encode, |output, text, vector: &Array1<f32>| {
        printer.print(output, text, vector.view())
    })?;
    output.finish()
}

/// The vectors of texts that others came before; an error says which text it was of all.
pub(crate) fn encode(
    encoder: &SentenceEncoder,
    texts: &[String],
    before: usize,
    scratch: &mut Scratch,
) -> Result<Array2<f32>> {
    encoder.encode(texts, scratch).map_err(|error| failed_after(before, error))
}

struct Printer {
    format: Format,
    text_width: usize,
    numbers: usize,
    header: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    text: &'a str,
    embedding: &'a [f32],
}

impl Printer {
    /// A number and the space before it: ` -0.0123`.
    const NUMBER: usize = 9;

    fn new(args: &EncodeArgs, output: &Output, format: Format, encoder: &SentenceEncoder) -> Self {
        let columns = output.columns();
        let text_width = (columns * 2 / 5).max(12);
        // Behind the text its length and, if not all numbers are shown, an ellipsis.
        let room = columns.saturating_sub(text_width + Self::NUMBER + 2);
        let width = encoder.width();
        let numbers = args.numbers.unwrap_or((room / Self::NUMBER).max(1)).min(width);
        let pooling: Vec<&str> = encoder.pooling().iter().map(|pooling| pooling.name()).collect();
        let header = format!(
            "{width} numbers each; {}pooling: {}; {}; at most {} tokens",
            match encoder.prompt() {
                "" => String::new(),
                prompt => format!("behind {prompt:?}; "),
            },
            pooling.join(" + "),
            if encoder.normalizes() { "normalised" } else { "not normalised" },
            encoder.max_length(),
        );
        Self { format, text_width, numbers, header: Some(header) }
    }

    fn print(
        &mut self,
        output: &mut Output,
        text: &str,
        vector: ArrayView1<'_, f32>,
    ) -> Result<()> {
        if self.format == Format::Json {
            let embedding = vector.as_slice().unwrap_or_default();
            return output.json(&Line { text, embedding });
        }
        if let Some(header) = self.header.take() {
            let dim = Style::new().dimmed();
            let names = format!("{}   length  numbers", padded("text", self.text_width));
            for line in [header, names] {
                writeln!(output, "{dim}{}{dim:#}", shortened(&line, output.columns()))?;
            }
        }
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        let text = padded(&shortened(text, self.text_width), self.text_width);
        write!(output, "{text}{length:>9.4}")?;
        for value in vector.iter().take(self.numbers) {
            write!(output, "{value:>9.4}")?;
        }
        writeln!(output, "{}", if self.numbers < vector.len() { " …" } else { "" })?;
        Ok(())
    }
}
