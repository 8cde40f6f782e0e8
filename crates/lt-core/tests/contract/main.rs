//! The contract, part by part.

mod mask;
mod params;
mod ragged;
mod weight;
mod work;
