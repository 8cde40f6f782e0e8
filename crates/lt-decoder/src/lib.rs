#![doc = concat!(
    include_str!("../doc/01-decoder.md"),
    include_str!("../doc/chain.mathml"),
    include_str!("../doc/02-idea.md"),
    include_str!("../doc/cache.svg"),
    include_str!("../doc/03-sublayer.md"),
    include_str!("../doc/03a-sentence.md"),
    include_str!("../doc/03b-formula.md"),
    include_str!("../doc/sublayer.mathml"),
    include_str!("../doc/04-layer.md"),
    include_str!("../doc/layer.mathml"),
    include_str!("../doc/05-code.md"),
    include_str!("../doc/06-learning.md"),
    include_str!("../doc/sublayer-backward.mathml"),
    include_str!("../doc/06-learning-code.md"),
    include_str!("../doc/07-real-model.md"),
)]

mod decoder;
mod layer;
mod sublayer;

#[cfg(feature = "train")]
pub use decoder::DecoderCache;
pub use decoder::{Decoder, DecoderTrace};
pub use layer::DecoderLayer;
#[cfg(feature = "train")]
pub use layer::DecoderLayerCache;
pub use lt_attention::{HiddenStates, KvCache};
pub use lt_core;
pub use sublayer::SublayerNorms;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
