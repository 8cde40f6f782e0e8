// The page of this module is its chapter, `doc/07-tagging.md` and on, which `lib.rs` shows.

mod aggregation;
mod scheme;
mod token_scores;
mod token_tagger;

pub use aggregation::{Aggregation, Entity, aggregate};
pub use token_scores::TokenScores;
pub use token_tagger::TokenTagger;
