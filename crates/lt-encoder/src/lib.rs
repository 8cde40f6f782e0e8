#![doc = concat!(
    include_str!("../doc/01-encoder.md"),
    include_str!("../doc/post-ln.mathml"),
    include_str!("../doc/02-pre-ln.md"),
    include_str!("../doc/pre-ln.mathml"),
    include_str!("../doc/03-code.md"),
    include_str!("../doc/pooler.mathml"),
    include_str!("../doc/04-order.md"),
    include_str!("../doc/permutation.mathml"),
    include_str!("../doc/05-laws.md"),
)]

mod encoder;
mod layer;
mod pooler;
mod stack;

pub use encoder::{Encoder, EncoderTrace};
pub use layer::{EncoderLayer, NormPlacement, Norms, SublayerDropout};
pub use lt_attention::HiddenStates;
pub use lt_core;
pub use pooler::{Pooler, Sequences, first_tokens, mean_tokens, tokens_at};
pub use stack::Stack;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
