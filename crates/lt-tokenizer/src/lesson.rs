//! Two trainings by hand: plain code to read, equal to the `tokenizers` library in what it learns
//! and how it cuts (`tests/lesson.rs`).
//!
//! It counts every pair anew after each merge. For real vocabularies there is
//! [`TokenizerTraining`](crate::TokenizerTraining), which only counts what a merge has changed.

pub mod bpe;
pub mod wordpiece;
