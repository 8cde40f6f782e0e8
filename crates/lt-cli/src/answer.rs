//! `lt answer`: where in a text the answer to a question stands.

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anstyle::{AnsiColor, Style};
use clap::{ArgGroup, Args};
use lt_tasks::answer::{Answer, AnswerOptions, NoAnswer, QuestionAnswerer};
use serde::{Deserialize, Serialize};

use crate::another_head::with_hint;
use crate::args::{Common, Format};
use crate::columns::{padded, printable, shortened, width};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::tag::{WindowSettings, highlighted};
use crate::text_input::TextInput;
use crate::windows::answer_all;

/// Find the answer to a question in a text
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("asked").args(["question", "context"]))]
pub(crate) struct AnswerArgs {
    /// With --question the texts to look in, with --context the questions; without any, each line
    /// of the standard input is one
    #[arg(value_name = "TEXT", requires = "asked")]
    texts: Vec<String>,
    /// Ask this of each text
    #[arg(long, value_name = "TEXT", conflicts_with = "context")]
    question: Option<String>,
    /// Look for the answers in this file
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// How many answers are shown for each question
    #[arg(long, value_name = "N", default_value = "1")]
    top: NonZeroUsize,
    /// The most tokens of an answer
    #[arg(long, value_name = "N", default_value = "15")]
    max_answer_tokens: NonZeroUsize,
    /// Let it be an answer that the text has none (if the model was trained with such)
    #[arg(long)]
    allow_no_answer: bool,
    #[command(flatten)]
    windows: WindowSettings,
}

const EXAMPLES: &str = "\
Examples:
  lt answer --model DIR --question \"Where do I live?\" \"My name is Wolfgang and I live in Berlin.\"
  lt answer --model DIR --context book.txt \"Who is the murderer?\" \"Where was the body?\"
  lt answer --model DIR --format json < questions.jsonl

Without --question and --context each line of the standard input is JSON:
{\"question\": \"Where do I live?\", \"context\": \"My name is …\"}

JSON, a line for each question: {\"question\": \"Where …\", \"answers\": [{\"text\": \"Berlin\",
\"score\": 0.98, \"start\": 34, \"end\": 40}]}; start and end are counted in characters. The text is
empty where --allow-no-answer found that there is none.

The model must have been saved with the head that finds answers (BertForQuestionAnswering). Texts
of any length are looked at, in windows that overlap.";

/// The longest file that is looked in, in bytes.
const LONGEST_FILE: u64 = 16 << 20;

/// A line of JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    question: String,
    context: String,
}

#[derive(Serialize)]
struct Line<'a> {
    question: &'a str,
    answers: &'a [Answer],
}

pub(crate) fn run(args: &AnswerArgs, common: &Common) -> Result<()> {
    let source = Source::of(args)?;
    let answerer = load(args, common)?;
    let no_answer = if args.allow_no_answer { NoAnswer::Allowed } else { NoAnswer::Never };
    let options = AnswerOptions::default()
        .top(args.top.get())
        .longest(args.max_answer_tokens.get())
        .no_answer(no_answer);
    let mut scratch = common.scratch()?;
    let mut output = Output::new(common.format);
    let parse = |text: String| source.question(text);
    let answer =
        |questions: &[(String, Rc<str>)]| answerer.answer_all(questions, &options, &mut scratch);
    let texts = TextInput::new(&args.texts);
    answer_all(texts, &mut output, parse, answer, |output, (question, context), answers| {
        match common.format {
            Format::Json => output.json(&Line { question, answers }),
            Format::Text => print_answers(output, question, context, answers),
        }
    })?;
    output.finish()
}

/// What the texts are.
enum Source {
    /// Contexts of this question.
    Contexts(String),
    /// Questions about this context.
    Questions(Rc<str>),
    /// JSON that has both.
    Both,
}

impl Source {
    fn of(args: &AnswerArgs) -> Result<Self> {
        match (&args.question, &args.context) {
            (Some(question), _) => Ok(Self::Contexts(question.clone())),
            (None, Some(path)) => Ok(Self::Questions(read(path)?.into())),
            (None, None) => Ok(Self::Both),
        }
    }

    /// The question that a text is or has, and its context.
    fn question(&self, text: String) -> Result<(String, Rc<str>)> {
        match self {
            Self::Contexts(question) => Ok((question.clone(), text.into())),
            Self::Questions(context) => Ok((text, Rc::clone(context))),
            Self::Both => match serde_json::from_str(&text) {
                Ok(Question { question, context }) => Ok((question, context.into())),
                Err(error) => Err(Failure::from(error).hint(
                    "each line is expected to be {\"question\": \"…\", \"context\": \"…\"}; \
                     for plain text give --question or --context",
                )),
            },
        }
    }
}

fn read(path: &Path) -> Result<String> {
    let shown = path.display();
    let cannot = |error| Failure::new(format!("cannot read `{shown}`: {error}"));
    let bytes = fs::metadata(path).map_err(cannot)?.len();
    if bytes > LONGEST_FILE {
        let limit = LONGEST_FILE >> 20;
        return Err(Failure::new(format!("`{shown}` is longer than {limit} MB"))
            .hint("give the part of it that the answers stand in"));
    }
    fs::read_to_string(path).map_err(cannot)
}

fn load(args: &AnswerArgs, common: &Common) -> Result<QuestionAnswerer> {
    let answerer = QuestionAnswerer::from_dir(common.model_dir()?, &common.load_options())
        .map_err(with_hint)?;
    match args.windows.over(answerer.windows()) {
        Some(size) => Ok(answerer.with_windows(size)?),
        None => Ok(answerer),
    }
}

/// The question, its answers, and the best one where it stands.
fn print_answers(
    output: &mut Output,
    question: &str,
    context: &str,
    answers: &[Answer],
) -> Result<()> {
    let (dim, bold) = (Style::new().dimmed(), Style::new().bold());
    let found = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    let columns = output.columns();
    writeln!(output, "{bold}{}{bold:#}", shortened(question, columns))?;
    if answers.is_empty() {
        writeln!(output, "  {dim}the text has no words{dim:#}")?;
    }
    let shown = |answer: &Answer| match answer.is_none() {
        true => "(no answer in the text)".to_owned(),
        false => printable(&answer.text),
    };
    let widest = answers.iter().map(|answer| width(&shown(answer))).max().unwrap_or(0);
    let widest = widest.min(columns * 2 / 3);
    for answer in answers {
        let text = padded(&shortened(&shown(answer), widest), widest);
        let Answer { score, start, end, .. } = answer;
        writeln!(output, "  {text}  {score:>6.4}  {dim}{start}..{end}{dim:#}")?;
    }
    if let Some(best) = answers.first().filter(|answer| !answer.is_none()) {
        writeln!(output, "  {}", around(context, best, columns.saturating_sub(4), found))?;
    }
    writeln!(output)?;
    Ok(())
}

/// An answer in what stands around it, in about so many columns.
fn around(context: &str, answer: &Answer, columns: usize, style: Style) -> String {
    let room = columns.saturating_sub(width(&printable(&answer.text))) / 2;
    let characters: Vec<char> = context.chars().collect();
    // As many on either side as fit; a Chinese character takes two columns.
    let fits = |characters: &mut dyn Iterator<Item = &char>| {
        let mut used = 0;
        characters
            .take_while(|c| {
                used += width(&printable(&c.to_string()));
                used <= room
            })
            .count()
    };
    let (start, end) = (answer.start.min(characters.len()), answer.end.min(characters.len()));
    let from = start - fits(&mut characters[..start].iter().rev());
    let to = end + fits(&mut characters[end..].iter());
    let part: String = characters[from..to].iter().collect();
    let before = if from > 0 { "…" } else { "" };
    let behind = if to < characters.len() { "…" } else { "" };
    let place = start - from..end - from;
    format!("{before}{}{behind}", highlighted(&part, [place], style))
}
