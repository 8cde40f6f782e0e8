//! Checkpoints from file to model and back, and everything that can be wrong on the way.
#![allow(clippy::unwrap_used)] // what fails here is the test

mod any_bytes;
mod convert;
mod directory;
mod files;
mod header;
mod load;
mod model;
mod save;
mod shards;
