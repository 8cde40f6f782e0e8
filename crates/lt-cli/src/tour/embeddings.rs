//! Stage 2: ids become vectors.

use lt_model::{EmbeddingParts, TextEncoder};
use serde::Serialize;

use super::layers::Followed;
use super::vectors::{cosine, lengths};

/// What each embedding adds: the length of its vector, for each piece.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Embeddings {
    pub(crate) token: Vec<f32>,
    pub(crate) segment: Vec<f32>,
    pub(crate) position: Vec<f32>,
    pub(crate) sum: Vec<f32>,
    /// Of the sum, normalised where the family does that here.
    pub(crate) output: Vec<f32>,
    pub(crate) build: Build,
    pub(crate) repeated: Option<Repeated>,
}

/// What the embeddings of this family are made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Build {
    /// What the vectors of the ids are multiplied by; `token` is their length behind it.
    pub(crate) scale: f32,
    pub(crate) normalised: bool,
    /// The wavelength base θ of rotary positions in the first layer, if it has them.
    pub(crate) rotary_theta: Option<f32>,
}

impl Build {
    pub(crate) fn of(encoder: &TextEncoder) -> Self {
        let layers = encoder.layers().attentions();
        let theta = || Some(layers.first()?.rotary()?.theta());
        Self {
            scale: encoder.embeddings().scale(),
            normalised: encoder.embeddings().norm().is_some(),
            rotary_theta: theta(),
        }
    }
}

/// A piece that occurs twice, before any layer has seen the sentence.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Repeated {
    pub(crate) token: String,
    pub(crate) at: [usize; 2],
    pub(crate) token_cosine: f32,
    pub(crate) position_cosine: f32,
    pub(crate) output_cosine: f32,
}

impl Embeddings {
    pub(crate) fn new(parts: &EmbeddingParts, build: Build, followed: Option<&Followed>) -> Self {
        let repeated = followed.and_then(|followed| {
            let &[first, second] = followed.at.as_slice() else { return None };
            Some(Repeated {
                token: followed.token.clone(),
                at: [first, second],
                token_cosine: cosine(parts.token.row(first), parts.token.row(second)),
                position_cosine: cosine(parts.position.row(first), parts.position.row(second)),
                output_cosine: cosine(parts.output.row(first), parts.output.row(second)),
            })
        });
        let sum = &parts.token + &parts.segment + &parts.position;
        Self {
            token: lengths(parts.token.view()),
            segment: lengths(parts.segment.view()),
            position: lengths(parts.position.view()),
            sum: lengths(sum.view()),
            output: lengths(parts.output.view()),
            build,
            repeated,
        }
    }
}
