//! `lt generate`: goes on where a text ends.

mod chat;
mod flags;
mod writer;

use std::io::Write;
use std::path::PathBuf;

use anstyle::Style;
use clap::Args;
use lt_config::GenerationConfig;
use lt_model::CausalLm;
use lt_tokenizer::Tokenizer;
use serde::Serialize;

use crate::another_head::with_hint;
use crate::args::{Common, Format};
use crate::built_in::BuiltIn;
use crate::columns::shortened;
use crate::failure::{Failure, Result};
use crate::ids_file::Ids;
use crate::model_dir::Place;
use crate::output::Output;
use crate::text_input::TextInput;
use flags::Flags;
use writer::Writer;

/// Continue texts, token by token
#[derive(Debug, Args)]
#[command(after_long_help = MEANING)]
pub(crate) struct GenerateArgs {
    /// The texts to continue; without any, and without --ids, each line of the standard input is one
    #[arg(value_name = "TEXT", conflicts_with_all = ["ids", "prompt"])]
    text: Vec<String>,
    /// A text to continue, as an option; may be given several times
    #[arg(long, value_name = "TEXT", conflicts_with = "ids")]
    prompt: Vec<String>,
    /// Ids to continue: a JSON file as `lt forward` reads it
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// The text is what a user says to an assistant, written down by the model's chat template.
    /// Without a text, each line of the standard input is said in one conversation
    #[arg(long, conflicts_with = "ids")]
    chat: bool,
    /// What the assistant is told beforehand
    #[arg(long, value_name = "TEXT", requires = "chat")]
    system: Option<String>,
    /// A smaller model with the same tokens, which proposes what this one checks
    #[arg(long, value_name = "DIR")]
    draft: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

const MEANING: &str = "\
Examples:
  lt generate \"Once upon a time\" --max-new-tokens 50
  lt generate \"Once\" --strategy sample --temperature 0.8 --top-p 0.9 --seed 1
  lt generate --model DIR --ids ids.json --strategy beam --beams 4 --format json
  lt generate --model DIR --chat

What generation_config.json says holds where no option says otherwise; where neither does,
transformers' defaults: 20 new tokens, greedy. With --no-defaults only its special tokens are read.

JSON: {\"sequences\": [[…], …]}, ids: prompt and continuation, with the end token if there is one.";

impl GenerateArgs {
    /// The texts that were said, in either way.
    fn texts(&self) -> &[String] {
        if self.text.is_empty() { &self.prompt } else { &self.text }
    }
}

#[derive(Serialize)]
struct Sequences {
    sequences: Vec<Vec<u32>>,
}

pub(crate) fn run(args: &GenerateArgs, common: &Common) -> Result<()> {
    let options = common.load_options();
    let scratch = common.scratch()?;
    let draft = args.draft.as_ref().map(|draft| CausalLm::from_dir(draft, &options));
    let draft = draft.transpose().map_err(|error| with_hint(error.into()))?;
    let draft = draft.as_ref().map(|loaded| &loaded.model);
    let mut output = Output::new(common.format);
    if let Some(file) = &args.ids {
        let model = common.causal_lm()?;
        // Ids can be continued without a tokenizer; with one they are shown as text.
        let (config, tokenizer) = match common.place(BuiltIn::Gpt)? {
            Place::Dir(dir) => (GenerationConfig::from_dir(&dir)?, Tokenizer::from_dir(&dir).ok()),
            Place::BuiltIn(model) => (
                GenerationConfig::from_json(lt_tiny_gpt::GENERATION_CONFIG)?,
                Some(model.tokenizer()?),
            ),
        };
        let settings = args.flags.settings(config)?;
        let (tokenizer, threads) = (tokenizer.as_ref(), scratch.threads());
        let writer = Writer { model: &model, draft, tokenizer, settings, threads };
        let ids = Ids::from_file(file)?;
        let prompts: Vec<Vec<u32>> =
            ids.sequences.ranges().map(|range| ids.ids[range].to_vec()).collect();
        let place = format!("`{}`", file.display());
        print(args, &writer, &prompts, &[], &mut output, common.format)
            .map_err(|failure| failure.at(place))?;
        return output.finish();
    }
    let generator = common.text_generator()?;
    let writer = Writer {
        model: generator.model(),
        draft,
        tokenizer: Some(generator.tokenizer()),
        settings: args.flags.settings(generator.config().clone())?,
        threads: scratch.threads(),
    };
    if args.chat && args.texts().is_empty() {
        chat::converse(&generator, &writer, args.system.as_deref(), &mut output, common.format)?;
        return output.finish();
    }
    let texts: Vec<String> = TextInput::new(args.texts()).collect::<Result<_>>()?;
    let tokenize = |text: &String| -> Result<Vec<u32>> {
        if args.chat {
            chat::first_turn(&generator, args.system.as_deref(), text)
        } else {
            Ok(generator.tokenize(text)?)
        }
    };
    let prompts = texts.iter().enumerate().map(|(number, text)| {
        tokenize(text).map_err(|failure| failure.at(format!("text {}", number + 1)))
    });
    let prompts: Vec<Vec<u32>> = prompts.collect::<Result<_>>()?;
    print(args, &writer, &prompts, &texts, &mut output, common.format)?;
    output.finish()
}

/// Writes on from all prompts, and prints it.
fn print(
    args: &GenerateArgs,
    writer: &Writer<'_>,
    prompts: &[Vec<u32>],
    texts: &[String],
    output: &mut Output,
    format: Format,
) -> Result<()> {
    let copies = args.flags.copies(&writer.settings);
    let prompts: Vec<&[u32]> =
        prompts.iter().flat_map(|prompt| std::iter::repeat_n(prompt.as_slice(), copies)).collect();
    writer.check(&prompts)?;
    match format {
        Format::Json => {
            let written = writer.write(&prompts)?;
            output.json(&Sequences { sequences: written.into_iter().map(|it| it.ids).collect() })
        }
        Format::Text => {
            let (dim, title) = (Style::new().dimmed(), prompts.len() > 1);
            for (number, &prompt) in prompts.iter().enumerate() {
                if title {
                    let text = texts.get(number / copies.max(1)).map_or("", String::as_str);
                    let text = shortened(text, output.columns().saturating_sub(8));
                    writeln!(output, "{dim}[{}] {text}{dim:#}", number + 1)?;
                }
                writer.stream(prompt, number, output)?;
            }
            Ok(())
        }
    }
}

/// A checkpoint that says how to speak, or a hint what else to do.
fn no_template(error: lt_tasks::TaskError) -> Failure {
    match error {
        lt_tasks::TaskError::ChatTemplate(_) => {
            Failure::from(error).hint("without --chat the text is continued as it is")
        }
        other => other.into(),
    }
}
