#![doc = concat!(
    include_str!("../doc/01-kernels.md"),
    include_str!("../doc/product.mathml"),
    include_str!("../doc/02-product.md"),
    include_str!("../doc/softmax.mathml"),
    include_str!("../doc/03-softmax.md"),
    include_str!("../doc/online-softmax.mathml"),
    include_str!("../doc/04-attention.md"),
    include_str!("../doc/04b-sentence.md"),
    include_str!("../doc/05-fast.md"),
    include_str!("../doc/tile.svg"),
    include_str!("../doc/05-tile.md"),
    include_str!("../doc/06-traps.md"),
)]
// The one crate of the workspace that may: see `instructions.rs` and its folder, `threads.rs` and
// `pool.rs`.
#![allow(unsafe_code)]

mod activation;
mod attention;
#[cfg(feature = "train")]
mod dropping;
mod feed_forward;
mod gated_feed_forward;
mod gather;
mod instructions;
mod layer_norm;
pub mod math;
mod packed;
mod pool;
mod product;
pub mod reference;
mod rms_norm;
mod softmax;
mod threads;
mod tile;
mod vector_math;

pub use activation::{Activation, activate, activate_with};
#[cfg(feature = "train")]
pub use activation::{activation_backward, activation_backward_with};
pub use attention::{
    Attention, DistanceBias, Heads, KEY_BLOCK, KeyValues, LooksAt, Widths, attention,
    attention_with,
};
#[cfg(feature = "train")]
pub use attention::{
    AttentionGradient, DroppedWeights, attention_backward, attention_backward_with,
    attention_dropped, attention_dropped_with,
};
#[cfg(feature = "train")]
pub use dropping::Dropping;
pub use feed_forward::{FeedForward, WeightAndBias, feed_forward, feed_forward_with};
pub use gated_feed_forward::{GatedFeedForward, gated_feed_forward, gated_feed_forward_with};
pub use gather::{Gather, Lookup, gather, gather_with};
pub use instructions::Instructions;
pub use layer_norm::{
    LayerNorm, Norm, layer_norm, layer_norm_in_place, layer_norm_in_place_with, layer_norm_with,
};
#[cfg(feature = "train")]
pub use layer_norm::{NormGradient, layer_norm_backward, layer_norm_backward_with};
pub use packed::PackedWeight;
pub use pool::pool;
pub use product::{Product, product, product_with, products, products_with};
#[cfg(feature = "train")]
pub use product::{
    matmul, matmul_with, product_d_input, product_d_input_with, sum_of_rows, sum_of_rows_with,
};
pub use rms_norm::{
    Gain, RmsNorm, RootMeanSquare, rms_norm, rms_norm_in_place, rms_norm_in_place_with,
    rms_norm_with,
};
#[cfg(feature = "train")]
pub use rms_norm::{rms_norm_backward, rms_norm_backward_with};
#[cfg(feature = "train")]
pub use softmax::softmax_and_log_sum;
pub use softmax::{softmax, softmax_with};

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
