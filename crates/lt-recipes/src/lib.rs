#![doc = include_str!("../doc/01-recipes.md")]

mod error;
mod sections;
mod toml_file;

pub use error::{RecipeError, Result};
pub use sections::*;
pub use toml_file::Setting;
