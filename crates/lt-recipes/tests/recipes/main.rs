//! Recipes carried out on tiny data.
#![allow(clippy::unwrap_used)] // what fails here is the test

mod bad_input;
mod by_heart;
mod folder;
mod frozen;
mod lessons;
mod measuring;
mod resuming;
mod tasks;
mod vocabulary;
