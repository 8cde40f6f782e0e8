//! `lt tour`: one sentence through every stage.
//!
//! Everything is computed first ([`data`], from the stages' modules) and shown afterwards
//! ([`show`]).

mod attention;
mod cache;
mod checkpoint;
mod data;
mod embeddings;
mod heads;
mod layers;
mod next_token;
mod outcome;
mod pieces;
#[cfg(test)]
mod sample;
mod show;
mod sight;
mod spelling;
mod vectors;

use std::io::{self, IsTerminal, Write};

use clap::Args;

use crate::args::{Common, Format};
use crate::built_in::BuiltIn;
use crate::failure::Result;
use crate::model_dir::Place;
use crate::output::Output;
use crate::text_input::TextInput;
use attention::Wanted;
use checkpoint::Checkpoint;
use data::Tour;

/// One word twice with two meanings, and one that the vocabulary has only in parts.
const SENTENCE: &str = "The second kayaker finished one second later.";

/// For a model that goes on: words that come again, and an end that is open.
const BEGINNING: &str = "The capital of France is Paris, and the capital of Italy is";

/// Carry a sentence through every stage of a model, and show each
///
/// Pieces and ids, embeddings, the attention of one head, the layers, and the result: of an encoder
/// a vector or a masked word, of a decoder the next token, and the cache while a few are written.
#[derive(Debug, Args)]
#[command(after_long_help = MEANING)]
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

const MEANING: &str = "\
Examples:
  lt tour
  lt tour \"She will wound the man who wound the clock.\"
  lt tour --model DIR --layer 1 --head 8 \"The cat sat on the mat.\"
  lt tour --model lt-tiny-gpt \"It was a fine morning\"
  lt tour --model DIR --format json \"The cat sat on the mat.\"

JSON: one object with everything that the tour shows, and the vectors and weights in full.
  text, prepared    the text, and what the tokenizer got if that is another
  model             how large it is; positions is the longest text in tokens
  pieces            token, id, text, from, to (characters), special, unknown, word; readable
                    where the vocabulary is spelt in bytes
  embeddings        for each piece the lengths of what is added up; build: scale, normalised,
                    rotary_theta (null: no rotary positions)
  attention         shown (layer, head, sharpness, to_special, to_first, habit), chosen, causal,
                    window (how many places away a piece sees, null: all), keys (head, of,
                    shared_by: its head of keys, and the heads that share it), weights (a row
                    for each piece; null: hidden by the mask), strongest,
                    sharpest_of_each_layer
  layers, followed  cosines after each layer
  result            kind: sentence_vector, masked_words or next_token, which has
    next            the likeliest tokens behind the text
    probabilities   of every token of the vocabulary, by its id
    foretold        for each piece but the first: at, token, id, its probability and rank, and
                    expected, the likeliest in its place
    perplexity      of the text; null for a single token
  cache             of a model that goes on, while it writes the likeliest token each time
    layers          heads, key, value (their widths), query_heads, window
    bytes_per_token
    steps           token (null: the whole text), kept (tokens), bytes, memory, keys (looked at
                    in each layer), with_cache and without_cache (tokens, keys,
                    multiplications), same_bits (whether the scores are those without a cache:
                    both are computed), next
    end             enough_seen, context_full or end_token";

pub(crate) fn run(args: &TourArgs, common: &Common) -> Result<()> {
    let checkpoint = match common.place(BuiltIn::Bert)? {
        Place::Dir(dir) => Checkpoint::load(&dir, &common.load_options())?,
        Place::BuiltIn(model) => Checkpoint::built_in(model)?,
    };
    let mut scratch = common.scratch()?;
    let wanted = Wanted { layer: args.layer, head: args.head };
    let mut output = Output::new(common.format);
    let again = show::Again { model: common.model.as_deref() };
    let ours = match checkpoint {
        Checkpoint::CausalLm(_) => BEGINNING,
        _ => SENTENCE,
    };
    for text in texts(args, ours) {
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
fn texts(args: &TourArgs, ours: &'static str) -> Box<dyn Iterator<Item = Result<String>>> {
    if let Some(text) = &args.text {
        return Box::new(std::iter::once(Ok(text.clone())));
    }
    let ours = || std::iter::once(Ok(ours.to_owned()));
    if io::stdin().is_terminal() {
        return Box::new(ours());
    }
    let mut lines = TextInput::new(&[]).peekable();
    if lines.peek().is_some() { Box::new(lines) } else { Box::new(ours()) }
}
