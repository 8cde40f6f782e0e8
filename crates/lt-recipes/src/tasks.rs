//! The tasks: what each reads, and what it is trained for.

pub(crate) mod classify;
mod clm;
mod distill;
mod embed;
pub(crate) mod mlm;
mod parts;
mod scored_pairs;
pub(crate) mod sentence_model;
mod tag;
mod tokenizer;

pub use sentence_model::SentenceModel;
pub use tokenizer::{TokenizerKind, TokenizerRecipe, TrainedVocabulary};

use lt_config::ModelConfig;
use lt_core::Params;
use lt_model::{ModelError, TextEncoder};
use lt_weights::{Checkpoint, Reading, TensorSource};

use parts::Parts;

use crate::start::Start;
use crate::{RecipeError, Result};

/// The ways to come by a model.
pub(crate) struct Ways<M> {
    /// A new one.
    pub(crate) new: fn(&ModelConfig, u64) -> lt_core::Result<M>,
    /// One that was saved.
    pub(crate) load: fn(ModelConfig, &dyn TensorSource) -> Result<M, ModelError>,
    /// A new head on an encoder that was saved.
    pub(crate) on_encoder: fn(&ModelConfig, TextEncoder, u64) -> lt_core::Result<M>,
}

/// A new model, or that of a checkpoint: with its head, or with a new one if it has another.
pub(crate) fn begin<M: Params>(start: &Start, seed: u64, ways: &Ways<M>) -> Result<M> {
    let config = start.config()?;
    let Some(dir) = &start.from else { return Ok((ways.new)(&config, seed)?) };
    let whole = start.whole_config()?;
    let source = Checkpoint::open(dir, Reading::Copy).map_err(ModelError::from)?;
    let with_new_head = || -> Result<M> {
        let encoder = TextEncoder::from_source(whole.clone(), &source)?.model;
        Ok((ways.on_encoder)(&whole, encoder, seed)?)
    };
    let loaded = if start.new_head {
        with_new_head()?
    } else {
        match (ways.load)(whole.clone(), &source) {
            Err(ModelError::Head { .. }) => with_new_head()?,
            loaded => loaded?,
        }
    };
    let parts = Parts { layers: start.layers.as_deref(), words: start.words.as_ref() };
    match parts {
        Parts { layers: None, words: None } => Ok(loaded),
        parts => parts.of((ways.new)(&config, seed)?, &loaded),
    }
}

/// Refuses fields that the task does not read: they would change nothing, in silence.
pub(crate) fn refuse_unread<T>(training: &crate::Training<T>, read: &[&str]) -> Result<()> {
    let data = &training.data;
    let said = [
        ("text", &data.text),
        ("second", &data.second),
        ("label", &data.label),
        ("score", &data.score),
    ];
    match said.iter().find(|(key, column)| column.is_some() && !read.contains(key)) {
        Some((key, _)) => {
            let expected = format!("nothing: this task reads {}", read.join(", "));
            Err(RecipeError::setting(&format!("data.{key}"), "said", expected))
        }
        None => Ok(()),
    }
}
