#![doc = concat!(
    include_str!("../doc/01-encoder.md"),
    include_str!("../doc/norms.svg"),
    include_str!("../doc/01b-formula.md"),
    include_str!("../doc/post-ln.mathml"),
    include_str!("../doc/02-pre-ln.md"),
    include_str!("../doc/pre-ln.mathml"),
    include_str!("../doc/03-code.md"),
    include_str!("../doc/stream.svg"),
    include_str!("../doc/03a-sentence.md"),
    include_str!("../doc/03b-pooler.md"),
    include_str!("../doc/pooler.mathml"),
    include_str!("../doc/04-order.md"),
    include_str!("../doc/permutation.mathml"),
    include_str!("../doc/05-laws.md"),
    include_str!("../doc/06-learning.md"),
    include_str!("../doc/residual-backward.mathml"),
    include_str!("../doc/06-learning-code.md"),
    include_str!("../doc/07-real-model.md"),
)]

mod encoder;
mod layer;
mod pooler;
mod stack;

#[cfg(feature = "train")]
pub use encoder::EncoderCache;
pub use encoder::{Encoder, EncoderTrace};
#[cfg(feature = "train")]
pub use layer::EncoderLayerCache;
pub use layer::{EncoderLayer, NormPlacement, Norms, SublayerDropout};
pub use lt_attention::HiddenStates;
pub use lt_core;
pub use pooler::{Pooler, Sequences, first_tokens, mean_tokens, tokens_at};
#[cfg(feature = "train")]
pub use pooler::{PoolerCache, first_tokens_backward, mean_tokens_backward, tokens_at_backward};
pub use stack::Stack;
#[cfg(feature = "train")]
pub use stack::StackCache;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
