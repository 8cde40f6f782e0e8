#![doc = concat!(
    include_str!("../doc/01-model.md"),
    include_str!("../doc/bert.mathml"),
    include_str!("../doc/02-masked-lm.md"),
    include_str!("../doc/masked-lm.mathml"),
    include_str!("../doc/03-loading.md"),
    include_str!("../doc/causal-lm.mathml"),
    include_str!("../doc/04-causal-lm.md"),
)]

mod causal_lm;
mod encoder;
mod error;
mod families;
mod family;
mod head;
mod head_transform;
mod layers;
mod load;
mod masked_lm;
mod model;
mod question_answering;
mod replaced_tokens;
mod score_head;
mod sequence_classifier;
mod token_classifier;
mod writer;

pub use causal_lm::CausalLm;
pub use encoder::{EncoderOutput, EncoderTrace, TextEncoder, Top};
pub use error::ModelError;
pub use head_transform::HeadTransform;
pub use layers::Layers;
pub use load::{LoadOptions, Loaded};
pub use lt_attention::{HiddenStates, KvCache};
pub use lt_config;
pub use lt_core;
pub use lt_embedding::{EmbeddingParts, TokenIds};
pub use lt_weights;
pub use lt_weights::{Reading, Report, Warning};
pub use masked_lm::{Decoder, MaskedLm, MaskedLmHead};
pub use model::{Model, ModelOutput};
pub use question_answering::{QuestionAnswering, SpanLogits};
pub use replaced_tokens::ReplacedTokens;
pub use score_head::{HeadDropout, ScoreHead};
pub use sequence_classifier::{LooksAt, SequenceClassifier, SequenceHead};
pub use token_classifier::TokenClassifier;
pub use writer::{Writer, WriterCache};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
