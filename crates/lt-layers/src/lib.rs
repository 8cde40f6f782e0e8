#![doc = concat!(
    include_str!("../doc/01-layers.md"),
    include_str!("../doc/linear.mathml"),
    include_str!("../doc/02-layer-norm.md"),
    include_str!("../doc/layer-norm.mathml"),
    include_str!("../doc/03-rms-norm.md"),
    include_str!("../doc/rms-norm.mathml"),
    include_str!("../doc/03-activation.md"),
    include_str!("../doc/gelu.mathml"),
    include_str!("../doc/04-gelu.md"),
    include_str!("../doc/gelu-tanh.mathml"),
    include_str!("../doc/05-feed-forward.md"),
    include_str!("../doc/feed-forward.mathml"),
    include_str!("../doc/05b-code.md"),
    include_str!("../doc/05c-sentence.md"),
    include_str!("../doc/06-backward.md"),
    include_str!("../doc/linear-backward.mathml"),
    include_str!("../doc/07-layer-norm-backward.md"),
    include_str!("../doc/layer-norm-backward.mathml"),
    include_str!("../doc/08-rms-norm-backward.md"),
    include_str!("../doc/rms-norm-backward.mathml"),
    include_str!("../doc/08-laws.md"),
)]

mod activation;
mod any_feed_forward;
mod any_norm;
mod dropout;
mod feed_forward;
mod gated_feed_forward;
mod layer_norm;
mod linear;
mod rms_norm;

pub use activation::activation_from_name;
pub use any_feed_forward::AnyFeedForward;
#[cfg(feature = "train")]
pub use any_feed_forward::backward::AnyFeedForwardCache;
pub use any_norm::AnyNorm;
pub use dropout::Dropout;
#[cfg(feature = "train")]
pub use dropout::dropped::Dropped;
pub use feed_forward::FeedForward;
#[cfg(feature = "train")]
pub use feed_forward::backward::FeedForwardCache;
pub use gated_feed_forward::GatedFeedForward;
#[cfg(feature = "train")]
pub use gated_feed_forward::backward::GatedFeedForwardCache;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use lt_core;
pub use lt_kernels::{Activation, Gain};
pub use rms_norm::RmsNorm;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
