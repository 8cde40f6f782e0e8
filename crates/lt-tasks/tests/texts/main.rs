//! Sorting, ranking and finding texts.
#![allow(clippy::unwrap_used)] // what fails here is the test

mod bad_input;
mod checkpoint;
mod golden;
mod laws;
mod prompts;
