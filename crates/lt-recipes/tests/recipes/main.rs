//! Recipes carried out on tiny data.

mod bad_input;
mod folder;
mod measuring;
mod resuming;
mod tasks;
