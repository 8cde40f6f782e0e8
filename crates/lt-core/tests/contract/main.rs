//! The contract, part by part.

// Functions that a test calls may unwrap as the test itself may.
#![allow(clippy::unwrap_used)]

mod mask;
mod params;
mod ragged;
mod weight;
mod work;
