// The page of this module is its chapter, `doc/13-answering.md` and on, which `lib.rs` shows.

mod candidates;
mod context_words;
mod options;
mod question_answerer;
mod spans;

pub use options::{AnswerOptions, NoAnswer};
pub use question_answerer::{Answer, QuestionAnswerer};
pub use spans::{SpanScore, best_spans};
