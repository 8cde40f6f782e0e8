#![doc = concat!(
    include_str!("../doc/01-config.md"),
    include_str!("../doc/parameters.mathml"),
    include_str!("../doc/01b-parameters.md"),
    include_str!("../doc/where.svg"),
    include_str!("../doc/01c-sentence.md"),
    include_str!("../doc/02-count.md"),
    include_str!("../doc/03-laws.md"),
)]

mod albert;
mod bert;
mod count;
mod cross_encoder;
mod decoders;
mod distilbert;
mod electra;
mod error;
mod family;
mod fields;
mod file;
mod gemma3_text;
mod generation;
mod gpt2;
mod labels;
mod layer_type;
mod limits;
mod llama;
mod mistral;
mod modernbert;
mod modules;
mod mpnet;
mod pooling;
mod qwen2;
mod qwen3;
mod read;
mod roberta;
mod rope;
mod rope_parameters;
mod rope_reading;
mod sentence_transformers;
mod shared;
mod token_ids;
mod variants;

pub use albert::AlbertConfig;
pub use bert::BertConfig;
pub use cross_encoder::{CrossEncoder, ScoreActivation};
pub use distilbert::DistilBertConfig;
pub use electra::ElectraConfig;
pub use error::{ConfigError, Origin};
pub use family::ModelConfig;
pub use gemma3_text::Gemma3TextConfig;
pub use generation::{EarlyStopping, GenerationConfig};
pub use gpt2::Gpt2Config;
pub use labels::{Labels, Problem};
pub use layer_type::LayerType;
pub use llama::LlamaConfig;
pub use mistral::MistralConfig;
pub use modernbert::ModernBertConfig;
pub use mpnet::MpnetConfig;
pub use pooling::Pooling;
pub use qwen2::Qwen2Config;
pub use qwen3::Qwen3Config;
pub use roberta::RobertaConfig;
pub use rope_parameters::{RopeParameters, RopeScaling, YarnScaling};
pub use sentence_transformers::{Preparation, SentenceTransformers};
pub use shared::Shared;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
