// The page of this module is its chapter, `doc/05-measuring.md` and on, which `lib.rs` shows.

mod accuracy;
mod answers;
mod classes;
mod correlation;
mod entities;
mod entity_scores;
mod error;
mod score;

pub use accuracy::accuracy;
pub use answers::{AnswerRules, exact_match, token_f1};
pub use classes::{Average, per_class, precision_recall_f1};
pub use correlation::{pearson, spearman};
pub use entities::{Reading, Scheme, Span, entities};
pub use entity_scores::{EntityScores, entity_scores};
pub use error::MetricError;
pub use score::Score;
