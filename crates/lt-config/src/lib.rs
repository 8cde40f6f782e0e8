#![doc = concat!(
    include_str!("../doc/01-config.md"),
    include_str!("../doc/parameters.mathml"),
    include_str!("../doc/02-count.md"),
)]

mod bert;
mod error;
mod family;
mod fields;
mod file;
mod modules;
mod pooling;
mod sentence_transformers;

pub use bert::BertConfig;
pub use error::{ConfigError, Origin};
pub use family::ModelConfig;
pub use pooling::Pooling;
pub use sentence_transformers::{Preparation, SentenceTransformers};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
