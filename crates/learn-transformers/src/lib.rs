//! Learn Transformers by reading, running and testing them: the crates of the course under one
//! roof.
#![cfg_attr(feature = "full", doc = "")]
#![cfg_attr(feature = "full", doc = include_str!("../doc/01-contents.md"))]

#[cfg(feature = "attention")]
pub use lt_attention as attention;
#[cfg(feature = "config")]
pub use lt_config as config;
#[cfg(feature = "core")]
pub use lt_core as core;
#[cfg(feature = "decoder")]
pub use lt_decoder as decoder;
#[cfg(feature = "embedding")]
pub use lt_embedding as embedding;
#[cfg(feature = "encoder")]
pub use lt_encoder as encoder;
#[cfg(feature = "generate")]
pub use lt_generate as generate;
#[cfg(feature = "kernels")]
pub use lt_kernels as kernels;
#[cfg(feature = "laws")]
pub use lt_laws as laws;
#[cfg(feature = "layers")]
pub use lt_layers as layers;
#[cfg(feature = "model")]
pub use lt_model as model;
#[cfg(feature = "recipes")]
pub use lt_recipes as recipes;
#[cfg(feature = "tasks")]
pub use lt_tasks as tasks;
#[cfg(feature = "tokenizer")]
pub use lt_tokenizer as tokenizer;
#[cfg(feature = "train")]
pub use lt_train as train;
#[cfg(feature = "weights")]
pub use lt_weights as weights;
#[cfg(feature = "models")]
pub use {lt_tiny_bert as tiny_bert, lt_tiny_gpt as tiny_gpt, lt_tiny_minilm as tiny_minilm};

#[doc = include_str!("../doc/tour.md")]
pub mod tour {}

#[cfg(feature = "full")]
#[doc = include_str!("../doc/errata.md")]
pub mod errata {}

#[doc = include_str!("../doc/glossary.md")]
pub mod glossary {}

/// The README's example, run as a test.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
