//! The program as people and scripts run it.
#![allow(clippy::unwrap_used)] // what fails here is the test

mod answer;
mod bench;
mod built_in;
mod classify;
mod convert;
mod encode;
mod fill_mask;
mod forward;
mod generate;
#[cfg(feature = "hub")]
mod hub;
mod inspect;
mod models;
mod perplexity;
mod rerank;
mod run;
mod search;
mod similarity;
mod streams;
mod tag;
mod tokenize;
mod train;
mod usage;
mod writing;
mod zero_shot;
