#![doc = concat!(
    include_str!("../doc/01-core.md"),
    include_str!("../doc/ragged.mathml"),
    include_str!("../doc/01b-symbols.md"),
    include_str!("../doc/01c-sentence.md"),
    include_str!("../doc/02-contract.md"),
)]

mod backward;
mod error;
mod half;
mod mask;
mod module;
mod names;
mod params;
mod ragged;
mod scratch;
mod threads;
mod weight;

pub use backward::{Backward, Train, Trainable};
pub use error::{Dim, Error, Result, Shape, check_columns, check_shape};
pub use half::{bf16_to_f32, f16_to_f32, f32_to_bf16, f32_to_f16};
pub use mask::{Keys, Mask, Place};
pub use module::Module;
pub use names::{NameMap, Part, Rule, Stored};
pub use params::{Params, Path, add_gradients, parameter_count, weights, zeros_like};
pub use ragged::Ragged;
pub use scratch::Scratch;
pub use threads::{Threads, Workers};
pub use weight::{Dtype, SparseRows, Values, Weight};

/// The array library whose views and arrays the layers speak.
pub use ndarray;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
