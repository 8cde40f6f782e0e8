#![doc = concat!(
    include_str!("../doc/01-attention.md"),
    include_str!("../doc/head.svg"),
    include_str!("../doc/01b-formula.md"),
    include_str!("../doc/attention.mathml"),
    include_str!("../doc/02-scale.md"),
    include_str!("../doc/variance.mathml"),
    include_str!("../doc/03-masks.md"),
    include_str!("../doc/masked-attention.mathml"),
    include_str!("../doc/03b-rules.md"),
    include_str!("../doc/masks.svg"),
    include_str!("../doc/03c-sentence.md"),
    include_str!("../doc/04-code.md"),
    include_str!("../doc/multi-head.mathml"),
    include_str!("../doc/05-heads.md"),
    include_str!("../doc/grouped.mathml"),
    include_str!("../doc/06-grouped.md"),
    include_str!("../doc/cap.mathml"),
    include_str!("../doc/07-capped.md"),
    include_str!("../doc/decoder-attention.mathml"),
    include_str!("../doc/08-kept.md"),
    include_str!("../doc/attention-backward.mathml"),
    include_str!("../doc/09-learning.md"),
    include_str!("../doc/10-laws.md"),
)]

mod cache;
mod dot_product;
mod input;
mod multi_head;
mod projected;
mod window;
mod with_cache;

pub use cache::{CacheShape, KvCache, LayerCache, Owner, WithCache};
pub use dot_product::ScaledDotProduct;
pub use input::{AttentionInput, CrossAttentionInput, HiddenStates};
pub use lt_core;
pub use lt_kernels::{DistanceBias, Heads};
#[cfg(feature = "train")]
pub use multi_head::backward::{CrossGrad, HiddenGrad, MultiHeadCache};
pub use multi_head::{AttentionConfig, MultiHeadAttention, Projections};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
