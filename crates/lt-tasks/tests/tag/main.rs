//! Tagging: held against transformers, by its laws, and on directories.
#![allow(clippy::unwrap_used)] // what fails here is the test

mod directory;
mod golden;
mod laws;
mod schemes;
