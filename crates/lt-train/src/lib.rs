#![doc = include_str!("../doc/01-train.md")]

pub use lt_core;

/// The README's example, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
