#![doc = include_str!("../doc/01-decoder.md")]

mod decoder;
mod layer;
mod sublayer;

pub use decoder::{Decoder, DecoderTrace};
pub use layer::DecoderLayer;
pub use lt_attention::{HiddenStates, KvCache};
pub use lt_core;
pub use sublayer::SublayerNorms;
