//! The metrics: held against scikit-learn, seqeval and scipy, by their laws, and on bad input.
#![allow(clippy::unwrap_used)] // what fails here is the test

mod bad_input;
mod golden;
mod laws;
