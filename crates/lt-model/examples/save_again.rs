//! Loads checkpoints and saves each again: `cargo run -p lt-model --example save_again OUT DIR…`.
//!
//! The directory `OUT` gets one for each, with the configuration as it was and the parameters as
//! this library writes them. `tests/golden/saved.py` gives them to transformers.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use lt_model::{LoadOptions, Model};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args_os().skip(1).map(PathBuf::from);
    let out = args.next().ok_or("expected a directory to write to, then checkpoints")?;
    args.try_for_each(|dir| save_again(&dir, &out))
}

fn save_again(dir: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let to = out.join(dir.file_name().ok_or("expected a directory with a name")?);
    fs::create_dir_all(&to)?;
    let loaded = Model::from_dir(dir, &LoadOptions::default())?;
    loaded.model.save(to.join("model.safetensors"))?;
    fs::copy(dir.join("config.json"), to.join("config.json"))?;
    println!("{} {}", loaded.model.architecture(), to.display());
    Ok(())
}
