#![doc = concat!(
    include_str!("../doc/01-config.md"),
    include_str!("../doc/parameters.mathml"),
    include_str!("../doc/02-count.md"),
)]

mod albert;
mod bert;
mod count;
mod cross_encoder;
mod distilbert;
mod electra;
mod error;
mod family;
mod fields;
mod file;
mod labels;
mod layer_type;
mod limits;
mod modernbert;
mod modules;
mod mpnet;
mod pooling;
mod read;
mod roberta;
mod rope;
mod sentence_transformers;
mod shared;
mod variants;

pub use albert::AlbertConfig;
pub use bert::BertConfig;
pub use cross_encoder::{CrossEncoder, ScoreActivation};
pub use distilbert::DistilBertConfig;
pub use electra::ElectraConfig;
pub use error::{ConfigError, Origin};
pub use family::ModelConfig;
pub use labels::{Labels, Problem};
pub use layer_type::LayerType;
pub use modernbert::ModernBertConfig;
pub use mpnet::MpnetConfig;
pub use pooling::Pooling;
pub use roberta::RobertaConfig;
pub use sentence_transformers::{Preparation, SentenceTransformers};
pub use shared::Shared;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
