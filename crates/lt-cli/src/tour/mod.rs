//! `lt tour`: one sentence through every stage.
//!
//! Everything is computed first ([`data`], from the stages' modules) and shown afterwards
//! ([`show`]).

mod attention;
mod checkpoint;
mod data;
mod embeddings;
mod layers;
mod outcome;
mod pieces;
#[cfg(test)]
mod sample;
mod show;
mod vectors;

use std::io::{self, IsTerminal, Write};

use clap::Args;

use crate::args::{Common, Format};
use crate::failure::Result;
use crate::output::Output;
use crate::text_input::TextInput;
use attention::Wanted;
use checkpoint::Checkpoint;
use data::Tour;

/// One word twice with two meanings, and one that the vocabulary has only in parts.
const SENTENCE: &str = "The second kayaker finished one second later.";

/// Carry a sentence through every stage of a model, and show each
///
/// Pieces and ids, embeddings, the attention of one head, the layers, and the result.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TourArgs {
    /// The sentence [default: the lines of the standard input, or a sentence of our own]
    text: Option<String>,
    /// Show the attention of this layer, counted from 0 [default: the one of the sharpest head]
    #[arg(long, value_name = "N")]
    layer: Option<usize>,
    /// Show the attention of this head, counted from 0 [default: the sharpest]
    #[arg(long, value_name = "N")]
    head: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  lt tour --model DIR
  lt tour --model DIR \"She will wound the man who wound the clock.\"
  lt tour --model DIR --layer 1 --head 8 \"The cat sat on the mat.\"
  lt tour --model DIR --format json \"The cat sat on the mat.\"

JSON: one object with everything that the tour shows, and the vectors and weights in full.";

pub(crate) fn run(args: &TourArgs, common: &Common) -> Result<()> {
    let dir = common.model_dir()?;
    let checkpoint = Checkpoint::load(&dir, &common.load_options())?;
    let mut scratch = common.scratch()?;
    let wanted = Wanted { layer: args.layer, head: args.head };
    let mut output = Output::new(common.format);
    let again = show::Again { model: common.model.as_deref() };
    for text in texts(args) {
        let tour = Tour::new(&checkpoint, &text?, wanted, &mut scratch)?;
        match common.format {
            Format::Json => output.json(&tour)?,
            Format::Text => {
                let columns = output.columns();
                output.write_all(show::tour(&tour, &again, columns).as_bytes())?;
            }
        }
    }
    output.finish()
}

/// The text that was given; else the lines of the standard input; else, where there are none or a
/// person sits before it, a sentence of our own.
fn texts(args: &TourArgs) -> Box<dyn Iterator<Item = Result<String>>> {
    if let Some(text) = &args.text {
        return Box::new(std::iter::once(Ok(text.clone())));
    }
    let ours = || std::iter::once(Ok(SENTENCE.to_owned()));
    if io::stdin().is_terminal() {
        return Box::new(ours());
    }
    let mut lines = TextInput::new(&[]).peekable();
    if lines.peek().is_some() { Box::new(lines) } else { Box::new(ours()) }
}
