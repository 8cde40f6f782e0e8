#![doc = concat!(
    include_str!("../doc/01-generate.md"),
    include_str!("../doc/strategies.svg"),
    include_str!("../doc/01b-generate.md"),
    include_str!("../doc/01c-sentence.md"),
    include_str!("../doc/01d-generate.md"),
    include_str!("../doc/likelihood.mathml"),
    include_str!("../doc/02-generate.md"),
    include_str!("../doc/score.mathml"),
    include_str!("../doc/03-generate.md"),
    include_str!("../doc/acceptance.mathml"),
    include_str!("../doc/04-generate.md"),
    include_str!("../doc/05-generate.md"),
)]

mod beam_search;
mod chooser;
mod error;
mod generator;
mod length;
mod logits;
mod model;
mod one_by_one;
mod prefix;
mod processor;
pub mod processors;
mod random;
mod rank;
mod sequence;
mod settings;
mod shares;
mod speculative;
mod stop_strings;
mod strategy;
mod table_model;
mod text_stream;
mod written;

pub use error::{GenerateError, Result};
pub use generator::{Generator, SpeculativeGenerator};
pub use length::Length;
pub use logits::Logits;
pub use lt_core;
pub use model::{LanguageModel, Wanted};
pub use prefix::Prefix;
pub use processor::{Buffers, LogitsProcessor, Processors};
pub use settings::{Scores, Settings};
pub use stop_strings::{Seen, StopStrings};
pub use strategy::{Beam, EarlyStopping, Sampling, Strategy};
pub use table_model::{TableError, TableModel};
pub use text_stream::{Detokenize, TextStream};
pub use written::{Event, Finish, Written};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
