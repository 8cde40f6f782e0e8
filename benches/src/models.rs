//! The models: a real one, if it is there, and others with made-up weights.

use std::path::PathBuf;

use lt_config::BertConfig;
use lt_core::{Params, Path};
use lt_model::{TextEncoder, Top};

use crate::numbers::noise;

/// The directory of all-MiniLM-L6-v2: `LT_MINILM` in the environment, or where `cargo xtask fetch`
/// puts it. If it is not there, says so.
#[must_use]
pub fn minilm() -> Option<PathBuf> {
    // Benches run in the directory of their crate, below that of the workspace.
    let fetched =
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/models/all-MiniLM-L6-v2"));
    let dir = std::env::var_os("LT_MINILM").map_or_else(fetched, PathBuf::from);
    if dir.join("config.json").is_file() {
        return Some(dir);
    }
    eprintln!("left out: no model in {}; `cargo xtask fetch` gets it", dir.display());
    None
}

/// all-MiniLM-L12: 12 layers of width 384.
#[must_use]
pub fn twelve_layers() -> BertConfig {
    BertConfig { hidden_size: 384, intermediate_size: 1536, ..BertConfig::default() }
}

/// BERT-base: 12 layers of width 768.
#[must_use]
pub fn bert_base() -> BertConfig {
    BertConfig::default()
}

/// A model of these sizes with small weights that are the same each time.
///
/// # Panics
/// If no model can be built from the configuration.
#[must_use]
pub fn made_up(config: &BertConfig) -> TextEncoder {
    let model = TextEncoder::zeros(&config.clone().into(), Top::Nothing);
    let mut model = model.unwrap_or_else(|error| panic!("a model of these sizes: {error}"));
    let mut noise = noise(5);
    model.visit_mut(&mut Path::new(), &mut |name, weight| {
        // Norms as they are before training, so that no number becomes so small that processors
        // are slow with it.
        let gain = name.ends_with("gain");
        for number in weight.make_mut() {
            *number = if gain { 1.0 } else { 0.1 * noise.next().unwrap_or(0.0) };
        }
    });
    model
}
