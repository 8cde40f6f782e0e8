//! The same kernels as plain loops, numbered like their formulas: what the chapters print, and
//! what the fast kernels are held against.

mod attention;
mod feed_forward;
mod gated_feed_forward;
mod gather;
mod layer_norm;
mod matmul;
mod product;
mod rms_norm;
mod softmax;

pub use attention::{attention, attention_weights};
pub use feed_forward::feed_forward;
pub use gated_feed_forward::gated_feed_forward;
pub use gather::gather;
pub use layer_norm::layer_norm;
pub use matmul::matmul;
pub use product::product;
pub use rms_norm::rms_norm;
pub use softmax::softmax;
