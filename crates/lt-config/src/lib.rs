#![doc = concat!(
    include_str!("../doc/01-config.md"),
    include_str!("../doc/parameters.mathml"),
    include_str!("../doc/02-count.md"),
)]

mod bert;
mod cross_encoder;
mod distilbert;
mod electra;
mod error;
mod family;
mod fields;
mod file;
mod labels;
mod modules;
mod pooling;
mod roberta;
mod sentence_transformers;

pub use bert::BertConfig;
pub use cross_encoder::{CrossEncoder, ScoreActivation};
pub use distilbert::DistilBertConfig;
pub use electra::ElectraConfig;
pub use error::{ConfigError, Origin};
pub use family::ModelConfig;
pub use labels::{Labels, Problem};
pub use pooling::Pooling;
pub use roberta::RobertaConfig;
pub use sentence_transformers::{Preparation, SentenceTransformers};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
