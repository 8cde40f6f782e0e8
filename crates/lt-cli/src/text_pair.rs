//! A text, or two that belong together, as the command line and the input have them.

use clap::Args;
use lt_tokenizer::Text;

use crate::failure::{Failure, Result};

// Whether texts are pairs. Not a doc comment: clap would print it as what the command does.
#[derive(Debug, Args)]
pub(crate) struct PairArgs {
    /// The second text of a pair whose first is TEXT
    #[arg(long, value_name = "TEXT", conflicts_with = "pairs")]
    pair: Option<String>,
    /// Each text is a pair: two texts with a tab between them
    #[arg(long)]
    pairs: bool,
}

/// A text, or a pair.
#[derive(Debug)]
pub(crate) struct TextPair {
    pub(crate) text: String,
    pub(crate) pair: Option<String>,
}

impl PairArgs {
    /// A text as it came, alone or with the one that belongs to it.
    pub(crate) fn parse(&self, text: String) -> Result<TextPair> {
        if !self.pairs {
            return Ok(TextPair { text, pair: self.pair.clone() });
        }
        match text.split_once('\t') {
            Some((first, second)) if !second.contains('\t') => {
                Ok(TextPair { text: first.to_owned(), pair: Some(second.to_owned()) })
            }
            found => {
                let tabs = if found.is_some() { "several tabs" } else { "no tab" };
                Err(Failure::new(format!("expected two texts with a tab between them, got {tabs}"))
                    .hint("--pairs takes pairs; without it each line is one text"))
            }
        }
    }
}

impl TextPair {
    pub(crate) fn as_text(&self) -> Text<'_> {
        match &self.pair {
            Some(pair) => Text::Pair(&self.text, pair),
            None => Text::Single(&self.text),
        }
    }

    /// On one line, for people.
    pub(crate) fn shown(&self) -> String {
        match &self.pair {
            Some(pair) => format!("{} | {pair}", self.text),
            None => self.text.clone(),
        }
    }
}
