//! How good a model is, on files that say what is right.

mod classifier;
mod hidden_words;
mod spread;
mod vectors;

pub use classifier::{ClassScore, ClassifierScores, measure_classifier};
pub use hidden_words::{HiddenWordScores, HiddenWords, measure_hidden_words};
pub use vectors::{Likeness, measure_spread, measure_vectors};

use lt_tasks::metrics::MetricError;

use crate::RecipeError;

/// A number that there is none of: of no texts, or of texts that are all alike.
fn unmeasured(error: MetricError) -> RecipeError {
    RecipeError::Row { row: "the file".to_owned(), problem: error.to_string() }
}
