//! The same kernels as plain loops, numbered like their formulas: what the chapters print, and
//! what the fast kernels are held against.

#[cfg(feature = "train")]
mod activation;
mod attention;
mod feed_forward;
mod gated_feed_forward;
mod gather;
mod layer_norm;
mod matmul;
mod product;
mod rms_norm;
mod softmax;
#[cfg(feature = "train")]
mod sum_of_rows;

#[cfg(feature = "train")]
pub use activation::activation_backward;
#[cfg(feature = "train")]
pub use attention::backward::{attention_backward, attention_dropped};
pub use attention::{attention, attention_weights};
pub use feed_forward::feed_forward;
pub use gated_feed_forward::gated_feed_forward;
pub use gather::gather;
#[cfg(feature = "train")]
pub use layer_norm::backward::layer_norm_backward;
pub use layer_norm::layer_norm;
pub use matmul::matmul;
pub use product::product;
#[cfg(feature = "train")]
pub use rms_norm::backward::rms_norm_backward;
pub use rms_norm::rms_norm;
#[cfg(feature = "train")]
pub use softmax::backward::softmax_backward;
pub use softmax::softmax;
#[cfg(feature = "train")]
pub use sum_of_rows::sum_of_rows;
