#![doc = concat!(
    include_str!("../doc/01-kernels.md"),
    include_str!("../doc/product.mathml"),
    include_str!("../doc/02-product.md"),
    include_str!("../doc/softmax.mathml"),
    include_str!("../doc/03-softmax.md"),
    include_str!("../doc/online-softmax.mathml"),
    include_str!("../doc/04-attention.md"),
)]
// The one crate of the workspace that may: see `threads.rs` and `product.rs`.
#![allow(unsafe_code)]

mod activation;
mod attention;
mod layer_norm;
pub mod math;
mod product;
pub mod reference;
mod softmax;
mod threads;

pub use activation::Activation;
pub use attention::{Attention, Heads, KEY_BLOCK, attention};
pub use layer_norm::{LayerNorm, layer_norm};
pub use product::{PackedWeight, Product, product};
pub use softmax::softmax;
#[cfg(feature = "threads")]
pub use threads::pool;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
