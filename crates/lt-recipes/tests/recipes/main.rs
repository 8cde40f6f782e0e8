//! Recipes carried out on tiny data.

mod bad_input;
mod folder;
mod resuming;
mod tasks;
