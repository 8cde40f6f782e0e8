#![doc = concat!(
    include_str!("../doc/01-embedding.md"),
    include_str!("../doc/added.svg"),
    include_str!("../doc/01a-sentence.md"),
    include_str!("../doc/01b-formula.md"),
    include_str!("../doc/embedding.mathml"),
    include_str!("../doc/02-symbols.md"),
    include_str!("../doc/sinusoidal.mathml"),
    include_str!("../doc/03-positions.md"),
    include_str!("../doc/positions.svg"),
    include_str!("../doc/03b-table.md"),
    include_str!("../doc/alibi.mathml"),
    include_str!("../doc/04-distances.md"),
    include_str!("../doc/rotary.mathml"),
    include_str!("../doc/05-rotary.md"),
    include_str!("../doc/embedding-backward.mathml"),
    include_str!("../doc/06-backward.md"),
    include_str!("../doc/07-laws.md"),
)]

mod alibi;
mod position;
mod predict_at;
mod relative;
mod rotary;
mod table;
mod text;

pub use alibi::Alibi;
pub use lt_core;
pub use position::{PositionIds, Positions, sinusoidal_table};
pub use predict_at::PredictAt;
pub use relative::{Buckets, RelativeBias};
pub use rotary::{Rotary, RotaryInput, RotaryLayout, RotaryScaling, YarnBorders};
pub use table::Embedding;
#[cfg(feature = "train")]
pub use text::backward::TextEmbeddingsCache;
pub use text::{EmbeddingParts, TextEmbeddings, TokenIds};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
