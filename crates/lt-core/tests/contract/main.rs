//! The contract, part by part.

#![allow(clippy::unwrap_used)] // what fails here is the test

mod gradients;
mod mask;
mod params;
mod ragged;
mod weight;
mod work;
