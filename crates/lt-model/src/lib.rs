#![doc = concat!(
    include_str!("../doc/01-model.md"),
    include_str!("../doc/bert.mathml"),
    include_str!("../doc/02-masked-lm.md"),
    include_str!("../doc/masked-lm.mathml"),
    include_str!("../doc/02b-symbols.md"),
    include_str!("../doc/02c-sentence.md"),
    include_str!("../doc/03-loading.md"),
    include_str!("../doc/causal-lm.mathml"),
    include_str!("../doc/04-causal-lm.md"),
    include_str!("../doc/05-learning.md"),
    include_str!("../doc/tied-backward.mathml"),
    include_str!("../doc/05-learning-code.md"),
    include_str!("../doc/05b-real-model.md"),
    include_str!("../doc/06-traps.md"),
)]

mod causal_lm;
mod encoder;
mod error;
mod families;
mod family;
mod head;
mod head_transform;
mod initial;
mod layers;
mod load;
mod masked_lm;
mod model;
mod predict_at;
mod question_answering;
mod replaced_tokens;
mod score_head;
mod sequence_classifier;
mod token_classifier;
#[cfg(feature = "train")]
mod words;
mod writer;

pub use causal_lm::CausalLm;
#[cfg(feature = "train")]
pub use causal_lm::CausalLmCache;
#[cfg(feature = "train")]
pub use encoder::TextEncoderCache;
pub use encoder::{EncoderOutput, EncoderTrace, TextEncoder, Top};
pub use error::ModelError;
pub use head_transform::HeadTransform;
#[cfg(feature = "train")]
pub use head_transform::HeadTransformCache;
pub use initial::computed_parameters;
pub use layers::Layers;
#[cfg(feature = "train")]
pub use layers::LayersCache;
pub use load::{LoadOptions, Loaded};
pub use lt_attention::{HiddenStates, KvCache};
pub use lt_config;
pub use lt_core;
pub use lt_embedding::{EmbeddingParts, PredictAt, TokenIds};
pub use lt_weights;
pub use lt_weights::{Reading, Report, Warning};
#[cfg(feature = "train")]
pub use masked_lm::MaskedLmCache;
pub use masked_lm::{Decoder, MaskedLm, MaskedLmHead};
pub use model::{Model, ModelOutput};
pub use question_answering::{QuestionAnswering, SpanLogits};
pub use replaced_tokens::ReplacedTokens;
pub use score_head::{HeadDropout, ScoreHead};
#[cfg(feature = "train")]
pub use score_head::{ScoreHeadCache, TokenScoresCache};
#[cfg(feature = "train")]
pub use sequence_classifier::SequenceClassifierCache;
pub use sequence_classifier::{LooksAt, SequenceClassifier, SequenceHead};
pub use token_classifier::TokenClassifier;
pub use writer::{Writer, WriterCache};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
