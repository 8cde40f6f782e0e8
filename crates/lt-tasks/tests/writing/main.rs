//! Writing and foretelling: perplexity against transformers, and text that comes piece by piece.

#![allow(clippy::unwrap_used)] // what fails here is the test

mod perplexity;
mod text;
